"""CC-GAN on the digits with five labels a class: holes are filled, and classes are still told."""

import jax
import numpy as np
from sklearn.neural_network import MLPClassifier

from genjax import data
from genjax.gan import ccgan
from genjax.losses import square_holes
from genjax.training import Config, fit


def test_holes_are_filled_better_than_by_the_mean_and_the_classifier_does_not_suffer():
    """What is known is left bit for bit; error in 4x4 holes below the mean digit's; accuracy.

    Means of two seeds. The classifier is at most 0.02 below an MLP of the same labels alone
    (scikit-learn's): in this small world the holes teach it little. Measured: errors of 0.177 and 0.180
    where the mean digit has 0.254, accuracies of 0.887 and 0.851 beside 0.851 and 0.866.
    """
    dataset = data.load("digits", binarization="none")
    stages = ccgan(dataset.spec, labels_per_class=5, hidden=(128, 128), learning_rate=1e-3)
    fitted = fit(stages, dataset, Config(steps=1500, eval_every=1500, num_seeds=2))
    model, variables = stages[-1].model, fitted.state.variables
    train, test = (
        jax.device_get(dataset.eval_transform(None, split.arrays()))
        for split in (dataset.train, dataset.test)
    )
    x, key = test["image"], jax.random.key(0)
    known = np.asarray(square_holes(key, len(x), (8, 8), 4))
    filled = jax.jit(jax.vmap(lambda v: model.complete(key, v, x, known)))(variables)
    kept = np.broadcast_to(known, filled.shape)
    assert (np.asarray(filled)[kept] == np.broadcast_to(x, filled.shape)[kept]).all()
    error = lambda guess: np.abs(np.where(known, x, guess) - x).sum() / (16 * len(x))
    errors = [error(each) for each in np.asarray(filled)]
    by_mean = error(train["image"].mean(0, keepdims=True))
    right = jax.jit(jax.vmap(lambda v: model.evaluate(key, v, test)["accuracy"].mean()))
    accuracies = np.asarray(right(variables))
    memory = jax.device_get(variables["labelled"]["memory"])
    alone = [
        MLPClassifier((128, 128), max_iter=500, random_state=0)
        .fit(known_x.reshape(-1, 64), label)
        .score(x.reshape(-1, 64), test["label"])
        for known_x, label in zip(memory["x"], memory["label"], strict=True)
    ]
    print(f"hole error {np.round(errors, 3)}, by the mean digit {by_mean:.3f}")
    print(f"accuracy {np.round(accuracies, 3)}, by labels alone {np.round(alone, 3)}")
    assert np.mean(errors) < 0.85 * by_mean
    assert np.mean(accuracies) >= np.mean(alone) - 0.02
