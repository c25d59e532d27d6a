"""Showers that particles leave in a calorimeter of three layers, drawn from factors: the set `showers`.

A shower is the energy in each cell, GeV, layer by layer, row by row: a vector [48]. It is a toy of
CaloGAN's data (Paganini et al., 2017, arXiv:1705.02355) with its structure: energies that add up, a
share for each depth, a spot whose width tells the particle, and cells that are zero.
"""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core.spec import Spec
from genjax.data import rendered
from genjax.data.dataset import Splits

LAYERS = ((3, 8), (4, 4), (4, 2))  # rows and columns of the cells
PARTICLES = ("electron", "pion")
ENERGIES = (1.0, 100.0)  # GeV, of the particle that comes in: uniform between

_SHARES = ((0.14, 0.62, 0.24), (0.08, 0.56, 0.36))  # of the layers, by particle: a pion goes deeper
_SHARES_VARY = 0.2  # deviation of their logarithms
_WIDTHS = (0.16, 0.26)  # of the spot, in widths of a layer, by particle
_WIDTH_VARIES, _PLACE_VARIES, _CELLS_VARY = 0.1, 0.05, 0.4
_THRESHOLD = 0.004  # of the particle's energy; what is below it in a cell is not seen
_ROWS = (16384, 1024, 4096)


def shower(key: jax.Array, energy: jax.Array, particle: jax.Array) -> jax.Array:
    """One shower [48], GeV: almost all of `energy`, for what is below the threshold is lost.

    Args:
        key: one typed key.
        energy: scalar, GeV.
        particle: scalar int, of `PARTICLES`.
    """
    key_shares, key_width, key_place, key_cells = jax.random.split(key, 4)
    shares = jnp.log(jnp.asarray(_SHARES))[particle]
    shares = jax.nn.softmax(shares + _SHARES_VARY * jax.random.normal(key_shares, (3,)))
    width = jnp.asarray(_WIDTHS)[particle]
    width = width * (1 + _WIDTH_VARIES * jax.random.normal(key_width))
    place = 0.5 + _PLACE_VARIES * jax.random.normal(key_place, (2,))
    cells = []
    for layer, (rows, columns) in enumerate(LAYERS):
        down, across = (jnp.arange(rows) + 0.5) / rows, (jnp.arange(columns) + 0.5) / columns
        squared = jnp.square(down - place[0])[:, None] + jnp.square(across - place[1])[None]
        noise = jax.random.normal(jax.random.fold_in(key_cells, layer), (rows, columns))
        spot = jax.nn.softmax((-squared / (2 * width**2) + _CELLS_VARY * noise).reshape(-1))
        cells.append(shares[layer] * spot)
    cells = jnp.concatenate(cells)
    return energy * jnp.where(cells < _THRESHOLD, 0.0, cells)


def shower_set(seed: int = 0) -> Splits:
    """`showers`: 16384 train, 1024 valid, 4096 test, both particles equally often.

    Entries: `vector` [48]; `label`, the particle; `incidence` [2], its energy in GeV and its number;
    and each layer by itself, `layer_0` [3, 8], `layer_1` [4, 4] and `layer_2` [4, 2].

    Args:
        seed: of energies and of what is random in a shower.
    """
    particles = rendered.shuffled_factors(sum(_ROWS), (len(PARTICLES),))[:, 0]

    def draw(key, batch):
        del key
        keys = rendered.row_keys(seed, batch["number"])
        uniform = jax.vmap(lambda key: jax.random.uniform(jax.random.fold_in(key, 1)))(keys)
        energy = ENERGIES[0] + (ENERGIES[1] - ENERGIES[0]) * uniform
        x = jax.vmap(shower)(keys, energy, batch["label"])
        kept = {name: each for name, each in batch.items() if name != "number"}
        incidence = jnp.stack([energy, batch["label"].astype(jnp.float32)], axis=1)
        return {**kept, "vector": x, "incidence": incidence, **layers_of(x, LAYERS)}

    size = sum(rows * columns for rows, columns in LAYERS)
    extras = {"incidence": (2,), **{f"layer_{k}": shape for k, shape in enumerate(LAYERS)}}
    return Splits(
        Spec((size,), None, len(PARTICLES), extras),
        None,
        **rendered.split_rows({"label": particles}, _ROWS),
        train_render=draw,
        eval_render=draw,
    )


def layers_of(x: jax.Array, layers) -> dict[str, jax.Array]:
    """The vectors [B, sum of cells] as `layer_k` [B, rows, columns] each."""
    ends = np.cumsum([rows * columns for rows, columns in layers])[:-1].tolist()
    parts = zip(jnp.split(x, ends, axis=1), layers, strict=True)
    return {f"layer_{k}": part.reshape(len(x), *shape) for k, (part, shape) in enumerate(parts)}
