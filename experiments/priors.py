"""The codes of a trained run as a data set, for a model that learns their prior, and back to images."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Model, Spec
from genjax.data import ArraySource, Dataset, Source
from genjax.data.transforms import scale

_AT_A_TIME = 200


def code_dataset(
    model: Model, name: str, num_codes: int, variables: Any, dataset: Dataset
) -> Dataset:
    """The same examples as indices of codes, maps [h, w, 1] or vectors [n], with `num_codes` levels.

    Args:
        model: with discrete codes, of one seed.
        name: of the new set.
        num_codes: how many codes there are.
        variables: of the model.
        dataset: whose examples are encoded, as evaluation sees them.

    Raises:
        ValueError: if the codes are not discrete.
    """
    entry = dataset.spec.entry

    @jax.jit
    def encode(raw):
        batch = dataset.eval_transform(jax.random.key(0), raw)
        return model.encode(jax.random.key(0), variables, batch[entry])

    splits = [_encoded(encode, source) for source in (dataset.train, dataset.valid, dataset.test)]
    shape = splits[0].arrays()["codes"].shape[1:]
    spec = Spec((*shape, 1) if len(shape) == 2 else shape, num_codes, dataset.spec.num_classes)
    sources = [_renamed(source, spec) for source in splits]
    transform = scale(spec.entry, num_codes - 1)
    return Dataset(name, spec, *sources, transform, transform)


def to_images(model: Model, variables: Any, num_codes: int, samples: np.ndarray) -> np.ndarray:
    """Pictures of drawn codes: of x [B, h, w, 1] or [B, n] in [0, 1], as `code_dataset` has them."""
    codes = jnp.round(jnp.asarray(samples) * (num_codes - 1)).astype(jnp.int32)
    codes = codes[..., 0] if codes.ndim == 4 else codes
    decode = jax.jit(model.decode)
    parts = [
        np.asarray(decode(jax.random.key(0), variables, codes[start : start + _AT_A_TIME]))
        for start in range(0, len(codes), _AT_A_TIME)
    ]
    return np.concatenate(parts)


def _encoded(encode, source: Source) -> ArraySource:
    """`codes`, and the labels where there are any, of a whole split."""
    parts = {}
    for start in range(0, len(source), _AT_A_TIME):
        rows = np.minimum(np.arange(start, start + _AT_A_TIME), len(source) - 1)
        raw = source[rows]
        codes = encode({**raw, "index": rows.astype(np.int32)})
        if not jnp.issubdtype(codes.dtype, jnp.integer):
            raise ValueError("--prior_for needs a run whose codes are discrete, such as a vq_vae's")
        kept = {"codes": np.asarray(codes), **{k: raw[k] for k in ("label",) if k in raw}}
        for name, values in kept.items():
            parts.setdefault(name, []).append(values)
    return ArraySource(
        {name: np.concatenate(values)[: len(source)] for name, values in parts.items()}
    )


def _renamed(source: ArraySource, spec: Spec) -> ArraySource:
    arrays = source.arrays()
    codes = arrays.pop("codes")
    return ArraySource({spec.entry: codes.reshape(-1, *spec.shape), **arrays})
