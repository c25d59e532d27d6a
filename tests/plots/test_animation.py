"""Frames of an animation as they are read back."""

import numpy as np
import pytest
from PIL import Image

from genjax.plots import animation


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_frames_come_in_order_and_the_last_is_seen_longest(tmp_path, suffix):
    frames = []
    for shade in (0, 128, 255):
        frames.append(tmp_path / f"{shade}.png")
        Image.fromarray(np.full((6, 8), shade, np.uint8)).save(frames[-1])
    Image.new("L", (3, 3)).save(tmp_path / "other.png")
    path = tmp_path / f"moving.{suffix}"
    animation([tmp_path / "other.png", *frames], path, frame_seconds=0.2, last_seconds=1.0)
    with Image.open(path) as read:
        assert read.n_frames == 3 and read.size == (8, 6)
        seen = []
        for frame in range(3):
            read.seek(frame)
            seen.append((np.asarray(read.convert("L")).mean(), read.info["duration"]))
    assert seen == [(0, 200), (128, 200), (255, 1000)]


@pytest.mark.parametrize(
    "frames, name, message", [([], "a.gif", "at least one"), (["x"], "a.jpg", r"\.gif or \.png")]
)
def test_what_is_no_animation_is_refused(tmp_path, frames, name, message):
    with pytest.raises(ValueError, match=message):
        animation(frames, tmp_path / name)
