"""MADE against masks in NumPy; mixtures of masks; draws given any elements, by enumeration."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive import element_model
from genjax.autoregressive.made import made
from genjax.core import Spec
from genjax.nets import natural_degrees, random_degrees
from tests.autoregressive.systems import all_images
from tests.autoregressive.test_pixel_model import random_variables
from tests.nets.test_masked import numpy_made

KEY = jax.random.key(0)
SPEC = Spec((2, 2, 1), 2)
IMAGES = all_images(SPEC.shape)
HIDDEN = (6, 5)
THREE = made(SPEC, hidden=HIDDEN, num_masks=3, order="random", condition_on_masks=True)


def log_p(variables, degrees):
    """log p of every image, [16], in NumPy."""
    p = {k: np.asarray(v, np.float64) for k, v in variables["network"]["params"].items()}
    x = np.asarray(IMAGES, np.float64).reshape(16, 4)
    logits = numpy_made(p, x, [np.asarray(each) for each in degrees], 1)[..., 0]
    return (x * logits - np.logaddexp(0, logits)).sum(1)


def mask(m):
    """The m-th that is averaged, of the orders that a fixed seed gives."""
    key_order, key_units = jax.random.split(jax.random.fold_in(jax.random.key(0), m))
    return random_degrees(key_units, 4, HIDDEN, jax.random.permutation(key_order, 4) + 1)


@pytest.fixture(scope="module")
def three():
    """Variables at random, and log p of every image under each mask, [3, 16]."""
    variables = random_variables(THREE, {"image": IMAGES}, 1.0)
    return variables, np.stack([log_p(variables, mask(m)) for m in range(3)])


def test_one_mask_is_natural():
    model = made(SPEC, hidden=HIDDEN)
    variables = random_variables(model, {"image": IMAGES})
    expected = log_p(variables, natural_degrees(4, HIDDEN))
    found = jax.jit(model.log_prob)(KEY, variables, IMAGES)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_array_equal(model.conditionals.order, np.arange(4).reshape(SPEC.shape))


def test_masks_average_whole_probabilities(three):
    variables, each = three
    assert np.ptp(each, axis=0).max() > 0.5
    found = jax.jit(THREE.log_prob)(KEY, variables, IMAGES)
    np.testing.assert_allclose(found, np.logaddexp.reduce(each) - math.log(3), rtol=1e-4)
    first = jax.jit(THREE.conditionals.log_prob)(variables, IMAGES)
    np.testing.assert_allclose(first.sum((1, 2, 3)), each[0], rtol=1e-4)
    assert THREE.conditionals.order is None
    some = made(SPEC, hidden=HIDDEN, num_masks=3, num_test_masks=1, order="random")
    order = np.asarray(mask(0)[0]).reshape(SPEC.shape) - 1
    np.testing.assert_array_equal(some.conditionals.order, order)


def test_training_draws_one_of_the_masks(three):
    variables, each = three
    state = jax.jit(THREE.init)(KEY, {"image": IMAGES})._replace(variables=variables)
    update = jax.jit(lambda key: THREE.update(key, state, {"image": IMAGES[None]})[1])
    losses = np.array([update(key)["made/loss"] for key in jax.random.split(KEY, 20)])
    chosen = np.abs(losses[:, None] + each.mean(1)[None])
    assert (chosen.min(1) < 1e-3).all() and set(chosen.argmin(1)) == {0, 1, 2}


def frequencies(draw, given, known):
    """Of every image among 20,000 draws given an image's known elements, and their number."""
    x = jnp.broadcast_to(jnp.where(known, given, jnp.nan)[None], (20_000, *SPEC.shape))
    drawn = np.asarray(jax.jit(draw)(x))
    np.testing.assert_array_equal(drawn[:, known], np.asarray(x)[:, known])
    codes = drawn.reshape(-1, 4).astype(int) @ [8, 4, 2, 1]
    return np.bincount(codes, minlength=16) / len(codes)


def enumerated(log_probs, given, known):
    """p(x | known), over all images."""
    agrees = (np.asarray(IMAGES)[:, known] == np.asarray(given)[known]).all(-1)
    weights = np.where(agrees, np.exp(log_probs), 0.0)
    return weights / weights.sum()


def test_draws_given_any_elements_are_of_the_conditional():
    """Of the order and the masks that the key gives: total variation to the enumeration."""
    model = made(SPEC, hidden=HIDDEN, num_masks=0, order="random", num_test_masks=2)
    variables = random_variables(model, {"image": IMAGES}, 1.0)
    known, given = np.array([False, True, False, True]).reshape(SPEC.shape), IMAGES[9]
    key_order, _ = jax.random.split(KEY)
    key_places, key_units = jax.random.split(key_order)
    places = element_model._known_first(key_places, known.reshape(4))
    assert set(np.asarray(places)[known.reshape(4)].tolist()) == {1, 2}
    log_probs = log_p(variables, random_degrees(key_units, 4, HIDDEN, places))
    found = frequencies(lambda x: model.conditionals.draw(KEY, variables, x, known), given, known)
    assert 0.5 * np.abs(found - enumerated(log_probs, given, known)).sum() < 0.015


def test_draws_after_a_beginning_weigh_the_masks_by_what_they_say_of_it():
    """The conditional of the mixture, not the mixture of conditionals.

    The two units see two elements by the first mask, and one by the second, which alone says that 1 is
    rarely followed by 1.
    """
    model = made(SPEC, hidden=(2,), num_masks=2, direct=False)
    params = {
        "hidden_0_kernel": np.outer([1.0, -3.0, 0.0, 0.0], [1.0, 0.0]),
        "hidden_0_bias": np.zeros(2),
        "outputs_kernel": np.outer([1.0, 0.0], [0.0, -3.0, 4.0, 2.0]),
        "outputs_bias": np.zeros(4),
    }
    variables = {"network": {"params": jax.tree.map(jnp.float32, params)}}
    units = [jax.random.split(jax.random.fold_in(jax.random.key(0), m))[1] for m in range(2)]
    degrees = [random_degrees(key, 4, (2,)) for key in units]
    assert [each[1].tolist() for each in degrees] == [[2, 2], [1, 1]]
    each = np.stack([log_p(variables, of_units) for of_units in degrees])
    known, given = np.array([True, True, False, False]).reshape(SPEC.shape), IMAGES[12]
    expected = enumerated(np.logaddexp.reduce(each), given, known)
    unweighted = np.mean([enumerated(values, given, known) for values in each], axis=0)
    assert 0.5 * np.abs(unweighted - expected).sum() > 0.1
    found = frequencies(lambda x: model.conditionals.draw(KEY, variables, x, known), given, known)
    assert 0.5 * np.abs(found - expected).sum() < 0.015
    with pytest.raises(ValueError, match="do not come first in the order"):
        model.conditionals.draw(KEY, variables, IMAGES, ~known)


def test_masks_of_random_orders_need_what_is_known_first_in_all_of_them(three):
    known = np.zeros(SPEC.shape, bool)
    known[1, 1] = True
    with pytest.raises(ValueError, match="num_masks=0"):
        THREE.conditionals.draw(KEY, three[0], IMAGES, known)


def test_examples_and_conditions_that_it_does_not_take(three):
    with pytest.raises((TypeError, ValueError), match=r"shape|reshape|incompatible"):
        THREE.log_prob(KEY, three[0], jnp.zeros((2, 3, 2, 1)))
    with pytest.raises(ValueError, match="made is unconditional: it takes no condition"):
        THREE.sample(KEY, three[0], 2, condition=jnp.zeros(2))


def test_extremes(three):
    """Params 100 times as large: finite values and gradients."""
    variables = jax.tree.map(lambda leaf: 100 * leaf, three[0])
    call = lambda v: THREE.log_prob(KEY, v, IMAGES).sum()
    value, gradient = jax.jit(jax.value_and_grad(call))(variables)
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (SPEC, {"order": "raster"}, "order must be one of natural, random, got 'raster'"),
        (SPEC, {"num_masks": -1}, "num_masks must be at least 0.*got -1 and None"),
        (SPEC, {"num_masks": 2, "num_test_masks": 3}, "at most num_masks .*got 2 and 3"),
        (SPEC, {"num_masks": 0, "num_test_masks": 0}, "num_test_masks at least 1.*got 0 and 0"),
        (SPEC, {"hidden": (5, 0)}, r"hidden must be widths of at least 1, got \(5, 0\)"),
        (SPEC, {"decay_rounds": 0}, "decay_rounds must be at least 1, got 0"),
        (SPEC, {"precision": "half"}, "precision must be one of float32, bf16"),
        (SPEC, {"num_components": 3}, "does not take num_components"),
        (
            Spec((2, 2, 3), 4),
            {"likelihood": "discretized_logistic_mixture"},
            "draws element by element: take categorical, or --model=pixel_cnn",
        ),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        made(spec, **options)
    assert "\n" not in str(caught.value)
