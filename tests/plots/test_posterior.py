import numpy as np
import pytest

from genjax.plots import posterior_figure

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("names", [("mean",), ("intercept", "slope", "more")])
def test_a_file_is_written_with_and_without_what_is_exact(tmp_path, names):
    draws = RNG.normal(size=(50, len(names)))
    points = {"data": RNG.normal(size=(9, 2)), "samples": RNG.normal(size=(20, 2))}
    posterior_figure(names, draws, tmp_path / "a.png", exact=draws + 1, **points)
    posterior_figure(names, draws, tmp_path / "b.png")
    assert (tmp_path / "a.png").stat().st_size > (tmp_path / "b.png").stat().st_size > 1000


def test_draws_of_another_size_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"exact must be \[K, 1\], got shape \(5, 2\)"):
        posterior_figure(("a",), np.zeros((5, 1)), tmp_path / "a.png", exact=np.zeros((5, 2)))
