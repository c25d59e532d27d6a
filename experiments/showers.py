"""What a model of showers draws at the energies asked for: a picture, and figures of a set."""

from pathlib import Path

import jax
import numpy as np

from experiments.subject import Subject, Unsuitable, require, test_batch
from genjax import metrics, plots
from genjax.core import Spec

_ENERGIES = (5.0, 25.0, 50.0, 90.0)  # GeV
_LOOKED_AT = 2000  # test examples, among which the nearest are sought


def layers_of(spec: Spec) -> tuple[tuple[int, int], ...]:
    """(rows, columns) of a calorimeter's layers; () where the examples are no showers."""
    if "incidence" not in spec.extras:
        return ()
    names = [name for name in spec.extras if name.startswith("layer_")]
    return tuple(tuple(spec.extras[f"layer_{k}"]) for k in range(len(names)))


def energy_maps(subject: Subject, key, path: Path) -> None:
    """Two draws for each of four energies and each particle, beside the nearest test example."""
    layers = layers_of(subject.spec)
    if not layers or subject.model.condition != "incidence":
        raise Unsuitable("this figure needs a model of showers that is conditional on the energy")
    require(subject, "sample")
    batch = test_batch(subject, _LOOKED_AT)
    asked = [(e, c) for c in range(subject.spec.num_classes or 1) for e in _ENERGIES]
    given = np.repeat(np.array(asked, np.float32), 2, axis=0)
    drawn = jax.jit(subject.model.sample, static_argnums=2)(
        key, subject.variables, len(given), given
    )
    drawn, real = np.asarray(drawn), np.asarray(batch[subject.spec.entry])
    known = np.asarray(batch["incidence"])
    rows = {}
    for number, (energy, particle) in enumerate(asked):
        distance = np.abs(known[:, 0] - energy) + 1e6 * (known[:, 1] != particle)
        shown = {
            "drawn": drawn[2 * number],
            "drawn again": drawn[2 * number + 1],
            "data": real[distance.argmin()],
        }
        rows[f"{energy:g} GeV\nparticle {particle}"] = {
            name: _maps(each, layers) for name, each in shown.items()
        }
    plots.shower_maps(rows, path)


def figures(spec: Spec, x: np.ndarray, incidence: np.ndarray) -> dict[str, float]:
    """`metrics.shower_figures` of showers [N, cells] for the incidence [N, 2] asked for."""
    return metrics.shower_figures(x, incidence[:, 0], layers_of(spec))


def _maps(x, layers):
    ends = np.cumsum([rows * columns for rows, columns in layers])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(x, ends), layers, strict=True)]
