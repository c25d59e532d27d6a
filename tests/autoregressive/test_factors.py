"""The likelihood of a factor, and which elements may be known."""

import numpy as np
import pytest

from genjax.autoregressive.factors import check_known, factor_likelihood, shares_channels
from genjax.core import Spec


@pytest.mark.parametrize(
    "levels, name", [(2, "bernoulli"), (3, "categorical"), (256, "categorical"), (None, "gaussian")]
)
def test_the_usual_likelihood_of_an_element(levels, name):
    assert factor_likelihood(Spec((2, 2, 1), levels), None).name == name


def test_another_likelihood_and_its_components():
    spec = Spec((2, 2, 3), 256)
    name = "discretized_logistic_mixture"
    mixture = factor_likelihood(spec, name, 5)
    assert mixture.parameter_shape(spec.shape) == (2, 2, 50)
    assert shares_channels(mixture, spec.shape)
    assert not shares_channels(factor_likelihood(spec, None), spec.shape)
    with pytest.raises(ValueError, match=r"does not fit|not a likelihood"):
        factor_likelihood(spec, "bernoulli")
    with pytest.raises(ValueError, match="'categorical' does not take num_components"):
        factor_likelihood(spec, "categorical", 5)


ORDER = np.array([[2, 0], [1, 3]])


@pytest.mark.parametrize("places", [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]])
def test_what_comes_first_may_be_known(places):
    known = np.isin(ORDER, places)
    found = check_known(known.astype(int), ORDER, (2, 2))
    assert found.dtype == bool
    np.testing.assert_array_equal(found, known)


@pytest.mark.parametrize("places", [[1], [3], [0, 2], [0, 1, 3]])
def test_what_comes_later_may_be_known_in_no_one_order_only(places):
    known = np.isin(ORDER, places)
    np.testing.assert_array_equal(check_known(known, None, (2, 2)), known)
    with pytest.raises(ValueError, match="do not come first in the order") as caught:
        check_known(known, ORDER, (2, 2))
    assert "\n" not in str(caught.value)


def test_elements_that_are_drawn_together_are_known_together():
    order = np.array([0, 0, 1, 1])
    check_known(np.array([1, 1, 0, 0]), order, (4,))
    for known in ([1, 0, 0, 0], [1, 1, 1, 0]):
        with pytest.raises(ValueError, match="do not come first"):
            check_known(np.array(known), order, (4,))
    with pytest.raises(ValueError, match=r"known has shape \(4,\), an example \(2, 2\)"):
        check_known(np.zeros(4), None, (2, 2))
