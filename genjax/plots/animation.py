"""Pictures of a run one after the other, as one file that moves."""

import io
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from genjax.plots.grid import write_bytes


def animation(
    frames: Sequence[str | os.PathLike],
    path: str | os.PathLike,
    *,
    frame_seconds: float = 0.3,
    last_seconds: float = 2.0,
) -> None:
    """Writes pictures of one size as an animated GIF or PNG that begins anew after the last.

    Args:
        frames: files, in order; those of another size than the last's are left out.
        path: file to write, .gif or .png.
        frame_seconds: how long each is seen.
        last_seconds: how long the last is.

    Raises:
        ValueError: if there is no frame, or another suffix.
    """
    kinds = {".gif": "GIF", ".png": "PNG"}
    kind = kinds.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f"an animation is a .gif or .png file, got {os.fspath(path)!r}")
    if not frames:
        raise ValueError("an animation needs at least one frame")
    pictures = []
    for frame in frames:
        with Image.open(frame) as opened:
            pictures.append(opened.convert("RGB"))
    pictures = [each for each in pictures if each.size == pictures[-1].size]
    durations = [round(1000 * frame_seconds)] * (len(pictures) - 1) + [round(1000 * last_seconds)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format=kind,
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0,
    )
    write_bytes(path, buffer.getvalue())
