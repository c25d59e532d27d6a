"""Figures of a search, of a model so small that what it finds is known: every second pixel."""

import jax.numpy as jnp
import numpy as np
import pytest

from experiments import figures, runs
from experiments.tasks import Given
from experiments.tasks.outliers import outliers, suits
from genjax import plots
from genjax.core import Latents, Model, Spec
from genjax.data import Dataset
from genjax.data.dataset import ArraySource

SPEC = Spec((2, 2, 1), None, None, {"mask": (2, 2, 1)})
IMAGES = np.random.default_rng(0).random((30, 2, 2, 1)).astype(np.float32)
IMAGES[::2, :, 1] = 0.0  # what the model cannot draw, of every second one
MASK = np.zeros_like(IMAGES)
MASK[1::2, 0, 1] = 1.0
LABELS = (np.arange(30) % 3).astype(np.int32)


def search(key, variables, x, label=None):
    """The left column, exactly; what is left is the sum of the right one."""
    return x[:, :, 0, 0], x[:, :, 1].sum((1, 2))


def decode(key, variables, z, label=None):
    """z in the left column, a tenth of the label in the right one."""
    right = jnp.zeros(z.shape) if label is None else jnp.repeat(label[:, None] / 10, 2, axis=1)
    return jnp.stack([z, right], axis=2)[..., None]


PLAIN = Model(None, None, search=search, decode=decode, latents=Latents((2,), None, None))
CONDITIONAL = PLAIN._replace(condition="label")


def subject(model, tmp_path, spec=SPEC):
    rows = ArraySource({"image": IMAGES, "mask": MASK, "label": LABELS})
    dataset = Dataset("fake", spec, rows, rows, rows, None, lambda key, raw: raw)
    return figures.Subject(model, {}, spec, lambda: dataset, tmp_path)


def test_anomalies_are_what_the_nearest_sample_lacks(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "picture_rows", lambda rows, path, title: drawn.append(rows))
    figures.draw("anomalies", subject(PLAIN, tmp_path), 0)
    rows = {name: np.stack([*row.values()]) for name, row in drawn[0].items()}
    assert list(rows) == ["test image", "nearest sample", "difference", "truth"]
    np.testing.assert_allclose(rows["test image"], IMAGES[:8])
    np.testing.assert_allclose(rows["nearest sample"][:, :, 0], IMAGES[:8, :, 0], atol=1e-6)
    np.testing.assert_allclose(rows["difference"][:, :, 1], IMAGES[:8, :, 1], atol=1e-6)
    np.testing.assert_array_equal(rows["difference"][:, :, 0], 0.0)
    np.testing.assert_array_equal(rows["truth"], MASK[:8])
    assert list(drawn[0]["difference"])[1] == f"2: {IMAGES[1, :, 1].sum():.1f}"
    with pytest.raises(figures.Unsuitable, match="a model without a condition"):
        figures.draw("anomalies", subject(CONDITIONAL, tmp_path), 0)


def test_ages_are_columns_of_one_search_under_each_label(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "image_columns", lambda columns, path: drawn.append(columns))
    figures.draw("ages", subject(CONDITIONAL, tmp_path, SPEC._replace(num_classes=3)), 0)
    columns = drawn[0]
    assert list(columns) == ["test image", "found", "label 0", "label 1", "label 2"]
    np.testing.assert_allclose(columns["found"][:, 0, 1, 0], LABELS[:8] / 10, atol=1e-6)
    for label in range(3):
        column = columns[f"label {label}"]
        np.testing.assert_allclose(column[:, :, 0], IMAGES[:8, :, 0], atol=1e-6)
        np.testing.assert_allclose(column[:, :, 1], label / 10, atol=1e-6)
    given = {"image": IMAGES[9:10], "label": np.asarray([2])}
    here = subject(CONDITIONAL, tmp_path, SPEC._replace(num_classes=3))._replace(given=given)
    figures.draw("ages", here, 0)
    np.testing.assert_array_equal(drawn[1]["image"], IMAGES[9:10])
    np.testing.assert_allclose(drawn[1]["found"][:, 0, 1, 0], 0.2, atol=1e-6)
    with pytest.raises(figures.Unsuitable, match="conditional on the class"):
        figures.draw("ages", subject(PLAIN, tmp_path), 0)


def test_outliers_that_the_data_marks_are_told_by_the_search(tmp_path):
    """All marked examples leave more than all others: an area of 1."""
    assert suits(PLAIN) and not suits(CONDITIONAL)
    dataset = subject(PLAIN, tmp_path).dataset()
    run = runs.Run(tmp_path, "", "fake", {}, {}, SPEC, PLAIN)
    found = outliers(Given(run, {}, dataset, tmp_path, 0, 1, 10))
    assert found.metrics["test/roc_auc"] == found.metrics["test/search/roc_auc"] == 1.0
    assert found.protocol["outliers"] == "15 of 30 test examples, whose mask is not empty"
    assert (tmp_path / "outliers.png").exists()
