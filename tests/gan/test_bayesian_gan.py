"""The Bayesian GAN: energies by hand, chains that do not meet, samples that are kept and mixed."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import bayesian_gan
from tests.gan.images import KEY, moved, softplus

X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)
SMALL = {
    "latent_dim": 2,
    "hidden": (4,),
    "num_generators": 3,
    "num_discriminators": 2,
    "num_chains": 2,
    "num_samples": 2,
    "thinning": 2,
    "warmup_rounds": 0,
}


def start(model):
    return jax.jit(model.init)(KEY, {"vector": X})


@functools.cache
def small():
    """(a model, its first state, its compiled update)."""
    model = bayesian_gan(Spec((3,)), **SMALL)
    return model, start(model), jax.jit(model.update)


def constant(state, name, layer, bias):
    """Networks that are all 0 but the last bias [M, J, ...]."""
    own = state.variables[name]
    flat = jax.tree.map(jnp.zeros_like, own["params"])
    flat[layer] = {**flat[layer], "bias": jnp.asarray(bias, jnp.float32)}
    return state._replace(variables={**state.variables, name: {**own, "params": flat}})


def test_energies_at_constant_networks():
    """The sum over networks of the mean loss, and |theta|^2 / (2 s^2 N); J_d logits in each of M."""
    model = bayesian_gan(Spec((3,)), num_examples=50, prior_std=0.5, step_size=1e-12, **SMALL)
    c = np.array([[0.5, -1.0], [2.0, 0.0]])
    state = constant(start(model), "discriminators", "logit_head", c[..., None])
    state = constant(state, "generators", "Dense_1", np.full((2, 3, 3), 0.1))
    _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    prior = lambda squares: squares / (2 * 0.25 * 50)
    own = (softplus(-c) + softplus(c)).sum() + prior(np.square(c).sum())
    np.testing.assert_allclose(metrics["discriminators/loss"], own, rtol=1e-5)
    own = 3 * softplus(-c).mean(1).sum() + prior(18 * 0.01)
    np.testing.assert_allclose(metrics["generators/loss"], own, rtol=1e-4)


def test_chains_do_not_meet():
    """Another discriminator of the second chain moves its own generators, and no other chain's."""
    _, state, update = small()
    params = state.variables["discriminators"]["params"]
    other = jax.tree.map(lambda leaf: leaf.at[1].multiply(2.0), params)
    changed = {**state.variables, "discriminators": {"params": other}}
    one, _ = update(KEY, state, {"vector": X[None]})
    two, _ = update(KEY, state._replace(variables=changed), {"vector": X[None]})
    for a, b in zip(
        *(jax.tree.leaves(s.variables["generators"]["params"]) for s in (one, two)), strict=True
    ):
        np.testing.assert_allclose(a[0], b[0], rtol=1e-6)
        assert np.abs(a[1] - b[1]).max() > 1e-5
    assert moved(state.variables, one.variables) == {"generators", "discriminators"}


def test_every_second_round_goes_into_a_slot_and_samples_mix_over_all():
    model, state, update = small()
    seen = []
    for _ in range(6):
        seen.append(state.variables["generators"]["params"]["Dense_1"]["bias"])
        state, _ = update(KEY, state, {"vector": X[None]})
    kept = state.variables["generators"]["samples"]["Dense_1"]["bias"]
    np.testing.assert_array_equal(kept[1], seen[3])  # rounds 2 and 3, and the later of them
    np.testing.assert_array_equal(kept[0], seen[5])
    np.testing.assert_array_equal(kept.shape, (2, 2, 3, 3))
    own = state.variables["generators"]
    flat = jax.tree.map(jnp.zeros_like, own["samples"])
    values = np.arange(12.0, dtype=np.float32)
    flat["Dense_1"]["bias"] = jnp.asarray(np.repeat(values, 3).reshape(2, 2, 3, 3))
    variables = {**state.variables, "generators": {**own, "samples": flat}}
    x = np.asarray(jax.jit(model.sample, static_argnums=2)(KEY, variables, 24))
    np.testing.assert_array_equal(np.sort(x[:, 0]), np.repeat(values, 2))
    assert (np.diff(x[:, 0]) < 0).any()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="num_chains must be at least 1, got 0"):
        bayesian_gan(Spec((3,)), num_chains=0)
