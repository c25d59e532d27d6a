"""Flow posteriors: log-determinants in full, the edge of invertibility, and the four potentials."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.core import Spec
from genjax.nets import InverseAutoregressiveFlows, Made, PlanarFlows, planar
from genjax.vae import vae_flow

KEY = jax.random.key(0)


def spread(variables, scale):
    """Params moved off their start, each leaf by noise of its own."""
    leaves, tree = jax.tree.flatten(variables)
    keys = jax.random.split(KEY, len(leaves))
    noisy = [p + scale * jax.random.normal(k, p.shape) for p, k in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(tree, noisy)


@pytest.mark.parametrize("flow", ["planar", "iaf"])
def test_log_determinants_are_those_of_the_jacobian(flow):
    """To 1e-5, at random params, where the Jacobian in float32 is itself good to that."""
    maps = PlanarFlows(4) if flow == "planar" else InverseAutoregressiveFlows(4, 32)
    z = jax.random.normal(KEY, (40, 6))
    context = 0.6 * jax.random.normal(jax.random.key(1), (40, 5))
    variables = spread(maps.init(KEY, z, context), 0.1)
    one = lambda z, c: maps.apply(variables, z[None], c[None])[0][0]
    _, log_det = maps.apply(variables, z, context)
    jacobian = np.asarray(jax.jit(jax.vmap(jax.jacfwd(one)))(z, context), np.float64)
    expected = np.linalg.slogdet(jacobian)[1]
    worst = np.abs(log_det - expected).max()
    print(f"{flow}: log-dets {expected.min():.2f} to {expected.max():.2f}, worst error {worst:.1e}")
    assert expected.std() > 0.1 and worst < 1e-5


def test_the_autoregressive_map_is_triangular_and_its_order_turns():
    """The MADE's Jacobian is exactly 0 on and above the diagonal; two maps see every dimension."""
    z, context = jax.random.normal(KEY, (20, 6)), jax.random.normal(jax.random.key(1), (20, 5))
    made = Made((32,), 2)
    variables = spread(made.init(KEY, z, context), 0.3)
    one = lambda z, c: made.apply(variables, z[None], c[None])[0]
    slopes = np.abs(jax.vmap(jax.jacfwd(one))(z, context)).max(axis=(0, 2))
    upper = np.triu(np.ones((6, 6), bool))
    print(f"on and above the diagonal {slopes[upper].max()}, below from {slopes[~upper].min():.3f}")
    assert (slopes[upper] == 0).all() and (slopes[~upper] > 0).all()
    for num_flows, dense in ((1, False), (2, True)):
        maps = InverseAutoregressiveFlows(num_flows, 32)
        variables = spread(maps.init(KEY, z, context), 0.3)
        one = lambda z, c, m=maps, v=variables: m.apply(v, z[None], c[None])[0][0]
        jacobian = np.abs(jax.vmap(jax.jacfwd(one))(z, context)).max(axis=0)
        above = jacobian[np.triu_indices(6, 1)]
        assert (above > 0).any() == dense


def test_planar_maps_cannot_fold():
    """w.u_hat > -1 for any u and w: along w the map rises, and no log-determinant is nan."""
    directions = jax.random.normal(KEY, (2000, 2, 5))
    scales = 10.0 ** jax.random.uniform(jax.random.key(1), (2000, 2, 1), minval=-2, maxval=1.0)
    u, w = jnp.moveaxis(directions * scales, 1, 0)
    u = jnp.where(jnp.arange(2000)[:, None] % 2 == 0, -3 * w, u)  # the worst: against w, and far
    z, b = jax.random.normal(jax.random.key(2), (2000, 5)), jax.random.normal(KEY, (2000,))
    _, log_det = jax.jit(planar)(z, u, w, b)
    assert np.isfinite(log_det).all()
    unit = w / jnp.linalg.norm(w, axis=1, keepdims=True)
    steps = [jax.jit(planar)(z + s * unit, u, w, b)[0] for s in np.linspace(-2, 2, 41)]
    along = np.stack([np.sum(np.asarray(z * unit), 1) for z in steps]).astype(np.float64)
    rises = np.diff(along, axis=0) / np.abs(along).max(axis=0)
    print(f"least relative rise {rises.min():.1e}; w.u from {float((w * u).sum(1).min()):.0f}")
    assert rises.min() > -1e-5


def test_the_model_counts_the_maps_in_its_posterior():
    """E_x[exp(-log q(z|x))] over draws in a box is its volume: a density that integrates to one."""
    spec = Spec((4,), 2)
    for flow in ("planar", "iaf"):
        model = vae_flow(spec, flow=flow, latent_dim=2, num_flows=3, hidden=(8,))
        variables = spread(model.init(KEY, {"vector": jnp.zeros((1, 4))}).variables, 0.1)
        x = jnp.broadcast_to(jnp.array([1.0, 0.0, 0.0, 1.0]), (100_000, 4))
        drawn, log_q = jax.jit(model.latents.posterior)(KEY, variables, x)
        z = np.asarray(drawn)
        low, high = np.quantile(z, [0.2, 0.8], axis=0)
        inside = ((z >= low) & (z <= high)).all(axis=1)
        weights = np.where(inside, np.exp(-np.asarray(log_q, np.float64)), 0.0)
        error = weights.std() / np.sqrt(len(weights))
        volume = np.prod(high - low)
        print(f"{flow}: volume {volume:.4f}, estimated {weights.mean():.4f} +- {error:.4f}")
        assert abs(weights.mean() - volume) < 4 * error and error < 0.02 * volume


def potentials(z):
    """U_1 to U_4 of the paper's table 1, [4, ...]; the last three with a wall at |z_1| = 4.

    Without one they have no normaliser: the paper draws them on |z| < 4.
    """
    z_1, z_2 = z[..., 0], z[..., 1]
    bump = lambda value, width: -0.5 * jnp.square(value / width)
    w_1 = jnp.sin(jnp.pi * z_1 / 2)
    w_2 = 3 * jnp.exp(bump(z_1 - 1, 0.6))
    w_3 = 3 * jax.nn.sigmoid((z_1 - 1) / 0.3)
    radius = jnp.sqrt(jnp.sum(jnp.square(z), axis=-1) + 1e-12)
    wall = bump(jnp.maximum(jnp.abs(z_1) - 4, 0), 0.4)
    return -jnp.stack(
        [
            bump(radius - 2, 0.4) + jnp.logaddexp(bump(z_1 - 2, 0.6), bump(z_1 + 2, 0.6)),
            bump(z_2 - w_1, 0.4) + wall,
            jnp.logaddexp(bump(z_2 - w_1, 0.35), bump(z_2 - w_1 + w_2, 0.35)) + wall,
            jnp.logaddexp(bump(z_2 - w_1, 0.4), bump(z_2 - w_1 + w_3, 0.35)) + wall,
        ]
    )


def draw(params, key, num):
    """z_K [num, 2] and log q(z_K): N(mean, scale^2) through the planar maps."""
    noise = jax.random.normal(key, (num, 2))
    start = params["mean"][None] + jnp.exp(params["log_scale"])[None] * noise
    log_q = jax.scipy.stats.norm.logpdf(noise).sum(1) - params["log_scale"].sum()
    each = lambda p: jnp.broadcast_to(p[None], (num, *p.shape))

    def step(z, map_):
        return planar(z, each(map_["u"]), each(map_["w"]), each(map_["b"]))

    z, log_dets = jax.lax.scan(step, start, params["maps"], unroll=4)
    return z, log_q - log_dets.sum(axis=0)


def fit_potential(key, index, steps=3000, size=200, num_flows=32):
    """Params after minimising E_q[log q(z) + U(z)], U annealed in over the first half."""
    keys = jax.random.split(key, 4)
    params = {
        "mean": jnp.zeros(2),
        "log_scale": jnp.zeros(2),
        "maps": {
            "u": 0.1 * jax.random.normal(keys[0], (num_flows, 2)),
            "w": jax.random.normal(keys[1], (num_flows, 2)),
            "b": jax.random.normal(keys[2], (num_flows,)),
        },
    }
    optimizer = optax.chain(
        optax.clip_by_global_norm(5.0), optax.adam(optax.cosine_decay_schedule(1e-2, steps))
    )

    def loss(params, key, weight):
        z, log_q = draw(params, key, size)
        return jnp.mean(log_q + weight * potentials(z)[index])

    def step(carry, t):
        params, state = carry
        weight = jnp.minimum(1.0, 0.1 + t / (0.5 * steps))
        gradient = jax.grad(loss)(params, jax.random.fold_in(keys[3], t), weight)
        updates, state = optimizer.update(gradient, state)
        return (optax.apply_updates(params, updates), state), None

    (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), jnp.arange(steps))
    return params


def test_thirty_two_planar_maps_fit_the_four_potentials():
    """KL(q | p) below 0.1 nats for each, p's normaliser by quadrature; a Gaussian is far above."""
    axis = jnp.linspace(-8, 8, 801)
    grid = jnp.stack(jnp.meshgrid(axis, axis), axis=-1)
    log_z = jax.nn.logsumexp(-potentials(grid), axis=(1, 2)) + 2 * np.log(axis[1] - axis[0])
    indices, seeds = jnp.repeat(jnp.arange(4), 2), jax.random.split(jax.random.key(3), 8)

    def divergences(key, index, **options):
        params = fit_potential(key, index, **options)
        z, log_q = draw(params, jax.random.fold_in(key, 99), 20_000)
        return jnp.mean(log_q + potentials(z)[index]) + log_z[index]

    found = np.asarray(jax.jit(jax.vmap(divergences))(seeds, indices)).reshape(4, 2)
    few = lambda key, index: divergences(key, index, steps=500, num_flows=1)
    one = np.asarray(jax.jit(jax.vmap(few))(seeds[::2], jnp.arange(4)))
    print(f"KL of U_1 to U_4, two starts each: {np.round(found, 3).tolist()}")
    print(f"of one map: {np.round(one, 2)}")
    assert (found.min(axis=1) < 0.1).all()
    assert (one > 0.3).all() and (found > -0.02).all()
