"""The VQ-VAE's loss, term by term, and what each way to a codebook moves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.vae import vq_vae

KEY = jax.random.key(3)
VECTOR = Spec((6,), 2)
SMALL = {"num_codes": 5, "code_dim": 2, "num_latents": 3, "hidden": ()}


def started(**options):
    """A linear model of bits, its state and a minibatch."""
    model = vq_vae(VECTOR, **SMALL, **options)
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (8, 6)), jnp.float32)
    return model, jax.jit(model.init)(KEY, {"vector": x}), x


def by_hand(state, codes, x):
    """z_e, indices and log p(x|z_q) in NumPy."""
    weights = {n: state.variables[n]["params"]["Dense_0"]["kernel"] for n in ("encoder", "decoder")}
    weights = jax.tree.map(np.asarray, weights)
    z = (np.asarray(x) @ weights["encoder"]).reshape(8, 3, 2)
    indices = ((z[:, :, None] - np.asarray(codes)) ** 2).sum(-1).argmin(-1)
    logits = np.asarray(codes)[indices].reshape(8, 6) @ weights["decoder"]
    signs = 2 * np.asarray(x) - 1
    return z, indices, -np.logaddexp(0, -signs * logits).sum(-1)


@pytest.mark.parametrize("codebook", ["ema", "gradient"])
def test_the_loss_equals_equation_3_in_numpy(codebook):
    model, state, x = started(codebook=codebook, commitment_weight=0.3)
    collection = "averages" if codebook == "ema" else "params"
    codes = state.variables["codebook"][collection]["codes"]
    z, indices, reconstruction = by_hand(state, codes, x)
    distance = ((z - np.asarray(codes)[indices]) ** 2).sum(-1).mean(-1)
    values = jax.jit(model.evaluate)(KEY, state.variables, {"vector": x})
    np.testing.assert_allclose(values["reconstruction"], reconstruction, rtol=1e-5)
    np.testing.assert_allclose(values["commitment"], distance, rtol=1e-5)
    np.testing.assert_array_equal(model.encode(KEY, state.variables, x), indices)
    after, metrics = jax.jit(model.update)(KEY, state, {"vector": x[None]})
    weight = 0.3 if codebook == "ema" else 1.3
    expected = weight * distance.mean() - reconstruction.mean()
    np.testing.assert_allclose(metrics["vq_vae/loss"], expected, rtol=1e-5)
    frequencies = np.bincount(indices.reshape(-1)) / indices.size
    used = frequencies[frequencies > 0]
    expected = np.exp(-(used * np.log(used)).sum())
    np.testing.assert_allclose(metrics["vq_vae/perplexity"], expected, rtol=1e-5)
    moved = after.variables["codebook"][collection]["codes"] != codes
    assert moved[np.unique(indices)].all()
    # The gradient moves no other code; the averages draw the others from the minibatch at once.
    assert moved.all() == (codebook == "ema") or len(np.unique(indices)) == 5


def test_codes_of_images_are_maps_that_decode_takes():
    model = vq_vae(Spec((6, 5, 1), 2), hidden=(4, 4), num_blocks=1, num_codes=5, code_dim=2)
    x = jnp.ones((3, 6, 5, 1))
    state = jax.jit(model.init)(KEY, {"image": x})
    codes = model.encode(KEY, state.variables, x)
    assert codes.shape == (3, 2, 2) and codes.dtype == jnp.int32 and codes.max() < 5
    decoded = model.decode(KEY, state.variables, codes)
    assert decoded.shape == x.shape and ((decoded > 0) & (decoded < 1)).all()
    assert model.sample is None and model.latents is None and model.log_prob is None
    with pytest.raises(ValueError, match="codes are integers, got float32"):
        model.decode(KEY, state.variables, codes.astype(jnp.float32))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"codebook": "moving"}, "codebook must be one of ema, gradient"),
        ({"precision": "fp16"}, "precision must be one of"),
        ({"num_codes": 0}, "must be at least 1, .* got 0, 64"),
        ({"commitment_weight": -1.0}, "commitment_weight"),
        ({"codebook": "gradient", "restart_below": 0.1}, "is of codebook 'ema'"),
        ({"restart_below": -1.0}, "restart_below must be at least 0"),
        ({"likelihood": "gaussian"}, "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        vq_vae(VECTOR, **options)
