"""Flows against their formulas in NumPy, their Jacobians, and the edge of invertibility."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import InverseAutoregressiveFlows, Made, PlanarFlows, planar

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)


def test_planar_equals_its_formula():
    """Equations 10 to 12 with the u of Appendix A.1, in float64."""
    z, u, w, b = (
        RNG.normal(size=(4, 3)),
        RNG.normal(size=(4, 3)),
        RNG.normal(size=(4, 3)),
        np.ones(4),
    )
    along = (w * u).sum(1)
    hat = u + ((np.log1p(np.exp(along)) - 1 - along) / (w**2).sum(1))[:, None] * w
    inner = np.tanh((w * z).sum(1) + b)
    slope = (1 - inner**2)[:, None] * w
    end, log_det = planar(*map(jnp.array, (z, u, w, b)))
    np.testing.assert_allclose(end, z + hat * inner[:, None], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_det, np.log(1 + (slope * hat).sum(1)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("along", [-80.0, -20.0, 40.0])
def test_planar_stays_invertible_and_finite_at_the_edge(along):
    """Along w the map rises: f(s) = s + (w.u) tanh(s + b), with w.u > -1; no nan where it is near."""
    w = jnp.array([[3.0, -4.0]]) / 5
    z = jnp.linspace(-3, 3, 101)[:, None] * w  # passes w.z + b = 0, where the determinant is least
    many = lambda a: jnp.broadcast_to(a, (101, 2))
    call = jax.jit(lambda u: planar(z, many(u), many(w), jnp.zeros(101)))
    end, log_det = call(along * w)
    gradient = jax.grad(lambda u: call(u)[1].sum())(along * w)
    assert np.isfinite(log_det[:50]).all() and np.isfinite(log_det[51:]).all()
    assert np.isfinite(gradient).all() and not np.isnan(log_det).any()
    assert (np.diff(end @ w[0]) > -1e-5).all()


def test_planar_with_no_direction_moves_by_nothing_that_stretches():
    """w = 0: a shift by u tanh(b), of determinant 1, with finite gradients."""
    z, u, w = jnp.ones((1, 2)), jnp.array([[0.5, 2.0]]), jnp.zeros((1, 2))
    end, log_det = planar(z, u, w, jnp.ones(1))
    np.testing.assert_allclose(end, z + u * np.tanh(1.0), rtol=1e-6)
    np.testing.assert_allclose(log_det, 0.0, atol=1e-6)
    gradient = jax.grad(lambda w: planar(z, u, w, jnp.zeros(1))[1].sum())(w)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("odd", range(4))
def test_planar_refuses_wrong_shapes(odd):
    arguments = [jnp.zeros((2, 3))] * 3 + [jnp.zeros(2)]
    arguments[odd] = jnp.zeros((2, 1))
    with pytest.raises(ValueError, match=r"z, u and w are all \[B, D\], b is \[B\]"):
        planar(*arguments)


FLOWS = {"planar": PlanarFlows(3), "iaf": InverseAutoregressiveFlows(3, 12)}


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_log_determinants_are_the_jacobians(flow):
    z, context = jax.random.normal(KEY, (6, 4)), jax.random.normal(jax.random.key(1), (6, 5))
    variables = flow.init(KEY, z, context)
    variables = jax.tree.map(lambda p: p + 0.3 * jax.random.normal(KEY, p.shape), variables)
    one = lambda z, c: flow.apply(variables, z[None], c[None])[0][0]
    _, log_det = flow.apply(variables, z, context)
    jacobian = jax.jit(jax.vmap(jax.jacfwd(one)))(z, context)
    expected = np.linalg.slogdet(np.asarray(jacobian, np.float64))[1]
    np.testing.assert_allclose(log_det, expected, atol=1e-5)
    assert np.abs(expected).min() > 1e-3
    far, log_det = flow.apply(variables, 1e4 * z, context)
    assert np.isfinite(far).all() and np.isfinite(log_det).all()


def test_planar_flows_are_planar_maps_in_a_row():
    z, context = jax.random.normal(KEY, (2, 3)), jax.random.normal(jax.random.key(1), (2, 5))
    flow = PlanarFlows(2)
    variables = flow.init(KEY, z, context)
    dense = variables["params"]["Dense_0"]
    parameters = (context @ dense["kernel"]).reshape(2, 2, 7)
    expected, total = z, 0.0
    for k in range(2):
        each = parameters[:, k]
        expected, log_det = planar(expected, each[:, :3], each[:, 3:6], each[:, 6])
        total = total + log_det
    end, log_det = flow.apply(variables, z, context)
    np.testing.assert_allclose(end, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_det, total, rtol=1e-5, atol=1e-6)


def test_inverse_autoregressive_flows_gate_and_reverse():
    """Two maps written out with the MADEs' own outputs; the gate starts near sigmoid(1.5)."""
    z, context = jax.random.normal(KEY, (2, 3)), jax.random.normal(jax.random.key(1), (2, 5))
    flow = InverseAutoregressiveFlows(2, 8)
    variables = flow.init(KEY, z, context)
    expected, total = np.asarray(z, np.float64), 0.0
    for k in range(2):
        expected = expected[:, ::-1] if k else expected
        made = {"params": variables["params"][f"Made_{k}"]}
        outputs = np.asarray(Made((8,), 2).apply(made, jnp.array(expected), context), np.float64)
        gate = 1 / (1 + np.exp(-outputs[..., 1] - 1.5))
        expected = gate * expected + (1 - gate) * outputs[..., 0]
        total = total + np.log(gate).sum(1)
    end, log_det = flow.apply(variables, z, context)
    np.testing.assert_allclose(end, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(log_det, total, rtol=1e-4, atol=1e-5)
