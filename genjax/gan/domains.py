"""What the systems that turn images into images share: the two domains of a data set."""

from typing import NamedTuple

from genjax.core import Spec


class Domains(NamedTuple):
    """Where images come from and where they are to go.

    Attributes:
        entry: of a batch, the images of the other domain: `target` or `unpaired`.
        shape: of those.
    """

    entry: str
    shape: tuple[int, int, int]


def find_domains(name: str, spec: Spec, *, paired: bool) -> Domains:
    """The other domain of such data.

    Args:
        name: of the system, for its errors.
        spec: of images with `target` (each image's counterpart) or `unpaired` among the extras.
        paired: whether only counterparts will do; else images without counterparts are preferred.

    Raises:
        ValueError: where there are none, or the two differ in height or width.
    """
    if spec.entry != "image":
        raise ValueError(f"{name} needs images, got examples of shape {tuple(spec.shape)}")
    entries = ("target",) if paired else ("unpaired", "target")
    found = [entry for entry in entries if entry in spec.extras]
    if not found:
        needs = "pairs" if paired else "images of two domains"
        missing = " or ".join(repr(entry) for entry in entries)
        raise ValueError(f"{name} needs {needs}: this data has no {missing} beside its images")
    shape = tuple(spec.extras[found[0]])
    if len(shape) != 3 or shape[:2] != tuple(spec.shape[:2]):
        raise ValueError(
            f"{name} needs both domains in one size, got {tuple(spec.shape)} and {shape}: resize them"
        )
    return Domains(found[0], shape)


def width_for(spec: Spec) -> int:
    """Channels of the first layer: the papers' 64 from 128x128 on, 32 from 32x32 on, 16 below."""
    side = min(spec.shape[:2])
    return 64 if side >= 128 else 32 if side >= 32 else 16
