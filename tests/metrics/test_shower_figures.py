"""Figures of showers by hand."""

import numpy as np
import pytest

from genjax.metrics import shower_figures

LAYERS = ((1, 2), (1, 1))


def test_figures_by_hand():
    x = np.array([[1.0, 0.0, 3.0], [2.0, 0.0, 2.0], [6.0, 0.0, 6.0]])
    found = shower_figures(x, np.array([2.0, 4.0, 16.0]), LAYERS)
    assert found["relative_energy_error"] == pytest.approx((1 + 0 + 0.25) / 3)
    assert found["energy_correlation"] == pytest.approx(np.corrcoef([4, 4, 12], [2, 4, 16])[0, 1])
    assert found["share_0"] == pytest.approx(9 / 20) and found["share_1"] == pytest.approx(11 / 20)
    assert found["lit_0"] == pytest.approx(0.5) and found["lit_1"] == 1.0


def test_nothing_at_all_is_told_without_a_warning():
    found = shower_figures(np.zeros((3, 3)), np.array([1.0, 2.0, 3.0]), LAYERS)
    assert np.isnan(found["energy_correlation"]) and found["relative_energy_error"] == 1.0


@pytest.mark.parametrize("shape, energies", [((3, 4), 3), ((3, 3), 2), ((0, 3), 0)])
def test_shapes_that_do_not_fit(shape, energies):
    with pytest.raises(ValueError, match="showers in layers"):
        shower_figures(np.zeros(shape), np.ones(energies), LAYERS)
