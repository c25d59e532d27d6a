"""Pictures as arrays: luminance and resampling, which systems, tasks and measures of images share."""

import jax
import jax.numpy as jnp

_WEIGHTS = (65.481, 128.553, 24.966)  # ITU-R BT.601 in 8 bits: black is 16, white is 235
_BLACK = 16.0
_LEAST_ERROR = 1e-10  # 100 dB: a flat patch may be enlarged without any error
LUMINANCE_RANGE = 219.0 / 255.0  # of grey: how much luminance rises from black to white


def luminance(rgb: jax.Array, *, data_range: float = 1.0) -> jax.Array:
    """Y = (16 + 65.481 R + 128.553 G + 24.966 B) / 255, the Y of YCbCr, for R, G, B in [0, 1].

    Equal changes of R, G and B leave Cb and Cr as they are and change Y by `LUMINANCE_RANGE` times
    as much.

    Args:
        rgb: [..., 3] in [0, data_range].
        data_range: 1 or, for bytes, 255.

    Returns:
        [..., 1], in [16/255, 235/255] times data_range.

    Raises:
        ValueError: if there are not three channels.

    Reference: ITU-R Recommendation BT.601; equal to MATLAB's rgb2ycbcr before rounding.
    """
    if rgb.shape[-1] != 3:
        raise ValueError(f"luminance is of three channels (RGB), got shape {rgb.shape}")
    red, green, blue = (rgb[..., i : i + 1] for i in range(3))
    weighted = _WEIGHTS[0] * red + _WEIGHTS[1] * green + _WEIGHTS[2] * blue
    return (weighted + _BLACK * data_range) / 255.0


def bicubic(images: jax.Array, height: int, width: int) -> jax.Array:
    """Images resampled by Keys' cubic kernel (a = -0.5), widened where they shrink (anti-aliasing).

    MATLAB's imresize and Pillow's BICUBIC inside the image. At its borders the weights of what lies
    inside are brought to a sum of 1, as Pillow does; MATLAB mirrors the image. Values may overshoot.

    Args:
        images: [B, H, W, C].
        height, width: of the result.

    Returns:
        [B, height, width, C].

    Raises:
        ValueError: if the images are not of rank 4, or nothing would be left of them.

    Reference: Keys, 1981, "Cubic convolution interpolation for digital image processing".
    """
    if images.ndim != 4:
        raise ValueError(f"images are [B, H, W, C], got shape {images.shape}")
    if min(height, width) < 1:
        raise ValueError(f"an image has at least one pixel, got {height}x{width} asked for")
    shape = (len(images), height, width, images.shape[-1])
    return jax.image.resize(images, shape, "cubic", antialias=True)


def crop_to_multiple(images: jax.Array, scale: int) -> jax.Array:
    """[B, H, W, C] without the last rows and columns that `scale` leaves over."""
    height, width = (size // scale * scale for size in images.shape[1:3])
    return images[:, :height, :width]


def low_resolution(images: jax.Array, scale: int) -> jax.Array:
    """`bicubic` to 1/scale of height and width, in [0, 1]: the low resolution of the papers' protocol.

    Args:
        images: [B, H, W, C] in [0, 1]; height and width are multiples of `scale`.
        scale: a whole number.

    Raises:
        ValueError: if `scale` does not divide height and width (`crop_to_multiple` makes it).
    """
    height, width = images.shape[1:3]
    if height % scale or width % scale:
        raise ValueError(f"{scale} does not divide the sides of {height}x{width} images")
    return jnp.clip(bicubic(images, height // scale, width // scale), 0.0, 1.0)


def enlarge(images: jax.Array, scale: int) -> jax.Array:
    """`bicubic` to `scale` times the height and width; may overshoot [0, 1]."""
    return bicubic(images, images.shape[1] * scale, images.shape[2] * scale)


def enlargement_quality(original: jax.Array, enlarged: jax.Array, scale: int) -> dict:
    """How near an image comes that was made `scale` times smaller and enlarged again.

    Args:
        original: [B, H, W, 1 or 3] in [0, 1]; height and width are multiples of `scale`.
        enlarged: the like.
        scale: a whole number.

    Returns:
        By name, [B] each, of luminance: `psnr`, in decibels for a peak of 1, at most 100; `psnr_gain`,
        how much that is above bicubic enlargement; and `negative_squared_error`, summed over pixels.
    """
    brightness = luminance if original.shape[-1] == 3 else lambda images: images
    num_pixels = original.shape[1] * original.shape[2]

    def squared_error(images):
        return jnp.square(brightness(images) - brightness(original)).sum(axis=(1, 2, 3))

    def psnr(error):
        return -10 * jnp.log10(jnp.maximum(error / num_pixels, _LEAST_ERROR))

    if original.shape != enlarged.shape:
        raise ValueError(f"images of {enlarged.shape} are no enlargement of {original.shape}")
    error = squared_error(enlarged)
    bicubic = jnp.clip(enlarge(low_resolution(original, scale), scale), 0.0, 1.0)
    gain = psnr(error) - psnr(squared_error(bicubic))
    return {"psnr": psnr(error), "psnr_gain": gain, "negative_squared_error": -error}
