"""KID: equal to the double sum, unbiased, and with an error that is as large as it says."""

import jax.numpy as jnp
import numpy as np
import pytest

from genjax.metrics import kernel_distance, polynomial_mmd


def double_sum(a, b):
    kernel = lambda x, y: (np.dot(x, y) / len(x) + 1) ** 3
    within = lambda s: np.mean(
        [kernel(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]
    )
    return within(a) + within(b) - 2 * np.mean([kernel(x, y) for x in a for y in b])


def test_it_is_the_double_sum():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, 5)), rng.normal(size=(11, 5)) + 0.5
    assert polynomial_mmd(a, b) == pytest.approx(double_sum(a, b), rel=1e-12)
    assert polynomial_mmd(jnp.asarray(a), b) == pytest.approx(double_sum(a, b), rel=1e-4)
    found = kernel_distance(np.tile(a, (6, 1)), np.tile(b, (4, 1)), subset_size=4)
    assert (found.subset_size, found.num_subsets) == (4, 10)
    # Points in one place, each set its own: every pair of a set has the kernel of that place.
    ones, far = np.ones((4, 3)), np.full((4, 3), -2.0)
    assert polynomial_mmd(ones, far) == pytest.approx(2.0**3 + 5.0**3 - 2 * (-1.0) ** 3)


def test_it_is_unbiased_and_its_error_is_true():
    """Over 300 draws of one distribution: mean 0, half of them below, and errors as stated."""
    rng = np.random.default_rng(1)
    found = [kernel_distance(*rng.normal(size=(2, 100, 4)), subset_size=5) for _ in range(300)]
    values = np.array([each.value for each in found])
    errors = np.array([each.stderr for each in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(300)
    assert 0.35 < (values < 0).mean() < 0.75
    assert values.std() == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.15)
    assert 0.85 < (values / errors).std() < 1.2


def test_sorted_rows_are_shuffled():
    """Two classes, one after the other in each set: unshuffled, subsets would each be of one class."""
    rng = np.random.default_rng(2)
    rows = np.repeat([[3.0, 0, 0], [0, 3.0, 0]], 200, axis=0)
    a, b = (rows + rng.normal(size=rows.shape) for _ in range(2))
    found = kernel_distance(a, b[::-1], subset_size=40)
    assert abs(found.value) < 3 * found.stderr
    assert kernel_distance(a, b + 0.5).value > 3 * kernel_distance(a, b + 0.5).stderr


@pytest.mark.parametrize(
    "a, b, size, message",
    [
        (np.zeros((19, 2)), np.zeros((40, 2)), 10, "N at least 20"),
        (np.zeros((20, 2)), np.zeros((20, 3)), 10, "with one D"),
        (np.zeros((20, 2)), np.zeros((20, 2)), 1, "at least 2, got 1"),
    ],
)
def test_what_does_not_fit_is_refused(a, b, size, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(a, b, subset_size=size)
