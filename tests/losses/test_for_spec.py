"""Which likelihood a data set gets, and why another is refused."""

import pytest

from genjax.core import Spec
from genjax.losses import for_spec


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (Spec((28, 28, 1), 2), "bernoulli"),
        (Spec((28, 20, 1)), "gaussian"),
        (Spec((8, 8, 1), 17), "discretized_logistic"),
    ],
)
def test_for_spec_chooses_by_levels(spec, name):
    assert for_spec(spec).name == name


def test_for_spec_passes_options_and_channels():
    faces = for_spec(Spec((28, 20, 1), 256), "gaussian", log_variance=-2.0)
    assert faces.num_parameters == 1
    colour = Spec((8, 8, 3), 256)
    mixture = for_spec(colour, "discretized_logistic_mixture", num_components=5)
    assert mixture.parameter_shape(colour.shape) == (8, 8, 50)
    vector = for_spec(Spec((6,), 3), "discretized_logistic_mixture", num_components=2)
    assert vector.parameter_shape((6,)) == (6, 6)
    assert for_spec(colour, "categorical").num_parameters == 256


@pytest.mark.parametrize(
    ("spec", "name", "options", "message"),
    [
        (Spec((4,), 256), "bernoulli", {}, r"256 levels.*not a likelihood.*binarise.*fit: discre"),
        (Spec((4,)), "bernoulli", {}, "continuous data"),
        (Spec((4,)), "categorical", {}, "continuous data.*fit: gaussian"),
        (Spec((4,), 2), "gaussian", {}, "2 levels.*fit: bernoulli"),
        (Spec((4,)), "gausian", {}, "there are bernoulli, .*did you mean 'gaussian'"),
        (Spec((4,), 2), None, {"log_variance": 0.0}, "'bernoulli' does not take log_variance"),
        (Spec((4,), 1), None, {}, "at least 2 levels, got 1"),
    ],
)
def test_for_spec_refuses(spec, name, options, message):
    with pytest.raises(ValueError, match=message):
        for_spec(spec, name, **options)
