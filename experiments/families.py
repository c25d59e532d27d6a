"""The systems by family and name."""

import difflib
from collections.abc import Callable

import genjax.autoencoders
import genjax.autoregressive
import genjax.vae
from genjax.core import Model, Spec, stages

FAMILIES = {
    "autoencoder": genjax.autoencoders.MODELS,
    "autoregressive": genjax.autoregressive.MODELS,
    "vae": genjax.vae.MODELS,
}
_CAN = {
    "sample": "samples",
    "log_prob": "log-likelihood",
    "encode": "encoding",
    "decode": "decoding",
    "clusters": "clusters",
    "upscale": "super-resolution",
}


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
        model = stages(make(Spec((4, 4, 1), 2, 10)))[-1].model  # small, for a histogram
        paper = make.__doc__.strip().splitlines()[0].rstrip(".")
        lines.append(f"{name:{width}}  {paper}: {', '.join(capabilities(model))}")
    return "\n".join(lines)


def capabilities(model: Model) -> list[str]:
    """What the model can do, in words."""
    return [word for name, word in _CAN.items() if getattr(model, name) is not None]
