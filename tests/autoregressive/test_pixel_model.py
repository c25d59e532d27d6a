"""What pixel models share: prefixes, conditions, schedules and what they refuse."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.autoregressive import gated_pixel_cnn, pixel_cnn
from genjax.autoregressive.factors import factor_likelihood
from genjax.autoregressive.pixel_model import (
    adam,
    check_condition,
    check_image,
    dtype_of,
    output_sizes,
    raster_order,
)
from genjax.core import Spec
from tests.autoregressive.systems import SIZES

KEY = jax.random.key(0)
SPEC = Spec((3, 2, 1), 2, 3, {"attributes": (2,), "map": (3, 2, 1)})
ONE_BLOCK = {**SIZES, "num_blocks": 1}
PLAIN = pixel_cnn(Spec((2, 2, 2), 2), **ONE_BLOCK)
LABELS = gated_pixel_cnn(SPEC, condition="label", **ONE_BLOCK)
VECTORS = gated_pixel_cnn(SPEC, condition="attributes", **ONE_BLOCK)


def batch_of(num=4):
    rng = np.random.default_rng(0)
    return {
        "image": jnp.asarray(rng.integers(0, 2, (num, *SPEC.shape)), jnp.float32),
        "label": jnp.arange(num) % 3,
        "attributes": jnp.asarray(rng.normal(size=(num, 2)), jnp.float32),
    }


def random_variables(model, batch, scale=0.3):
    """Every param from the normal distribution, on the host: its start need not be compiled."""
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(model.init, KEY, batch).variables
    return jax.tree.map(lambda p: jnp.asarray(scale * rng.normal(size=p.shape), p.dtype), shapes)


@pytest.fixture(scope="module")
def conditional():
    """Condition -> variables that make much of it."""
    found = {}
    for model in (LABELS, VECTORS):
        params = random_variables(model, batch_of())["network"]["params"]
        much = {n: jax.tree.map(lambda p: 8 * p, v) for n, v in params.items() if "condition" in n}
        found[model.condition] = {"network": {"params": params | much}}
    return found


def test_orders_of_places():
    np.testing.assert_array_equal(
        raster_order((2, 2, 2), joint_channels=False), np.arange(8).reshape(2, 2, 2)
    )
    np.testing.assert_array_equal(
        raster_order((2, 2, 2), joint_channels=True),
        np.repeat(np.arange(4), 2).reshape(2, 2, 2),
    )


def test_output_sizes():
    spec = Spec((3, 2, 3), 256)
    assert output_sizes(spec, factor_likelihood(spec, None)) == {
        "num_outputs": 3 * 256,
        "num_groups": 3,
    }
    mixture = factor_likelihood(spec, "discretized_logistic_mixture", 5)
    assert output_sizes(spec, mixture) == {"num_outputs": 50, "num_groups": 1}


def test_draws_keep_what_is_known_and_look_at_nothing_else():
    """The prefix may end within a place, between its channels."""
    shape, known = (2, 2, 2), PLAIN.conditionals.order < 5
    x = jax.random.bernoulli(KEY, 0.5, (32, *shape)).astype(jnp.float32)
    variables = random_variables(PLAIN, {"image": x})
    draw = jax.jit(lambda x: PLAIN.conditionals.draw(KEY, variables, x, known))
    drawn = np.asarray(draw(x))
    np.testing.assert_array_equal(drawn[:, known], np.asarray(x)[:, known])
    assert set(np.unique(drawn)) == {0.0, 1.0}
    other = jnp.where(known[None], x, jnp.nan)
    np.testing.assert_array_equal(draw(other), drawn)
    for wrong, message in ((~known, "do not come first"), (known[None], "known has shape")):
        with pytest.raises(ValueError, match=message):
            PLAIN.conditionals.draw(KEY, variables, x, wrong)


def first_element(model, variables, batch):
    """p(1) of the element that is drawn first, under each condition of the batch."""
    given = batch[model.condition]
    logits = jax.jit(model.conditionals.parameters)(variables, batch["image"], given)
    return 1 / (1 + np.exp(-np.asarray(logits[:, 0, 0, 0, 0], np.float64)))


@pytest.mark.parametrize("model", [LABELS, VECTORS], ids=["label", "attributes"])
def test_what_is_conditional_follows_its_condition(conditional, model):
    batch, variables = batch_of(3), conditional[model.condition]
    figures = jax.jit(model.evaluate)
    values = figures(KEY, variables, batch)[model.select]
    turned = {**batch, model.condition: jnp.roll(batch[model.condition], 1, axis=0)}
    assert (figures(KEY, variables, turned)[model.select] != values).all()
    factors = model.conditionals.log_prob
    each = jax.jit(factors)(variables, batch["image"], batch[model.condition])
    np.testing.assert_allclose(each.sum((1, 2, 3)), values, rtol=1e-4)


def test_samples_are_of_their_labels_or_of_labels_at_random(conditional):
    """The first of the elements, 2000 draws a label, as often as its factor says."""
    variables = conditional["label"]
    expected = first_element(
        LABELS, variables, {"image": batch_of(3)["image"], "label": np.arange(3)}
    )
    assert np.ptp(expected) > 0.1
    sample = jax.jit(LABELS.sample, static_argnums=2)
    drawn = np.asarray(sample(KEY, variables, 6000, jnp.repeat(jnp.arange(3), 2000)))
    assert drawn.shape == (6000, *SPEC.shape)
    found = drawn[:, 0, 0, 0].reshape(3, 2000).mean(1)
    np.testing.assert_allclose(found, expected, atol=0.045)  # four standard errors
    drawn = np.asarray(sample(KEY, variables, 6000))
    assert abs(drawn[:, 0, 0, 0].mean() - expected.mean()) < 0.026  # four standard errors


def test_conditions_that_samples_need_or_do_not_take():
    with pytest.raises(ValueError, match="needs its condition 'attributes'"):
        VECTORS.sample(KEY, {}, 2)
    with pytest.raises(ValueError, match="pixel_cnn is unconditional: it takes no condition"):
        PLAIN.sample(KEY, {}, 2, jnp.zeros(2, jnp.int32))


@pytest.mark.parametrize(
    "spec, condition, message",
    [
        (Spec((3, 2, 1), 2), "label", "condition=label needs labels, and this data has none"),
        (SPEC, "text", r"none, label or a vector of the data \(attributes\), got 'text'"),
        (SPEC, "map", "a vector of the data .*, got 'map'"),
        (Spec((3, 2, 1), 2, 3), "attributes", r"\(it has none\), got 'attributes'"),
    ],
)
def test_conditions_that_the_data_does_not_have_are_refused(spec, condition, message):
    with pytest.raises(ValueError, match=message) as caught:
        check_condition(spec, "gated_pixel_cnn", condition)
    assert "\n" not in str(caught.value)


def test_conditions_and_images_that_fit():
    for condition in (None, "label", "attributes"):
        check_condition(SPEC, "gated_pixel_cnn", condition)
    check_image(SPEC, "pixel_cnn")
    with pytest.raises(ValueError, match=r"pixel_cnn needs images .*\(5,\): take --model=made"):
        check_image(Spec((5,), 2), "pixel_cnn")


def test_precisions():
    assert dtype_of("float32") == jnp.float32 and dtype_of("bf16") == jnp.bfloat16
    with pytest.raises(ValueError, match="precision must be one of float32, bf16, got 'half'"):
        dtype_of("half")
    model, spec = pixel_cnn(Spec((2, 2, 1), 2), precision="bf16", **SIZES), Spec((2, 2, 1), 2)
    state = jax.eval_shape(model.init, KEY, {"image": jnp.zeros((1, *spec.shape))})
    assert {p.dtype for p in jax.tree.leaves(state.variables)} == {jnp.dtype("float32")}


def steps(optimizer, gradients):
    """What each update adds to params of zeros."""
    params = jnp.zeros_like(gradients[0])
    state, found = optimizer.init(params), []
    for gradient in gradients:
        update, state = optimizer.update(gradient, state, params)
        found.append(np.asarray(update))
    return np.stack(found)


def test_the_rate_falls_as_a_cosine_and_gradients_are_clipped():
    """Adam on a constant gradient moves by the rate; a norm of 5 is the most that it sees."""
    found = steps(adam(0.1, 4), [jnp.array([1.0])] * 6)[:, 0]
    rates = [0.05 * (1 + math.cos(math.pi * min(t / 4, 1))) for t in range(6)]
    np.testing.assert_allclose(found, -np.asarray(rates), rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(steps(adam(0.1, None), [jnp.array([1.0])] * 3), -0.1, rtol=1e-4)
    large, small = jnp.array([300.0, 400.0]), jnp.array([1.0, 0.5])
    clipped = steps(optax.adam(0.1), [jnp.array([3.0, 4.0]), small])
    np.testing.assert_allclose(steps(adam(0.1, None), [large, small]), clipped, rtol=1e-4)
    with pytest.raises(ValueError, match="decay_rounds must be at least 1, got 0"):
        adam(0.1, 0)
