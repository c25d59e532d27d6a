"""The systems by family and name."""

import difflib
from collections.abc import Callable

import genjax.autoencoders
import genjax.autoregressive
import genjax.gan
import genjax.vae
from genjax.core import Model, Spec, Stage, stages

FAMILIES = {
    "autoencoder": genjax.autoencoders.MODELS,
    "autoregressive": genjax.autoregressive.MODELS,
    "gan": genjax.gan.MODELS,
    "vae": genjax.vae.MODELS,
}
_CAN = {
    "sample": "samples",
    "log_prob": "log-likelihood",
    "encode": "encoding",
    "decode": "decoding",
    "clusters": "clusters",
    "upscale": "super-resolution",
    "translate": "translation",
    "translate_back": "translation back",
    "search": "latent search",
    "complete": "completion",
    "forecast": "forecasts",
    "sample_pairs": "pairs of two domains",
}


def _all_extras(side: int, channels: int) -> Spec:
    """Of images with a pair, an image of another domain, a layout, a caption and attributes each."""
    shape = (side, side, channels)
    beside = {"target": shape, "unpaired": shape, "layout": (side, side, 4)}
    others = {"text": (32,), "attributes": (4,), "keypoints": (2, 2)}
    return Spec(shape, None, 10, {**beside, **others})


# Data that a description of a system may be about: 4x4 bits, for a histogram has a cell for each image.
_SMALL = (
    Spec((4, 4, 1), 2, 10),
    *(_all_extras(side, channels) for side in (8, 16, 32) for channels in (1, 3)),
    Spec((6, 4)),
    Spec((8, 8, 8, 1), 2, 7, {"silhouette": (8, 8, 1)}),
    Spec((8,), None, 2, {"incidence": (2,), "layer_0": (2, 2), "layer_1": (2, 2)}),
    Spec((8, 11), 2, None, {"text": (6,)}),
    Spec((2,), None, 8),
)


def find(family: str, name: str) -> Callable:
    """The function of the system `name` of `family`.

    Raises:
        ValueError: if there is none, with the names that there are.
    """
    if family not in FAMILIES:
        raise ValueError(f"unknown family {family!r}; there are {', '.join(FAMILIES)}")
    models = FAMILIES[family]
    if name not in models:
        near = difflib.get_close_matches(name, models, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"unknown --model {name!r}{hint} The models are: {', '.join(models)}")
    return models[name]


def family_of(name: str) -> str:
    """The family of the system `name`.

    Raises:
        ValueError: if there is none, with the names that there are.
    """
    for family, models in FAMILIES.items():
        if name in models:
            return family
    names = [name for models in FAMILIES.values() for name in models]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"unknown --model {name!r}{hint} The models are: {', '.join(names)}")


def describe(family: str) -> str:
    """One line for each system: its name, its paper, what it can do."""
    lines = []
    width = max(map(len, FAMILIES[family]))
    for name, make in FAMILIES[family].items():
        model = stages(_small(make))[-1].model
        paper = make.__doc__.strip().splitlines()[0].rstrip(".")
        lines.append(f"{name:{width}}  {paper}: {', '.join(capabilities(model))}")
    return "\n".join(lines)


def _small(make: Callable) -> Model | tuple[Stage, ...]:
    """The system for the first of a few kinds of small data that it takes."""
    for spec in _SMALL[:-1]:
        try:
            return make(spec)
        except ValueError:  # not on such data
            continue
    return make(_SMALL[-1])


def capabilities(model: Model) -> list[str]:
    """What the model can do, in words."""
    return [word for name, word in _CAN.items() if getattr(model, name) is not None]
