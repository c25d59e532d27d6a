"""The VQ-VAE of van den Oord, Vinyals and Kavukcuoglu, 2017, "Neural Discrete Representation Learning".

An encoder's vectors z_e are replaced by the nearest of K codes, z_q, and the decoder sees those; the
gradient passes from z_q to z_e as if nothing had been in between:

    loss = -log p(x|z_q) + |sg(z_e) - e|^2 + beta |z_e - sg(e)|^2

(arXiv:1711.00937, equation 3; sg stops the gradient), the last two averaged over an example's codes. By
default the second term is left out and codes are moving averages of what chose them (Appendix A.1).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, check_name, game
from genjax.nets import (
    Codebook,
    ResidualDecoder,
    ResidualEncoder,
    code_counts,
    encoder_and_decoder,
    move_codebook,
    nearest_code,
    new_codebook,
    perplexity,
    straight_through,
)
from genjax.vae.observation import observation


def vq_vae(
    spec: Spec,
    *,
    num_codes: int = 64,
    code_dim: int = 64,
    commitment_weight: float = 0.25,
    codebook: str = "ema",
    decay: float = 0.99,
    restart_below: float | None = None,
    hidden: tuple[int, ...] | None = None,
    num_blocks: int = 2,
    num_latents: int = 8,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    precision: str = "float32",
) -> Model:
    """VQ-VAE (van den Oord et al., 2017, arXiv:1711.00937).

    `encode` gives integers below `num_codes`, a map [B, h, w] of an image and [B, num_latents] of a
    vector, and `decode` takes them. There is no `sample`, `log_prob` or `latents`: the prior of the
    codes is learned afterwards, by an autoregressive model. `evaluate` gives `reconstruction`, log
    p(x|z_q), by which the best checkpoint is chosen, and `commitment`, |z_e - e|^2, a mean over codes.

    The paper trains with Adam at 2e-4 for 250,000 steps; the default rate suits runs of 10^4.

    Args:
        spec: of vectors, or images in [0, 1].
        num_codes: K; the paper has 512, for larger images.
        code_dim: dimensions of a code.
        commitment_weight: beta.
        codebook: `ema` (averages of what chose a code) or `gradient` (the loss's second term).
        decay: of the averages.
        restart_below: a code of `ema` that fewer vectors of a minibatch choose, on average, becomes one
            of the minibatch's vectors; 0 for never. None is 0.1 with `ema`. So do codes that the first
            minibatch leaves out: the codebook starts among the data.
        hidden: channels of the convolutions, each of which halves an image's height and width, or
            widths of a vector's dense layers; mirrored in the decoder. None: (32, 64) for images (the
            paper has (256, 256)), and what `vae` has for vectors.
        num_blocks: residual blocks after the convolutions, and before the decoder's.
        num_latents: codes of a vector; an image has one for each place of its map.
        likelihood, learning_rate, precision: as in `vae`.

    Raises:
        ValueError: for an unknown name, a number out of range, restarts of a codebook that the
            optimizer moves, or a spec that the likelihood does not fit.
    """
    check_name("codebook", codebook, ("ema", "gradient"))
    check_name("precision", precision, ("float32", "bf16"))
    if min(num_codes, code_dim, num_latents) < 1 or num_blocks < 0 or commitment_weight < 0:
        raise ValueError(
            "num_codes, code_dim and num_latents must be at least 1, num_blocks and commitment_weight "
            f"0, got {num_codes}, {code_dim}, {num_latents}, {num_blocks} and {commitment_weight}"
        )
    moved = codebook == "ema"
    restart_below = (0.1 if moved else 0.0) if restart_below is None else restart_below
    if restart_below < 0 or (restart_below and not moved):
        raise ValueError(
            f"restart_below must be at least 0, and is of codebook 'ema', got {restart_below}"
        )
    observed, _ = observation(spec, likelihood, "learned")
    p_x = observed(None)
    if spec.entry == "image":
        parts = _image_networks(spec, p_x, code_dim, hidden or (32, 64), num_blocks, precision)
    else:
        parts = _vector_networks(spec, p_x, code_dim, hidden, num_latents, precision)

    def codes_of(variables):
        return variables["codebook"]["averages" if moved else "params"]["codes"]

    def log_prob(variables, z, x):
        return p_x.log_prob(parts.parameters(variables, z), x)

    def objective(key, variables, batch):
        x, codes = batch[spec.entry], codes_of(variables)
        z = parts.encode(variables, x)
        indices = nearest_code(z, codes)
        chosen, updates = codes[indices], {}
        reconstruction = log_prob(variables, straight_through(z, chosen), x).mean()
        commitment = _distance(z, jax.lax.stop_gradient(chosen)).mean()
        loss = commitment_weight * commitment - reconstruction
        if moved:
            averages = Codebook(**variables["codebook"]["averages"])
            options = {"decay": decay, "restart_below": restart_below}
            averages = move_codebook(key, averages, z, indices, **options)
            updates = {"codebook": {"averages": averages._asdict()}}
        else:
            loss += _distance(jax.lax.stop_gradient(z), chosen).mean()
        use = perplexity(code_counts(indices, num_codes))
        metrics = {"reconstruction": reconstruction, "commitment": commitment, "perplexity": use}
        return loss, Aux(metrics, updates)

    def start(key, batch):
        codes = jax.random.normal(key, (num_codes, code_dim))
        if not moved:
            return {"params": {"codes": codes}}
        return {"averages": new_codebook(codes, restart_below=restart_below)._asdict()}

    def encode(key, variables, x):
        return nearest_code(parts.encode(variables, x), codes_of(variables))

    def decode(key, variables, indices):
        if not jnp.issubdtype(indices.dtype, jnp.integer):
            raise ValueError(f"codes are integers, got {indices.dtype}")
        return p_x.mean(parts.parameters(variables, codes_of(variables)[indices]))

    def evaluate(key, variables, batch):
        x, codes = batch[spec.entry], codes_of(variables)
        z = parts.encode(variables, x)
        chosen = codes[nearest_code(z, codes)]
        return {
            "reconstruction": log_prob(variables, chosen, x),
            "commitment": _distance(z, chosen),
        }

    networks = {**parts.networks, "codebook": start}
    return game(
        networks,
        [Player(tuple(networks), objective, optax.adam(learning_rate), name="vq_vae")],
        encode=encode,
        decode=decode,
        evaluate=evaluate,
        select="reconstruction",
    )


class _Networks(NamedTuple):
    """An encoder to vectors [B, ..., code_dim], and a decoder of them to parameters of p(x|z)."""

    networks: Mapping[str, Callable[..., Any]]
    encode: Callable[..., jax.Array]
    parameters: Callable[..., jax.Array]


def _image_networks(spec, p_x, code_dim, hidden, num_blocks, precision):
    height, width, _ = spec.shape
    outputs = p_x.parameter_shape(spec.shape)
    image = (height, width, math.prod(outputs[2:]))
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    return _networks(
        spec,
        ResidualEncoder(hidden, code_dim, num_blocks, dtype=dtype),
        ResidualDecoder(hidden[::-1], image, num_blocks, dtype=dtype),
        tuple(-(-side // 2 ** len(hidden)) for side in (height, width)),
        code_dim,
        outputs,
    )


def _vector_networks(spec, p_x, code_dim, hidden, num_latents, precision):
    outputs = p_x.parameter_shape(spec.shape)
    encoder, decoder = encoder_and_decoder(
        spec.shape,
        num_latents * code_dim,
        math.prod(outputs),
        hidden=hidden,
        precision=precision,
    )
    return _networks(spec, encoder, decoder, (num_latents,), code_dim, outputs)


def _networks(spec, encoder, decoder, code_shape, code_dim, outputs):
    def encode(variables, x):
        z = encoder.apply(variables["encoder"], x).astype(jnp.float32)
        return z.reshape(len(x), *code_shape, code_dim)

    def parameters(variables, z):
        given = decoder.apply(variables["decoder"], z).astype(jnp.float32)
        return given.reshape(len(z), *outputs)

    x, z = jnp.zeros((1, *spec.shape)), jnp.zeros((1, *code_shape, code_dim))
    starts = {
        "encoder": lambda key, batch: encoder.init(key, x),
        "decoder": lambda key, batch: decoder.init(key, z),
    }
    return _Networks(starts, encode, parameters)


def _distance(z, other):
    """|z - other|^2, a mean over an example's codes, [B]."""
    return jnp.square(z - other).sum(-1).reshape(len(z), -1).mean(-1)
