"""The Bayesian GAN: weights as draws of their prior, and the ring under a mixture of generators."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Spec
from genjax.gan import bayesian_gan
from tests.acceptance.games import HIDDEN, first, train
from tests.acceptance.test_ring import CENTRES, STD, draw


def test_weights_are_draws_of_their_prior_where_the_discriminators_know_nothing():
    """All 0, they give a generator's weights no slope: N(0, s^2 / (J_g J_d)), as Algorithm 1 counts it.

    The deviation of 18,144 draws within 4%: s / sqrt(6) times 1.008, what steps of this size add.
    At a temperature of 1 / N, which forgets the other networks, 2.47 was seen, and it fails.
    """
    model = bayesian_gan(
        Spec((2,)),
        latent_dim=2,
        hidden=(8,),
        num_examples=4,
        num_generators=3,
        num_discriminators=2,
        num_chains=2,
        prior_std=0.5,
        step_size=0.05,
        friction=0.5,
        warmup_rounds=0,
    )

    def play(state, key):
        flat = jax.tree.map(jnp.zeros_like, state.variables["discriminators"])
        state = state._replace(variables={**state.variables, "discriminators": flat})
        state, _ = model.update(key, state, {"vector": jnp.zeros((1, 2, 2))})
        return state, state.variables["generators"]["params"]

    def run(key):
        state = model.init(key, {"vector": jnp.zeros((2, 2))})
        return jax.lax.scan(play, state, jax.random.split(key, 2000))[1]

    params = jax.device_get(jax.jit(run)(jax.random.key(0)))
    draws = np.concatenate([leaf[200::25].ravel() for leaf in jax.tree.leaves(params)])
    ratio = draws.std() / (0.5 / 6**0.5)
    print(f"{len(draws)} draws, mean {draws.mean():.4f}, deviation {ratio:.3f} of what is asked")
    assert abs(ratio - 1.008) < 0.04 and abs(draws.mean()) < 0.01


def test_the_mixture_over_generators_finds_all_modes():
    """All eight, and .65 of 2000 samples of the kept generators within 3 sigma of one."""
    model = bayesian_gan(
        Spec((2,)),
        latent_dim=2,
        hidden=HIDDEN,
        num_examples=16_000,
        num_generators=2,
        num_chains=2,
        warmup_rounds=1000,
        warmup_rate=1e-3,
        warmup_moment=0.0,
    )
    state, _ = train(model, draw, (0,), 2000, 64)
    variables = first(state.variables)
    x = np.asarray(jax.jit(model.sample, static_argnums=2)(jax.random.key(9), variables, 2000))
    distance = np.linalg.norm(x[:, None] - CENTRES[None], axis=-1)
    near = distance.min(-1) < 3 * STD
    counts = np.bincount(distance.argmin(-1)[near], minlength=8)
    modes, quality = int((counts >= 0.1 / 8 * len(x)).sum()), near.mean()
    kept = np.asarray(variables["generators"]["samples"]["Dense_1"]["kernel"])
    spread = kept.std(0).mean()
    print(f"modes {modes}, high quality {quality:.2f}, kept weights differ by {spread:.4f}")
    assert modes == 8 and quality >= 0.65 and spread > 1e-3
