"""NADE against a double loop in NumPy; the orderless loss, by all orders and cuts; mixtures."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.nade import conditionals, nade
from genjax.core import Spec
from tests.autoregressive.systems import all_images

KEY = jax.random.key(0)


def params_of(dim, hidden, num_outputs=1, orderless=False):
    rng = np.random.default_rng(0)
    shapes = {"w": (dim, hidden), "c": (hidden,), "v": (dim, hidden, num_outputs)}
    shapes |= {"b": (dim, num_outputs)} | ({"u": (dim, hidden)} if orderless else {})
    return {name: 0.7 * rng.normal(size=shape) for name, shape in shapes.items()}


def double_loop(p, x, sequence):
    """p(x_d | before d) from equations 8 to 10: every hidden layer anew from what is before."""
    found = np.zeros((*x.shape, p["b"].shape[1]))
    for place, element in enumerate(sequence):
        a = np.tile(p["c"], (len(x), 1))
        for earlier in sequence[:place]:
            a += x[:, earlier, None] * p["w"][earlier] + p.get("u", np.zeros_like(p["w"]))[earlier]
        hidden = 1 / (1 + np.exp(-a))
        found[:, element] = np.einsum("bh,hp->bp", hidden, p["v"][element]) + p["b"][element]
    return found


def log_bernoulli(logits, x):
    return x * logits - np.logaddexp(0, logits)


@pytest.mark.parametrize("dim, num_outputs, orderless", [(5, 1, False), (33, 2, True)])
def test_parameters_are_those_of_a_double_loop(dim, num_outputs, orderless):
    """Fewer elements than one block, and two blocks and one element."""
    rng = np.random.default_rng(1)
    p, x = params_of(dim, 4, num_outputs, orderless), rng.normal(size=(3, dim))
    sequence = rng.permutation(dim)
    cast = lambda tree: jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), tree)
    found = jax.jit(conditionals)(cast(p), cast(x), jnp.asarray(sequence))
    np.testing.assert_allclose(found, double_loop(p, x, sequence), rtol=1e-3, atol=1e-4)


def of_network(p):
    """Variables of a model."""
    return {"network": {"params": jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), p)}}


def metrics_of(model, p, batch):
    """Of a round that begins with these params."""
    state = jax.eval_shape(model.init, KEY, batch)
    state = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), state)
    state = state._replace(variables=of_network(p))
    return jax.jit(model.update)(KEY, state, jax.tree.map(lambda leaf: leaf[None], batch))[1]


def test_log_prob_in_the_natural_order():
    spec = Spec((2, 2, 1), 2)
    model, p = nade(spec, hidden=3), params_of(4, 3)
    x = np.asarray(all_images(spec.shape), np.float64)
    logits = double_loop(p, x.reshape(16, 4), range(4))[..., 0]
    expected = log_bernoulli(logits, x.reshape(16, 4))
    found = jax.jit(model.conditionals.log_prob)(of_network(p), x)
    np.testing.assert_allclose(found, expected.reshape(x.shape), rtol=1e-4)
    metrics = metrics_of(model, p, {"image": x})
    np.testing.assert_allclose(metrics["nade/loss"], -expected.sum(1).mean(), rtol=1e-4)
    total = jax.jit(model.log_prob)(KEY, of_network(p), x)
    np.testing.assert_allclose(total, expected.sum(1), rtol=1e-4)


def test_the_orderless_loss_is_unbiased():
    """Its mean over keys is -log p(x) averaged over all 6 orders of 3 elements (equation 12)."""
    dim, spec = 3, Spec((3,), 2)
    p, x = params_of(dim, 3, orderless=True), np.array([[1.0, 0.0, 1.0]])
    exact, by_cuts = [], []
    for order in itertools.permutations(range(dim)):
        values = log_bernoulli(double_loop(p, x, order)[..., 0], x)[0]
        exact.append(-values.sum())
        for cut in range(dim):
            # All that comes after the cut as if it were the next one.
            after = [
                log_bernoulli(double_loop(p, x, [*order[:cut], d])[..., 0], x)[0, d]
                for d in order[cut:]
            ]
            by_cuts.append(-dim / (dim - cut) * sum(after))
    np.testing.assert_allclose(np.mean(by_cuts), np.mean(exact), rtol=1e-12)
    model = nade(spec, hidden=3, order="random")
    num = 40_000
    metrics = metrics_of(model, p, {"vector": np.tile(x.astype(np.float32), (num, 1))})
    error = np.std(by_cuts) / math.sqrt(num)
    assert abs(metrics["nade/loss"] - np.mean(exact)) < 4 * error
    bits = metrics["nade/loss"] / (dim * math.log(2))
    np.testing.assert_allclose(metrics["nade/bits_per_dim"], bits, rtol=1e-5)


def test_several_orders_average_whole_probabilities():
    """logsumexp of three, each by the double loop; not the mean of factors (section 4.1)."""
    spec = Spec((5,), 2)
    p, x = params_of(5, 3, orderless=True), np.asarray(all_images((5,)), np.float64)
    sequences = [
        np.argsort(jax.random.permutation(jax.random.fold_in(jax.random.key(0), m), 5))
        for m in range(3)
    ]
    each = [log_bernoulli(double_loop(p, x, s)[..., 0], x).sum(1) for s in sequences]
    assert np.ptp(each, axis=0).max() > 0.1
    model = nade(spec, hidden=3, order="random", num_orders=3)
    found = jax.jit(model.log_prob)(KEY, of_network(p), x)
    np.testing.assert_allclose(found, np.logaddexp.reduce(each) - math.log(3), rtol=1e-4)
    first = jax.jit(model.conditionals.log_prob)(of_network(p), x)
    np.testing.assert_allclose(first.sum(1), each[0], rtol=1e-4)
    assert model.conditionals.order is None


def test_extremes():
    """Params 300 times as large: finite values and gradients."""
    spec = Spec((20,), 2)
    model = nade(spec, hidden=4)
    variables = jax.tree.map(lambda leaf: 300 * leaf, of_network(params_of(20, 4)))
    x = jnp.ones((2, 20))
    call = lambda v: model.log_prob(KEY, v, x).sum()
    value, gradient = jax.jit(jax.value_and_grad(call))(variables)
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4,), 2), {"order": "raster"}, "order must be one of natural, random, got 'raster'"),
        (Spec((4,), 2), {"hidden": 0}, "hidden and num_orders must be at least 1.* got 0 and 1"),
        (
            Spec((4,), 2),
            {"num_orders": 2},
            "num_orders 1 where the order is natural, got 500 and 2",
        ),
        (Spec((4,), 3), {"likelihood": "bernoulli"}, "does not fit|not a likelihood"),
        (Spec((4,), 2), {"decay_rounds": 0}, "decay_rounds must be at least 1"),
        (
            Spec((2, 2, 3), 4),
            {"likelihood": "discretized_logistic_mixture"},
            "draws element by element: take categorical",
        ),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        nade(spec, **options)
    assert "\n" not in str(caught.value)


def test_examples_of_another_size_are_refused():
    spec = Spec((4,), 2)
    with pytest.raises((TypeError, ValueError)):
        nade(spec, hidden=3).log_prob(KEY, of_network(params_of(4, 3)), jnp.zeros((2, 5)))
