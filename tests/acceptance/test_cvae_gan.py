"""CVAE-GAN on the digits: draws of a class are of it and differ, and test images are rebuilt."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

from genjax import data
from genjax.gan import cvae_gan
from tests.acceptance.rounds import drawing, play

SEEDS = 2
NUM = 1000


def test_draws_are_of_their_class_and_differ_and_test_images_are_rebuilt():
    """At least 0.9 by an independent judge, half of the error of class means, 0.7 of the deviation.

    Measured with three seeds: 0.95 to 0.96, 0.31, and 0.79 to 0.82. Sees a KL that is a mean over
    dimensions (0.72) and reconstructions from the posterior's mean (0.24). A G that learns from D's
    cross-entropy, or means that are not by class, would pass: tests/losses/test_classwise.py and
    tests/gan/test_cvae_gan.py see these.
    """
    digits = data.load("digits", binarization="none")
    train, test = (
        digits.eval_transform(None, split.arrays()) for split in (digits.train, digits.test)
    )
    x, label = np.asarray(train["image"]).reshape(-1, 64), np.asarray(train["label"])
    unseen, truth = np.asarray(test["image"]).reshape(-1, 64), np.asarray(test["label"])
    judge = LogisticRegression(max_iter=1000).fit(x, label)
    means = np.stack([x[label == k].mean(0) for k in range(10)])
    of_means = ((unseen - means[truth]) ** 2).mean()
    model = cvae_gan(digits.spec, latent_dim=16, hidden=(96, 96), kl_weight=1.0, learning_rate=1e-3)
    draw = drawing(digits.train.arrays(), 64, digits.eval_transform)
    asked = np.arange(NUM) % 10

    def one(key):
        variables = play(model, None, key, 2500, draw).variables
        drawn = model.sample(jax.random.key(1), variables, NUM, jnp.asarray(asked))
        rebuilt = model.evaluate(None, variables, test)["squared_error"].mean()
        return drawn.reshape(NUM, 64), rebuilt

    drawn, rebuilt = jax.device_get(jax.vmap(one)(jax.random.split(jax.random.key(0), SEEDS)))
    within = lambda x, label: np.mean([x[label == k].std(0).mean() for k in range(10)])
    accuracy = [judge.score(each, asked) for each in drawn]
    error = rebuilt / of_means
    spread = [within(each, asked) / within(x, label) for each in drawn]
    print(f"accuracy {np.round(accuracy, 3)} ({judge.score(unseen, truth):.3f} of real digits)")
    print(f"error over that of class means {np.round(error, 3)}")
    print(f"deviation within a class, of the data's {np.round(spread, 2)}")
    assert np.mean(accuracy) >= 0.9
    assert np.mean(error) <= 0.5
    assert np.mean(spread) >= 0.7
