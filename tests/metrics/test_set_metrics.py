"""The table of figures has the fixed names, and each is its own function's."""

import numpy as np
import pytest

from genjax.metrics import (
    density_coverage,
    fid,
    inception_score,
    kernel_distance,
    precision_recall,
    set_metrics,
)


def test_each_figure_is_its_functions():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(60, 4)), 0.5 * rng.normal(size=(50, 4))
    p = rng.dirichlet(np.ones(3), size=50)
    found = set_metrics(real, fake, fake_probabilities=p, num_splits=2)
    assert found == {
        "fid": fid(real, fake),
        "kid": kernel_distance(real, fake).value,
        "kid_stderr": kernel_distance(real, fake).stderr,
        "inception_score": inception_score(p, num_splits=2).value,
        "precision": precision_recall(real, fake).precision,
        "recall": precision_recall(real, fake).recall,
        "density": density_coverage(real, fake).density,
        "coverage": density_coverage(real, fake).coverage,
    }
    assert found["recall"] < found["precision"]  # the fakes are the narrower: sides are not swapped
    assert all(type(value) is float for value in found.values())
    assert "inception_score" not in set_metrics(real, fake)


def test_probabilities_of_another_set_are_refused():
    with pytest.raises(ValueError, match="3 rows of probabilities for 30 fakes"):
        set_metrics(np.eye(30), np.eye(30), fake_probabilities=np.full((3, 2), 0.5))
