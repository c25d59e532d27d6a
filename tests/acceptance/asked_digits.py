"""How well a conditional system draws the digits that it is asked for, by a judge that it never saw."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

from genjax import data
from genjax.core import variables_for_sampling
from genjax.training import Config, fit


def asked_digits(system, **options):
    """(share of 1000 samples with the asked label, their deviation within a class over the data's).

    The judge is a logistic regression of the real training digits.
    """
    return judged(*trained(system, **options))


def trained(system, **options):
    """(model, variables that sample, data set) after 1000 steps."""
    dataset = data.load("digits", binarization="none")
    model = system(dataset.spec, hidden=(128, 128), learning_rate=1e-3, **options)
    fitted = fit(model, dataset, Config(steps=1000, eval_every=1000))
    return model, variables_for_sampling(fitted.state), dataset


def judged(model, variables, dataset):
    """What `asked_digits` gives, of a trained model."""
    batches = [
        dataset.eval_transform(None, split.arrays()) for split in (dataset.train, dataset.test)
    ]
    (x, label), (unseen, truth) = [
        (np.asarray(each["image"]).reshape(-1, 64), np.asarray(each["label"])) for each in batches
    ]
    judge = LogisticRegression(max_iter=1000).fit(x, label)
    asked = np.arange(1000) % 10
    sample = jax.jit(model.sample, static_argnums=2)
    samples = sample(jax.random.key(1), variables, 1000, jnp.asarray(asked))
    samples = np.asarray(samples).reshape(-1, 64)
    within = lambda x, label: np.mean([x[label == k].std(0).mean() for k in range(10)])
    accuracy = judge.score(samples, asked)
    deviation = within(samples, asked) / within(x, label)
    print(f"accuracy {accuracy:.3f} ({judge.score(unseen, truth):.3f} on real)")
    print(f"    deviation within a class, of the data's: {deviation:.2f}")
    return accuracy, deviation
