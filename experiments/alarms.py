"""What seldom heals by itself, told while a run goes on: collapse, a saturated critic, divergence."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.sets import Glance

_FEW_MODES = 0.5  # of those that as many real examples have
_ALIKE = 0.1  # of the distance between real examples
_SURE = 0.99  # accuracy of a discriminator
_IDLE = 0.02  # its loss
_STEEP = 100.0  # norm of a gradient; ganhacks, tip 10
_WORSE = 2.0  # times the best FID


class Observation(NamedTuple):
    """What is known at one evaluation.

    Attributes:
        step: rounds done.
        metrics: of the players, by `player/metric`.
        glance: at the samples; None where they were not looked at.
    """

    step: int
    metrics: Mapping[str, Any]
    glance: Glance | None


def new_alarms(history: Sequence[Observation]) -> list[str]:
    """Lines on what is wrong at the last of the observations and was not at the one before it."""
    before = alarms(history[:-1])
    return [line for kind, line in alarms(history).items() if kind not in before]


def alarms(history: Sequence[Observation]) -> dict[str, str]:
    """What is wrong at the last observation, a line by kind.

    Collapse and divergence are what was seen at the one before it, too.
    """
    if not history:
        return {}
    found = {**_saturation(history[-1]), **_steepness(history[-1])}
    glances = [each.glance for each in history if each.glance is not None]
    if len(glances) > 1:
        found |= _collapse(glances[-2:]) | _divergence(glances)
    return found


def _collapse(last: Sequence[Glance]) -> dict[str, str]:
    now, lines = last[-1], {}
    if now.modes is not None and all(g.modes < _FEW_MODES * g.real_modes for g in last):
        lines["modes"] = (
            f"collapse: samples reach {now.modes} modes or classes, real examples {now.real_modes}"
        )
    if all(g.spread < _ALIKE for g in last):
        lines["alike"] = (
            f"collapse: samples are nearly identical, {100 * now.spread:.1f}% as far apart as real ones"
        )
    return lines


def _divergence(glances: Sequence[Glance]) -> dict[str, str]:
    best = min(glance.fid for glance in glances)
    if any(glance.fid <= _WORSE * best for glance in glances[-2:]):
        return {}
    return {"fid": f"divergence: FID has risen from {best:.3g} to {glances[-1].fid:.3g}"}


def _saturation(seen: Observation) -> dict[str, str]:
    lines = {}
    for name, value in seen.metrics.items():
        player, _, metric = name.rpartition("/")
        loss = seen.metrics.get(f"{player}/loss")
        if metric != "accuracy" or player == "valid" or loss is None:
            continue
        accuracy, loss = float(np.mean(value)), float(np.mean(loss))
        if accuracy > _SURE and abs(loss) < _IDLE:
            lines[f"saturation {player}"] = (
                f"saturation: the accuracy of {player} is {accuracy:.3f} at a loss of {loss:.2g}: it "
                "is too strong to teach"
            )
    return lines


def _steepness(seen: Observation) -> dict[str, str]:
    norms = {n: float(np.mean(v)) for n, v in seen.metrics.items() if n.endswith("/grad_norm")}
    return {
        name: f"steep: {name} is {norm:.3g}, above {_STEEP:g}"
        for name, norm in norms.items()
        if norm > _STEEP
    }
