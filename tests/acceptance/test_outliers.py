"""One class is learned, nine are to be told from it: digits, by the task itself."""

import numpy as np
import pytest

from experiments import runs
from experiments.tasks import Given
from experiments.tasks.outliers import outliers
from experiments.tasks.textures import textures
from genjax import data
from genjax.autoencoders import autoencoder
from genjax.autoregressive import made
from genjax.core import Spec
from genjax.tasks import outliers as tasks
from genjax.training import Config, fit


def given(tmp_path, dataset, system, steps):
    """What the task is given of a run of this system, but for a checkpoint, which it does not need."""
    run = runs.Run(tmp_path, "", system.__name__, {}, {}, dataset.spec, system(dataset.spec))
    return Given(run, None, dataset, tmp_path, 0, steps, 100)


def test_one_class_of_digits_is_told_from_the_rest(tmp_path):
    """Eight numbers for a code: mean ROC-AUC of .99; the distance to the mean has .968.

    Sees a score that is reversed for some classes, and an autoencoder that has learned all of them.
    """

    def small(spec):
        return autoencoder(spec, code_dim=8, hidden=(64,))

    dataset = data.load("digits", binarization="none")
    found = outliers(given(tmp_path, dataset, small, 1000), protocol="one_class")
    print(found.metrics)
    by_class = found.protocol["per_class"]["reconstruction"]["roc_auc"]
    assert len(by_class) == 10 and min(by_class) > 0.97
    assert (
        found.metrics["test/roc_auc"] == pytest.approx(np.mean(by_class))
        and np.mean(by_class) >= 0.99
    )
    assert found.metrics["baseline/distance_to_mean/test/roc_auc"] == pytest.approx(0.968, abs=2e-3)
    assert found.metrics["baseline/pca/test/roc_auc"] == pytest.approx(0.997, abs=1.5e-3)
    assert (tmp_path / "outliers.png").exists()


def test_a_likelihood_finds_simpler_textures_likelier_and_complexity_mends_it():
    """A brick wall is likelier to a model of grass (Nalisnick et al., 2018, arXiv:1810.09136)."""
    dataset, brick = textures(Spec((8, 8, 1), 17))
    model = made(dataset.spec)
    variables = fit(model, dataset, Config(steps=400, eval_every=400)).state.variables
    x = np.concatenate([dataset.test.arrays()["image"], brick])
    score = tasks.model_scores(model, dataset.spec, variables)["log_prob"](None, variables, x)
    is_brick = np.arange(len(x)) >= len(dataset.test)
    plain = tasks.ranking(score, is_brick)["roc_auc"]
    mended = tasks.ranking(score - tasks.complexity(x, 17), is_brick)["roc_auc"]
    print(f"log p {plain:.3f}, with input complexity {mended:.3f}")
    assert plain < 0.25
    assert mended > 0.95
