"""The VQ-VAE: exact identities of its codebook, and its use on the digits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax import data, vae
from genjax.core import Spec
from genjax.nets import straight_through
from genjax.training import Config, fit

KEY = jax.random.key(0)


def with_codes(state, codes):
    """The state with its codebook moved to `codes`, as if no data had been seen."""
    averages = {
        "codes": codes,
        "counts": jnp.zeros(len(codes)),
        "sums": jnp.zeros_like(codes),
    }
    return state._replace(variables={**state.variables, "codebook": {"averages": averages}})


def used(model, variables, images):
    """Perplexity of the codes of `images`, counted in NumPy."""
    counts = np.bincount(np.asarray(jax.jit(model.encode)(KEY, variables, images)).reshape(-1))
    frequencies = counts[counts > 0] / counts.sum()
    return float(np.exp(-(frequencies * np.log(frequencies)).sum()))


def digits():
    dataset = data.load("digits")
    return dataset, jnp.asarray(dataset.eval_transform(None, dataset.train.arrays())["image"])


def test_the_gradient_of_the_decoder_passes_the_codes_unchanged():
    """d loss / d z_e through the quantiser is d loss / d z_q, exactly, for a decoder with curvature."""
    rng = np.random.default_rng(0)
    z, codes, weights = (
        jnp.asarray(rng.normal(size=s), jnp.float32) for s in ((7, 5), (7, 5), (5, 9))
    )
    decoder = lambda z: jnp.square(jnp.tanh(z @ weights)).sum()
    of_z = jax.grad(lambda z: decoder(straight_through(z, codes)))(z)
    np.testing.assert_array_equal(of_z, jax.grad(decoder)(codes))
    assert not np.allclose(of_z, jax.grad(decoder)(z), rtol=0.1)  # it is not the one at z_e


def test_averages_without_memory_are_a_step_of_k_means():
    """Decay 0, no restarts, a frozen encoder: one round is Lloyd's step, empty clusters kept."""
    spec = Spec((12,), 2)
    model = vae.vq_vae(
        spec,
        num_codes=6,
        code_dim=3,
        num_latents=4,
        hidden=(),
        decay=0.0,
        restart_below=0.0,
        learning_rate=0.0,
    )
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (200, 12)), jnp.float32)
    state = jax.jit(model.init)(KEY, {"vector": x})
    kernel = np.asarray(state.variables["encoder"]["params"]["Dense_0"]["kernel"], np.float64)
    z = (np.asarray(x, np.float64) @ kernel).reshape(-1, 3)
    codes = np.concatenate([z[:5], np.full((1, 3), 99.0)])  # the last is chosen by none
    state, update = with_codes(state, jnp.asarray(codes, jnp.float32)), jax.jit(model.update)
    for _ in range(3):
        state, _ = update(KEY, state, {"vector": x[None]})
        nearest = ((z[:, None] - codes) ** 2).sum(-1).argmin(1)
        codes = np.stack(
            [z[nearest == k].mean(0) if (nearest == k).any() else codes[k] for k in range(6)]
        )
        found = state.variables["codebook"]["averages"]["codes"]
        np.testing.assert_allclose(found, codes, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("restart_below, alive", [(None, True), (0.0, False)])
def test_restarts_revive_a_codebook_that_starts_far_away(restart_below, alive):
    dataset, images = digits()
    model = vae.vq_vae(dataset.spec, num_codes=32, restart_below=restart_below, hidden=(16, 16))
    state = jax.jit(model.init)(KEY, {"image": images[:100]})
    codes = state.variables["codebook"]["averages"]["codes"]
    state, update = with_codes(state, codes + 100.0), jax.jit(model.update)
    for step in range(400):
        batch = images[100 * (step % 12) : 100 * (step % 12) + 100]
        state, _ = update(jax.random.fold_in(KEY, step), state, {"image": batch[None]})
    found = used(model, state.variables, images)
    print(f"restart_below={restart_below}: perplexity {found:.2f}")
    assert found > 0.3 * 32 if alive else found < 2


def test_the_digits_use_the_codebook():
    """Perplexity above 0.3 K with K = 32, and reconstructions far better than independent pixels."""
    dataset, images = digits()
    model = vae.vq_vae(dataset.spec, num_codes=32, hidden=(16, 32))
    fitted = fit(model, dataset, Config(steps=700))
    found = used(model, fitted.state.variables, images)
    test = jnp.asarray(dataset.eval_transform(None, dataset.test.arrays())["image"])
    values = jax.jit(model.evaluate)(KEY, fitted.state.variables, {"image": test})
    reconstruction = float(values["reconstruction"].mean())
    print(f"perplexity {found:.2f} of 32, reconstruction {reconstruction:.2f} nats")
    assert found > 0.3 * 32
    assert reconstruction > -14.0  # independent pixels score -24.6
