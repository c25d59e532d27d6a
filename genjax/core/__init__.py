"""The contract: every model is a game between players. Imports nothing of genjax."""

from genjax.core.checks import check_above, check_at_least, check_labels, check_name
from genjax.core.contract import (
    Aux,
    Batch,
    Codes,
    Conditionals,
    Gate,
    Latents,
    Metrics,
    Model,
    Objective,
    Player,
    Shared,
    Stage,
    State,
    Variables,
    carry_over,
    stages,
    variables_for_sampling,
)
from genjax.core.devices import DATA_AXIS, data_axis, mean_over_devices
from genjax.core.game import Ema, game
from genjax.core.spec import Spec

__all__ = [
    "DATA_AXIS",
    "Aux",
    "Batch",
    "Codes",
    "Conditionals",
    "Ema",
    "Gate",
    "Latents",
    "Metrics",
    "Model",
    "Objective",
    "Player",
    "Shared",
    "Spec",
    "Stage",
    "State",
    "Variables",
    "carry_over",
    "check_above",
    "check_at_least",
    "check_labels",
    "check_name",
    "data_axis",
    "game",
    "mean_over_devices",
    "stages",
    "variables_for_sampling",
]
