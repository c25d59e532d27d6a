"""Modes of a mixture that is known, covered, missed and uneven, by hand."""

import numpy as np
import pytest

from genjax.metrics import class_modes, gaussian_modes

CENTRES = 2.0 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], -1)


def test_draws_of_the_mixture_cover_it():
    """High quality is P(chi^2_2 <= 9) = 1 - exp(-4.5) = 0.98889."""
    rng = np.random.default_rng(0)
    samples = CENTRES[np.arange(20_000) % 8] + 0.1 * rng.normal(size=(20_000, 2))
    found = gaussian_modes(samples, CENTRES, 0.1)
    assert found.num_modes == 8
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    assert found.kl == pytest.approx(0.0, abs=1e-6)


def test_a_mode_is_covered_from_a_tenth_of_its_share():
    """800 samples, 100 a mode: 10 near a centre do, 9 do not, nor 100 at 3.1 sigma."""
    samples = np.repeat(CENTRES[:6], 100, axis=0)
    off = np.tile(CENTRES[7:] + np.array([[0.31, 0.0]]), (100, 1))
    for num, modes in ((10, 7), (9, 6)):
        rest = np.tile(CENTRES[:1], (100 - num, 1))
        found = gaussian_modes(
            np.concatenate([samples, np.tile(CENTRES[6:7], (num, 1)), rest, off]), CENTRES, 0.1
        )
        assert found.num_modes == modes
        assert found.high_quality == pytest.approx(7 / 8)
        shares = np.array([200 - num, 100, 100, 100, 100, 100, num, 100]) / 800
        assert found.kl == pytest.approx((shares * np.log(8 * shares)).sum())


def test_one_mode_and_uneven_truths():
    one = gaussian_modes(np.tile(CENTRES[:1], (50, 1)), CENTRES, 0.1)
    assert (one.num_modes, one.high_quality) == (1, 1.0)
    assert one.kl == pytest.approx(np.log(8))
    far = gaussian_modes(np.full((50, 2), 1e6), CENTRES, 0.1)
    assert (far.num_modes, far.high_quality) == (0, 0.0)
    shares = np.array([0.93] + [0.01] * 7)
    samples = np.repeat(CENTRES, (93, 1, 1, 1, 1, 1, 1, 1), axis=0)
    found = gaussian_modes(samples, CENTRES, 0.1, shares=shares)
    assert found.num_modes == 8 and found.kl == pytest.approx(0.0, abs=1e-12)


def test_classes():
    labels = np.repeat(np.arange(0, 1000, 2), 4)
    found = class_modes(labels, 1000)
    assert found == (500, pytest.approx(np.log(2)), None)
    assert class_modes(np.arange(1000), 1000) == (1000, pytest.approx(0.0, abs=1e-12), None)
    uneven = class_modes(np.array([0, 0, 0, 1]), 2, shares=np.array([0.75, 0.25]))
    assert uneven == (2, pytest.approx(0.0), None)
    swapped = class_modes(np.array([0, 0, 0, 1]), 2, shares=np.array([0.25, 0.75]))
    assert swapped.kl == pytest.approx(0.75 * np.log(3) + 0.25 * np.log(1 / 3))


def test_the_kl_of_even_draws_is_as_its_docstring_says():
    labels = np.random.default_rng(0).integers(0, 1000, size=26_000)
    assert class_modes(labels, 1000).kl == pytest.approx(999 / 52_000, rel=0.15)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: gaussian_modes(np.zeros((5, 3)), CENTRES, 0.1), "with one D"),
        (lambda: gaussian_modes(np.full((5, 2), np.nan), CENTRES, 0.1), "5 of 5 rows"),
        (lambda: gaussian_modes(np.zeros((5, 2)), CENTRES, 0.0), "above 0, got 0"),
        (lambda: gaussian_modes(CENTRES, CENTRES, 0.1, shares=np.ones(8)), "of sum 1"),
        (lambda: class_modes(np.array([0, 3]), 3), "below 3"),
        (lambda: class_modes(np.array([0.0, 1.0]), 3), "float64"),
        (lambda: class_modes(np.zeros((2, 2), int), 3), "shape"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
