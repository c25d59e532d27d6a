"""Asked for a digit it draws that digit, and its likelihood of p(x|y) is the exact one."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.svm import SVC

from genjax import data
from genjax.data import ArraySource
from genjax.training import Config, fit
from genjax.vae import conditional_vae
from tests.acceptance.exact import quadrature, test_images

KEY = jax.random.key(7)
ASKED = jnp.tile(jnp.arange(10), 100)


def recognised(judge, dataset):
    """The share of 1000 samples, without pixel noise, in which the judge sees the label asked for."""
    model = conditional_vae(dataset.spec, latent_dim=5)
    variables = fit(model, dataset, Config(steps=2000)).state.variables
    sample = jax.jit(lambda v: model.sample(KEY, v, 1000, condition=ASKED))
    drawn = np.asarray(sample(variables))
    assert len(np.unique(drawn.round(3).reshape(1000, -1), axis=0)) > 900  # of one digit, many
    return float((judge.predict(drawn.reshape(1000, -1)) == ASKED).mean())


def test_a_classifier_sees_the_digit_that_was_asked_for():
    """At least 90 % of the time; a tenth where the labels of training were shuffled."""
    dataset = data.load("digits")
    train = dataset.eval_transform(None, dataset.train.arrays())
    images, labels = test_images(dataset)
    judge = SVC().fit(np.asarray(train["image"]).reshape(-1, 64), np.asarray(train["label"]))
    accuracy = judge.score(np.asarray(images).reshape(-1, 64), np.asarray(labels))
    share = recognised(judge, dataset)
    arrays = dataset.train.arrays()
    wrong = np.random.default_rng(0).permutation(np.asarray(arrays["label"]))
    shuffled = dataset._replace(train=ArraySource({**arrays, "label": wrong}))
    chance = recognised(judge, shuffled)
    print(
        f"judge's accuracy on tests {accuracy:.3f}; recognised {share:.3f}, shuffled {chance:.3f}"
    )
    assert accuracy > 0.9 and share > 0.9
    assert 0.04 < chance < 0.2


def test_importance_sampling_agrees_with_quadrature_under_the_labels_priors():
    """log p(x|y) by quadrature minus L5000 lies in [-0.005, 0.05]: each label's own p(z|y) in both."""
    dataset = data.load("digits")
    images, labels = test_images(dataset)
    options = {"latent_dim": 2, "hidden": (100,)}
    model = conditional_vae(dataset.spec, **options)
    variables = fit(model, dataset, Config(steps=2000)).state.variables
    of_label = lambda label: quadrature(model, variables, images, label)
    table = jax.jit(lambda: jax.lax.map(of_label, jnp.arange(10)))()  # [10, B]
    truth = float(table[labels, jnp.arange(len(labels))].mean())
    wrong = float(table[(labels + 1) % 10, jnp.arange(len(labels))].mean())
    means = []
    for num in (1, 50, 5000):
        estimate = conditional_vae(dataset.spec, importance_samples=num, **options).log_prob
        means.append(float(jax.jit(estimate)(KEY, variables, images, labels).mean()))
    kernel = variables["prior"]["params"]["Dense_0"]["kernel"]
    gap = truth - means[-1]
    print(
        f"quadrature {truth:.4f} (of a wrong label {wrong:.2f}), L1 to L5000 {np.round(means, 4)}, "
        f"gap {gap:.4f}; priors' means lie {np.ptp(kernel[:, :2], axis=0)} apart"
    )
    assert means[0] < means[1] < means[2] and -0.005 <= gap <= 0.05
    assert wrong < truth - 3.0  # it is the label that is conditioned on
    assert np.ptp(kernel[:, :2], axis=0).max() > 0.1  # priors are learned
