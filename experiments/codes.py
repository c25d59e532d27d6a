"""What a whole split says of a model's latents, which no mean over its examples can."""

from typing import Any

import jax
import numpy as np

from genjax import metrics
from genjax.core import Latents, Model
from genjax.data import Dataset, Source

MOST = 10_000  # the first examples of a larger split


def encodes_to_latents(model: Model) -> bool:
    """Whether examples have codes and draws of q(z|x): most adversarial models have a prior alone."""
    latents = model.latents
    return latents is not None and latents.posterior is not None and model.encode is not None


def of_batch(model: Model, latents: Latents, entry: str):
    """`(key, variables, batch) -> (code, draw of q(z|x), draw of p(z))`, [B, D] each."""

    def codes(key, variables, batch):
        key_code, key_posterior, key_prior = jax.random.split(key, 3)
        x = batch[entry]
        given = () if model.condition is None else (batch[model.condition],)
        values = (
            model.encode(key_code, variables, x, *given),
            latents.posterior(key_posterior, variables, x, *given)[0],
            latents.prior(key_prior, variables, len(x), *given),
        )
        return tuple(each.reshape(len(x), -1) for each in values)

    return codes


def statistics(
    model: Model,
    dataset: Dataset,
    source: Source,
    key: jax.Array,
    variables: Any,
    *,
    batch_size: int,
    num_seeds: int = 1,
) -> dict[str, np.ndarray]:
    """`active_units` and `aggregate_mmd` of a split; nothing where no encoder leads to latents.

    Args:
        model: with one axis of `num_seeds` on every leaf of `variables` if there are several.
        dataset: whose fixed transform the examples go through.
        source: the split; its first 10,000 examples if it has more.
        key: one, or one for each seed.
        variables: of the model.
        batch_size: examples at a time.
        num_seeds: as in `genjax.training.make_evaluate`.

    Returns:
        A scalar, or [num_seeds], for each.
    """
    num = min(len(source), MOST)
    if not encodes_to_latents(model) or num < 2:
        return {}
    codes = of_batch(model, model.latents, dataset.spec.entry)
    of_one = lambda key, variables, raw: codes(key, variables, dataset.eval_transform(key, raw))
    fold_in = jax.random.fold_in
    if num_seeds > 1:
        of_one, fold_in = jax.vmap(of_one, (0, 0, None)), jax.vmap(fold_in, (0, None))
    of_one, parts = jax.jit(of_one), []
    variables = jax.device_put(variables)
    for number, start in enumerate(range(0, num, batch_size)):
        indices = np.minimum(
            np.arange(start, start + batch_size), num - 1
        )  # one shape, one program
        raw = {**source[indices], "index": indices.astype(np.int32)}
        parts.append(jax.device_get(of_one(fold_in(key, number), variables, raw)))
    order = np.random.RandomState(0).permutation(num)  # files are often sorted by kind
    code, posterior, prior = (
        np.concatenate(each, axis=-2)[..., :num, :][..., order, :]
        for each in zip(*parts, strict=True)
    )
    if num_seeds == 1:
        code, posterior, prior = code[None], posterior[None], prior[None]
    distance = jax.jit(metrics.aggregate_mmd)
    figures = {
        "active_units": np.array([metrics.active_units(each).sum() for each in code]),
        "aggregate_mmd": np.array([distance(*pair) for pair in zip(posterior, prior, strict=True)]),
    }
    return figures if num_seeds > 1 else {name: each[0] for name, each in figures.items()}
