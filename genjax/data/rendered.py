"""What the rendered sets share: rows of factors, keys by row, pixels, grey.

A row of such a set is a few integers: its factors, and its `number`, which no other row of the set has.
Its picture is drawn in the compiled step, and what is continuous in it comes from the number, so that a
row is one picture whenever it is asked for.
"""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.data.dataset import ArraySource
from genjax.data.splits import SPLITS

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in `images`


def split_rows(rows: dict[str, np.ndarray], sizes: tuple[int, int, int]) -> dict[str, ArraySource]:
    """Sources of train, valid and test: `sizes` consecutive rows each, numbered through.

    Args:
        rows: by entry, [N, ...] with N the sum of the sizes.
        sizes: rows of train, valid and test.
    """
    rows = {**rows, "number": np.arange(sum(sizes), dtype=np.int32)}
    stops = np.cumsum(sizes)
    return {
        split: ArraySource({name: each[stop - size : stop] for name, each in rows.items()})
        for split, size, stop in zip(SPLITS, sizes, stops, strict=True)
    }


def shuffled_factors(num: int, num_values: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """int32 [num, F]: every combination of factors equally often (but for the last round), shuffled.

    Args:
        num: rows.
        num_values: of each of the F factors.
        seed: of the order.
    """
    # The legacy generator: its stream never changes, and neither may the sets.
    random = np.random.RandomState(seed)
    total = int(np.prod(num_values))
    rounds = [random.permutation(total) for _ in range(-(-num // total))]
    each = np.unravel_index(np.concatenate(rounds)[:num], num_values)
    return np.stack(each, axis=-1).astype(np.int32)


def row_keys(seed: int, numbers: jax.Array, draw: int = 0) -> jax.Array:
    """Typed keys [B], one for each row number; a row's draws of another kind take another `draw`."""
    # threefry by name: a draw of rbg under vmap depends on the other rows of the batch.
    root = jax.random.fold_in(jax.random.key(seed, impl="threefry2x32"), draw)
    return jax.vmap(lambda number: jax.random.fold_in(root, number))(numbers)


def pixel_centres(image_size: int) -> jax.Array:
    """[H, W, 2]: (x, y) of the middle of each pixel, where the image is the unit square, y down."""
    places = (jnp.arange(image_size, dtype=jnp.float32) + 0.5) / image_size
    return jnp.stack(jnp.meshgrid(places, places, indexing="xy"), axis=-1)


def with_channels(image: jax.Array, channels: int) -> jax.Array:
    """Images [B, H, W, 1 or 3] with 1 or 3 channels: grey by luma, colour by repetition."""
    have = image.shape[-1]
    if have == channels:
        return image
    if channels == 3:
        return jnp.repeat(image, 3, axis=-1)
    return jnp.tensordot(image, jnp.asarray(_LUMA), 1)[..., None]


def check_size(name: str, image_size: int, smallest: int) -> None:
    """Raises ValueError where a set cannot be told by its pictures at this size."""
    if image_size < smallest:
        raise ValueError(
            f"{name} of {image_size}x{image_size} cannot be told apart: pass an image_size of at "
            f"least {smallest}"
        )
