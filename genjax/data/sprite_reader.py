"""The way back from pictures of sprites to their factors: the nearest of all renderings.

A judge of generated images that nothing was trained for. On the rendered sets (with their jitter) it
reads each factor of at least 0.99 of the images, at 16, 32 and 64 pixels.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from genjax.data import shapes, sprites

_SIDE = 16  # images are read at this size
_CHUNK = 64  # images at a time: the distances of each to 11520 renderings in 4 colours take memory


def read_sprites(
    image: jax.Array, *, world: sprites.World = sprites.DARK, striped: bool = False
) -> dict[str, np.ndarray]:
    """The factors of the rendering that is nearest to each image, and how near it is.

    The renderings cover every combination of factors on a grid of jitters (and of phases); images of
    another size are first brought to 16x16 by averaging.

    Args:
        image: [B, S, S, 3] in [0, 1].
        world: whose ground and colours to look for.
        striped: whether the sprites have stripes, as the targets of `outlines`.

    Returns:
        int32 [B] by factor (`shape`, `colour`, `size`, `place`), and `distance`: float32 [B], the root
        mean square over pixels and channels; about 0.02 for a true sprite, and large for an image that
        is none, for which the factors mean little. Stripes say little in it: `stripe_contrast` tells
        them.

    Raises:
        ValueError: for images of another shape.
    """
    _check_images(image)
    bank = _bank(striped)
    ground, palette = np.array(world.ground), np.array(world.palette)
    colour, row, distance = jax.device_get(_nearest(image, *bank[:2], ground, palette))
    shape, size, place = bank[2][row].T
    return {"shape": shape, "colour": colour, "size": size, "place": place, "distance": distance}


def stripe_contrast(image: jax.Array, *, world: sprites.World = sprites.DARK) -> np.ndarray:
    """[B]: amplitude of the stripes inside the nearest striped sprite, as a share of the true one.

    1 for targets of `outlines`, 0 for sprites of an even colour, as a model of the mean leaves them.
    By least squares of a constant, a sine and a cosine along the stripes' direction, at 16x16; in small
    sprites they overlap, and single values scatter.

    Args:
        image: [B, S, S, 3] in [0, 1].
        world: whose ground and colours to look for.

    Raises:
        ValueError: for images of another shape.
    """
    _check_images(image)
    inside, shaded, _ = _bank(True)
    palette, ground = np.array(world.palette, np.float32), np.array(world.ground, np.float32)
    colour, row, _ = _nearest(image, inside, shaded, ground, palette)
    return np.asarray(
        _contrast(image, jnp.asarray(inside)[row], jnp.asarray(palette)[colour], ground)
    )


@jax.jit
def _contrast(image, inside, colour, ground):
    pixels = _reduced(image).reshape(len(image), -1, 3)
    pixels = pixels - (1.0 - inside)[..., None] * ground[None, None]
    shade = jnp.einsum("bpc,bc->bp", pixels, colour) / (colour**2).sum(-1, keepdims=True)
    waves = sprites.stripes(jnp.array([0.0, jnp.pi / 2]), _SIDE).reshape(2, -1) - sprites.SHADE
    basis = jnp.concatenate([jnp.ones((1, _SIDE**2)), waves])
    basis = inside[..., None] * basis.T[None]
    fit = jax.vmap(lambda basis, shade: jnp.linalg.lstsq(basis, shade)[0])(basis, shade)
    return jnp.hypot(fit[:, 1], fit[:, 2])


@jax.jit
def _nearest(image, inside, shaded, ground, palette):
    """(colour [B], row of the bank [B], distance [B]); a rendering less its ground g, of colour c, is
    shaded * c - inside * g, so that its products with an image need two products of planes."""
    ground, palette = jnp.float32(ground), jnp.float32(palette)
    image = _reduced(image).reshape(-1, _SIDE**2, 3) - ground[None, None]
    norms = (
        (palette**2).sum(-1)[:, None] * (shaded**2).sum(-1)[None]
        - 2 * (palette @ ground)[:, None] * (shaded * inside).sum(-1)[None]
        + (ground @ ground) * (inside**2).sum(-1)[None]
    )

    def one(pixels):
        product = (pixels @ palette.T).T @ shaded.T - ((pixels @ ground) @ inside.T)[None]
        gain = (2 * product - norms).reshape(-1)
        best = jnp.argmax(gain)
        rest = jnp.maximum((pixels**2).sum() - gain[best], 0.0)
        return best // len(inside), best % len(inside), jnp.sqrt(rest / pixels.size)

    colour, row, distance = jax.lax.map(one, image, batch_size=_CHUNK)
    return colour.astype(jnp.int32), row, distance


def _check_images(image):
    if image.ndim != 4 or image.shape[1] != image.shape[2] or image.shape[3] != 3:
        raise ValueError(
            f"sprites are read from square colour images [B, S, S, 3], got shape {image.shape}"
        )


def _reduced(image):
    """Images [B, S, S, 3] at 16x16, float32."""
    if image.shape[1] != _SIDE:
        share = _shares(image.shape[1])
        image = jnp.einsum("is,jt,bstc->bijc", share, share, image)
    return image.astype(jnp.float32)


def _shares(side):
    """[16, side]: the share of each of `side` pixels in a row of 16: means over squares."""
    fine, coarse = np.arange(side + 1) / side, np.arange(_SIDE + 1) / _SIDE
    stop = np.minimum(fine[None, 1:], coarse[1:, None])
    start = np.maximum(fine[None, :-1], coarse[:-1, None])
    return (_SIDE * np.maximum(stop - start, 0.0)).astype(np.float32)


@functools.lru_cache(maxsize=2)
def _bank(striped):
    """What all renderings cover [M, 256], the same times their shade, their (shape, size, place)."""
    ticks = (-1.0, 0.0, 1.0)
    turns = np.linspace(-1, 1, 5) if striped else np.linspace(-1, 1, 7)
    swells = (0.0,) if striped else ticks
    phases = np.arange(8) * np.pi / 4 if striped else (None,)
    axes = (np.arange(len(shapes.SHAPES)), np.arange(2), np.arange(4), ticks, ticks, swells, turns)
    columns = [column.reshape(-1) for column in np.meshgrid(*axes, indexing="ij")]
    told = np.stack(columns[:3], axis=-1).astype(np.int32)
    jitter = np.stack(columns[3:], axis=-1).astype(np.float32)
    factors = np.insert(told, 1, 0, axis=1)
    middle = sprites.geometry(factors)
    where = sprites.Geometry(
        middle.centre + sprites.SHIFT * jitter[:, :2],
        middle.radius * (1.0 + sprites.SWELL * jitter[:, 2]),
        sprites.TURN * jitter[:, 3],
    )
    inside = np.asarray(shapes.coverage(shapes.signed_distance(factors[:, 0], *where, _SIDE)))
    shades = [
        np.ones((1, _SIDE, _SIDE), np.float32)
        if phase is None
        else np.asarray(sprites.stripes(jnp.array([phase], jnp.float32), _SIDE))
        for phase in phases
    ]
    flat = lambda planes: np.concatenate(planes).reshape(-1, _SIDE**2)
    return (
        flat([inside] * len(shades)),
        flat([inside * shade for shade in shades]),
        np.tile(told, (len(shades), 1)),
    )
