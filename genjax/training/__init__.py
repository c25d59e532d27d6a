"""The loop: it knows stages, devices, files and signals, and no model."""

from genjax.training import distributed
from genjax.training.checkpoints import Checkpoints
from genjax.training.config import PARALLEL, Config, TrainingError
from genjax.training.evaluation import make_evaluate
from genjax.training.fit import Evaluation, Fitted, Keys, fit, run_keys
from genjax.training.restore import CHECKPOINTS, load_state
from genjax.training.workdir import read_config, read_json, read_metrics, write_json

__all__ = [
    "CHECKPOINTS",
    "PARALLEL",
    "Checkpoints",
    "Config",
    "Evaluation",
    "Fitted",
    "Keys",
    "TrainingError",
    "distributed",
    "fit",
    "load_state",
    "make_evaluate",
    "read_config",
    "read_json",
    "read_metrics",
    "run_keys",
    "write_json",
]
