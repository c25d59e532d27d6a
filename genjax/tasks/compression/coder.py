"""Examples to the bytes of a file and back, by whatever a model is able to do."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Codes, Model, Spec, Variables
from genjax.tasks.compression import ans, autoregressive, bits_back, container, lossy

NEEDS = "factors (conditionals), Gaussian latents (latents.moments) or whole-number codes (codes)"
_AT_A_TIME = 500  # pictures decoded at once


def kind(model: Model) -> str | None:
    """How files are made with the model: `autoregressive`, `bits_back`, `lossy`, or None: not at all.

    Conditional models have none: a file would need the conditions beside it.
    """
    latents = model.latents
    if model.condition is not None:
        return None
    if model.conditionals is not None:
        return "autoregressive"
    if latents is not None and latents.moments is not None and latents.log_factors is not None:
        return "bits_back"
    return "lossy" if model.codes is not None else None


def compress(
    model: Model,
    spec: Spec,
    variables: Variables,
    x: np.ndarray,
    fingerprint: bytes,
    *,
    prior_bits: int = 8,
) -> bytes:
    """The bytes of a file of examples.

    It is decoded by `decompress` on the same kind of device, with the same releases of the libraries,
    for the model's probabilities must be the same to the last bit.

    Args:
        model: with what `kind` asks for.
        spec: of the data; discrete, unless the model is lossy.
        variables: the model's.
        x: [N, *shape], in [0, 1].
        fingerprint: of the model; see `container.fingerprint`.
        prior_bits: of bits-back: each latent is cut into 2^prior_bits bins.

    Raises:
        ValueError: if x is not such data, or the model cannot code it.
    """
    how = _kind(model)
    if how == "lossy":
        _check(spec, x)
        numbers, setting, untouched = lossy_codes(model.codes, variables, x), 0, 0
        words = lossy.encode(model.codes, variables, numbers)
    else:
        numbers, setting, untouched = to_levels(spec, x), 0, 0
        if how == "autoregressive":
            words = autoregressive.encode(model.conditionals, spec, variables, numbers)
        else:
            setting, initial = prior_bits, _initial(model)
            coded = bits_back.encode(
                model.latents, spec, variables, numbers, initial, prior_bits=prior_bits
            )
            words, untouched = coded.words[coded.untouched :], coded.untouched
    header = container.Header(
        how,
        tuple(spec.shape),
        spec.num_levels or 0,
        len(x),
        setting,
        untouched,
        fingerprint,
        container.checksum(numbers),
    )
    return container.pack(header, words)


def decompress(
    model: Model, spec: Spec, variables: Variables, data: bytes, fingerprint: bytes
) -> np.ndarray:
    """The examples of a file, [N, *shape] float32: the very same ones, or what a lossy model left.

    Args:
        model, spec, variables, fingerprint: as they were for `compress`.
        data: the bytes.

    Raises:
        ValueError: if the bytes are not those of such a file, of another model's, or damaged.
    """
    header, words = container.unpack(data)
    how, num = _kind(model), header.num
    if header.model != fingerprint:
        raise ValueError(
            f"written with another model ({header.kind}, {header.model.hex()}; this one is "
            f"{fingerprint.hex()}): name the --workdir of the run that it was written with"
        )
    looks = (how, tuple(spec.shape), spec.num_levels or 0)
    if (header.kind, header.shape, header.num_levels) != looks:
        raise ValueError(f"of examples {header.shape}, and the model is of {tuple(spec.shape)}")
    if how == "lossy":
        numbers = lossy.decode(model.codes, variables, words, num)
    elif how == "autoregressive":
        numbers = autoregressive.decode(model.conditionals, spec, variables, words, num)
    else:
        initial = _initial(model)
        whole = np.concatenate([initial[: header.untouched], words])
        numbers, _ = bits_back.decode(
            model.latents, spec, variables, whole, num, prior_bits=header.setting
        )
    if container.checksum(numbers) != header.content:
        raise ValueError(
            "not decoded: what came out is not what went in; decode on the same kind of device, with "
            "the same releases of the libraries, as it was written with"
        )
    if how == "lossy":
        return lossy_examples(model.codes, variables, numbers)
    return from_levels(spec, numbers)


def net_bits(model: Model, data: bytes) -> int:
    """Bits of a file's bytes that grow with its examples.

    Without the header; with bits-back, without the random words at the bottom of the stack that the
    first example was drawn with, which the receiver gets back.
    """
    header, words = container.unpack(data)
    if header.kind != "bits_back":
        return 32 * len(words)
    return 32 * (header.untouched + len(words) - bits_back.num_initial(model.latents))


def to_levels(spec: Spec, x: np.ndarray) -> np.ndarray:
    """x [N, *shape] as levels 0 to L - 1, [N, D] int32.

    Raises:
        ValueError: if x has another shape, or values that are not levels.
    """
    _check(spec, x)
    if spec.num_levels is None:
        raise ValueError(
            "lossless compression is of discrete data, and this is continuous: pass "
            "--binarization=threshold, or take a lossy model (compressive_autoencoder)"
        )
    scaled = np.asarray(x, np.float64).reshape(len(x), math.prod(spec.shape)) * (
        spec.num_levels - 1
    )
    levels = np.round(scaled)
    inside = (levels >= 0) & (levels < spec.num_levels)
    if not ((np.abs(scaled - levels) < 1e-3) & inside).all():  # nan is not below anything
        raise ValueError(f"x must have {spec.num_levels} levels, evenly spaced from 0 to 1")
    return levels.astype(np.int32)


def from_levels(spec: Spec, levels: np.ndarray) -> np.ndarray:
    """Levels [N, D] as examples [N, *shape], float32 in [0, 1]."""
    x = levels / np.float32(spec.num_levels - 1)
    return x.astype(np.float32).reshape(-1, *spec.shape)


def lossy_codes(codes: Codes, variables: Variables, x: np.ndarray) -> np.ndarray:
    """The whole numbers [N, K] in place of x, int32."""
    encode = jax.jit(codes.encode)
    parts = [encode(variables, part) for part in _parts(np.asarray(x, np.float32))]
    return _joined(parts, len(x)).reshape(len(x), math.prod(codes.shape)).astype(np.int32)


def lossy_examples(codes: Codes, variables: Variables, numbers: np.ndarray) -> np.ndarray:
    """What is left of the examples of these codes [N, K], [N, *shape] float32."""
    decode = jax.jit(codes.decode)
    shaped = numbers.reshape(-1, *codes.shape)
    return _joined([decode(variables, part) for part in _parts(shaped)], len(numbers))


def bits_of_model(model: Model, spec: Spec, key: jax.Array, variables, x: np.ndarray) -> float:
    """What the model promises for examples x [N, *shape], in bits for each element.

    The negative log-likelihood of its factors; minus the ELBO with sampled latents, the mean of 16
    draws; the entropy of its codes.
    """
    how = _kind(model)
    if how == "lossy":
        numbers = lossy_codes(model.codes, variables, x).reshape(-1, *model.codes.shape)
        nats = jax.jit(lambda v, k: model.codes.log_prob(v, k).reshape(len(k), -1).sum(1))
        totals = [nats(variables, part) for part in _parts(numbers)]
    else:
        nats = jax.jit(lambda key, v, x: _log_prob(model, key, v, x))
        parts = enumerate(_parts(np.asarray(x, np.float32)))
        totals = [nats(jax.random.fold_in(key, i), variables, part) for i, part in parts]
    total = _joined(totals, len(x)).astype(np.float64).mean()
    return float(-total / (math.log(2) * math.prod(spec.shape)))


def _log_prob(model: Model, key, variables, x):
    if model.conditionals is not None:
        return model.conditionals.log_prob(variables, x).reshape(len(x), -1).sum(1)
    latents = model.latents

    def elbo(key):
        z, log_q = latents.posterior(key, variables, x)
        log_p = latents.log_likelihood(variables, z, x) + latents.log_prior(variables, z)
        return log_p - log_q

    return jax.lax.map(elbo, jax.random.split(key, 16)).mean(0)


def _kind(model: Model) -> str:
    found = kind(model)
    if found is None:
        raise ValueError(f"compression needs a model, without conditions, with {NEEDS}")
    return found


def _initial(model: Model) -> np.ndarray:
    return ans.random_words(bits_back.num_initial(model.latents))


def _check(spec: Spec, x: np.ndarray) -> None:
    if np.shape(x)[1:] != tuple(spec.shape):
        raise ValueError(f"examples have shape {tuple(spec.shape)}, got data of {np.shape(x)}")


def _parts(x: np.ndarray) -> list[jax.Array]:
    """Parts of one size, the last filled up with its last row."""
    size = max(1, min(len(x), _AT_A_TIME))
    starts = range(0, len(x), size)
    return [
        jnp.asarray(x[np.minimum(np.arange(start, start + size), len(x) - 1)]) for start in starts
    ]


def _joined(parts: list, num: int) -> np.ndarray:
    return np.concatenate([np.asarray(part) for part in parts])[:num] if parts else np.zeros((0,))
