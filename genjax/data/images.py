"""Images on the host, before they become arrays of one shape: channels, centre crop, resize."""

import numpy as np
from PIL import Image

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's grey


def fit(image: np.ndarray, image_size: int | None, channels: int | None) -> np.ndarray:
    """One image [H, W, C], cropped and resized to a square, with the channels asked for.

    Args:
        image: [H, W, C], uint8, or float32 in [0, 1].
        image_size: side of the square; None keeps the shape.
        channels: 1 or 3; None keeps them.

    Returns:
        [image_size, image_size, channels] of the same dtype and range.

    Raises:
        ValueError: if the channels cannot be turned into those asked for.
    """
    return _resize(_to_channels(image, channels), image_size)


def fit_all(images: np.ndarray, image_size: int | None, channels: int | None) -> np.ndarray:
    """`fit` for each of [N, H, W, C]; the same array where there is nothing to do."""
    if image_size in (None, images.shape[1]) and images.shape[1] == images.shape[2]:
        image_size = None
    if image_size is None and channels in (None, images.shape[3]):
        return images
    return np.stack([fit(image, image_size, channels) for image in images])


def check_options(image_size: int | None, channels: int | None) -> None:
    """Raises ValueError unless the size is positive and the channels are 1 or 3, where given."""
    if image_size is not None and image_size < 1:
        raise ValueError(f"image_size must be at least 1, got {image_size}")
    if channels not in (None, 1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), got {channels}")


def _to_channels(image, channels):
    have = image.shape[2]
    if channels in (None, have):
        return image
    if channels == 3 and have == 1:
        return np.repeat(image, 3, axis=2)
    if channels == 3 and have == 4:
        return image[..., :3]
    if channels == 1 and have in (3, 4):
        grey = (image[..., :3].astype(np.float32) @ _LUMA)[..., None]
        return (grey.round() if image.dtype == np.uint8 else grey.clip(0, 1)).astype(image.dtype)
    raise ValueError(f"cannot turn {have} channels into {channels}: leave channels out")


def _resize(image, image_size):
    if image_size is None:
        return image
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    image = image[top : top + side, left : left + side]
    if side == image_size:
        return image
    # One channel at a time: Pillow resizes bytes and floats alike that way. It widens its kernel
    # when it shrinks an image, which is the antialiasing.
    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., channel])).resize(
            (image_size, image_size), Image.Resampling.BICUBIC
        )
        for channel in range(image.shape[2])
    ]
    resized = np.stack([np.asarray(plane) for plane in planes], axis=-1)
    return resized if image.dtype == np.uint8 else resized.clip(0, 1)
