"""Transforms of a batch: pure functions `(key, batch) -> batch` for the compiled step.

A raw value of 0 stands for 0 and `maximum` stands for 1; after a transform that scales, 0 is `low`
and 1 is `high`, in float32. Fixed draws take `index` [B] of the batch, the rows in the split.
"""

import jax
import jax.numpy as jnp


def chain(*transforms):
    """The transforms one after the other, each with a key of its own."""

    def apply(key, batch):
        for number, transform in enumerate(transforms):
            batch = transform(jax.random.fold_in(key, number), batch)
        return batch

    return apply


def to_float(entry: str):
    """float32, the values as they are: for vectors that have no range of their own."""

    def apply(key, batch):
        del key
        return {**batch, entry: batch[entry].astype(jnp.float32)}

    return apply


def scale(entry: str, maximum: float, low: float = 0.0, high: float = 1.0):
    """low + (high - low) * x / maximum: from 0..maximum to low..high, float32."""
    _check_range(low, high)

    def apply(key, batch):
        del key
        return {**batch, entry: _spread(_unit(batch, entry, maximum), low, high)}

    return apply


def dequantize(
    entry: str, maximum: float, num_levels: int, low: float = 0.0, high: float = 1.0, seed=None
):
    """(level + u) / num_levels, u uniform in [0, 1): from levels 0..num_levels-1 to low..high.

    The density of the result, integrated over a level's cell, bounds the level's probability.

    Args:
        entry: name of the entry.
        maximum: raw value of the highest level.
        num_levels: number of levels, 2 to 256, evenly spaced over 0..maximum.
        low, high: the range of the result.
        seed: None draws from the step's key; an int draws by it and the row, the same each time.

    Reference: Theis, van den Oord and Bethge, "A note on the evaluation of generative models",
    2016, section 3.1.
    """
    _check_range(low, high)
    step = maximum / (num_levels - 1)

    def apply(key, batch):
        levels = batch[entry].astype(jnp.float32) / step
        uniform = _uniform(key, batch, entry, seed)
        # On a grid of 2^-16, level + u has at most 24 bits: it is exact, so it never rounds up into
        # the next level's cell.
        uniform = jnp.floor(uniform * 2.0**16) * 2.0**-16
        return {**batch, entry: _spread((levels + uniform) / num_levels, low, high)}

    return apply


def threshold(entry: str, maximum: float, low: float = 0.0, high: float = 1.0):
    """high where x / maximum > 0.5, low elsewhere."""
    _check_range(low, high)

    def apply(key, batch):
        del key
        return {**batch, entry: _bits(_unit(batch, entry, maximum) > 0.5, low, high)}

    return apply


def static_binarization(
    entry: str, maximum: float, low: float = 0.0, high: float = 1.0, seed: int = 0
):
    """high with probability x / maximum, else low: one draw for each row, whatever batch or step.

    Reference: Salakhutdinov and Murray, "On the quantitative analysis of deep belief networks",
    2008, section 5 (binarised once, at random).
    """
    return _binarization(entry, maximum, low, high, seed)


def dynamic_binarization(entry: str, maximum: float, low: float = 0.0, high: float = 1.0):
    """high with probability x / maximum, else low: drawn anew from the step's key."""
    return _binarization(entry, maximum, low, high, None)


def random_flip(*entries: str):
    """Mirrors each image [H, W, C] left to right with probability one half; all `entries` together.

    Without entries it is `image` alone.
    """
    entries = entries or ("image",)

    def apply(key, batch):
        flipped = {}
        for entry in entries:
            image = batch[entry]
            if image.ndim != 4:
                raise ValueError(
                    f"a flip needs images [B, H, W, C], got {entry} of shape {image.shape}"
                )
            mirrored = jax.random.bernoulli(key, 0.5, (image.shape[0], 1, 1, 1))
            flipped[entry] = jnp.where(mirrored, image[:, :, ::-1], image)
        return {**batch, **flipped}

    return apply


def resize(entry: str, height: int, width: int):
    """Images [B, H, W, C] to [B, height, width, C], float32: triangle kernel, antialiased."""

    def apply(key, batch):
        del key
        image = batch[entry].astype(jnp.float32)
        if image.ndim != 4:
            raise ValueError(
                f"a resize needs images [B, H, W, C], got {entry} of shape {image.shape}"
            )
        shape = (image.shape[0], height, width, image.shape[3])
        return {**batch, entry: jax.image.resize(image, shape, "linear", antialias=True)}

    return apply


def _binarization(entry, maximum, low, high, seed):
    _check_range(low, high)

    def apply(key, batch):
        rate = _unit(batch, entry, maximum)
        return {**batch, entry: _bits(_uniform(key, batch, entry, seed) < rate, low, high)}

    return apply


def _uniform(key, batch, entry, seed):
    """Uniforms in [0, 1) shaped as the entry: from `key`, or by `seed` and row where it is given."""
    shape = batch[entry].shape
    if seed is None:
        return jax.random.uniform(key, shape, jnp.float32)
    # threefry by name: a draw of rbg under vmap depends on the other rows of the batch.
    root = jax.random.key(seed, impl="threefry2x32")
    keys = jax.vmap(lambda index: jax.random.fold_in(root, index))(batch["index"])
    return jax.vmap(lambda key: jax.random.uniform(key, shape[1:], jnp.float32))(keys)


def _unit(batch, entry, maximum):
    return batch[entry].astype(jnp.float32) / maximum


def _spread(unit, low, high):
    return low + (high - low) * unit


def _bits(bits, low, high):
    return jnp.where(bits, jnp.float32(high), jnp.float32(low))


def _check_range(low, high):
    if not low < high:
        raise ValueError(f"a scale runs from low to high, got ({low}, {high}): pass low < high")
