"""The tasks by name: each is a function of what is given, with its own keyword-only options."""

from collections.abc import Callable
from typing import Any, NamedTuple

from experiments.tasks.clustering import clustering, toy_clustering
from experiments.tasks.completion import completion
from experiments.tasks.compression import compression
from experiments.tasks.denoising import denoising
from experiments.tasks.density import density, toy_density
from experiments.tasks.density import suits as has_density
from experiments.tasks.embedding import manifold, reduction
from experiments.tasks.given import Given, Outcome
from experiments.tasks.outliers import outliers
from experiments.tasks.outliers import suits as can_score
from experiments.tasks.super_resolution import super_resolution
from experiments.tasks.transfer import transfer
from genjax.core import Model, Spec
from genjax.tasks import compression as coders
from genjax.tasks.completion import completer


class Task(NamedTuple):
    """What people do with a model.

    Attributes:
        run: `(given, *, option=default, ...) -> Outcome`; draws into `given.folder`.
        needs: what the model must be able to do, in words: "codes (encode)".
        suits: `(model) -> bool`, whether it can.
        model: the system that is trained where none is named.
        flags: what the flags say of the training of `model` where they are not given.
        data: what they say of the data, whatever is trained, where they are not given.
        spec: of the examples of a task that brings its own data: nothing is trained beforehand, and
            `given.refit` trains on what the task draws.
    """

    run: Callable[..., Outcome]
    needs: str
    suits: Callable[[Model], bool]
    model: str
    flags: dict[str, Any] = {}
    data: dict[str, Any] = {}
    spec: Spec | None = None


TASKS: dict[str, Task] = {
    "clustering": Task(
        clustering,
        "codes (encode) or clusters, and no condition",
        lambda model: (model.encode or model.clusters) is not None and model.condition is None,
        model="vade",
        flags={
            "steps": 2500,
            "batch_size": 128,
            "set": ["likelihood=gaussian", "variance=0.1", "pretraining_rounds=1000"],
        },
        data={"binarization": "none"},
    ),
    "toy_clustering": Task(
        toy_clustering,
        "codes (encode) or clusters, and no condition",
        lambda model: (model.encode or model.clusters) is not None and model.condition is None,
        model="dec",
        flags={"steps": 2000, "set": ["pretraining_rounds=1500", "code_dim=2", "hidden=64,64"]},
        spec=Spec((2,)),
    ),
    "manifold": Task(
        manifold,
        "codes (encode), and no condition",
        lambda model: model.encode is not None and model.condition is None,
        model="autoencoder",
        flags={"steps": 3000, "set": ["code_dim=2"]},
        data={"binarization": "none"},
    ),
    "reduction": Task(
        reduction,
        "codes (encode), and no condition",
        lambda model: model.encode is not None and model.condition is None,
        model="autoencoder",
        flags={"steps": 3000, "set": ["code_dim=8"]},
        data={"binarization": "none"},
    ),
    "compression": Task(
        compression,
        f"{coders.NEEDS}, and no condition",
        lambda model: coders.kind(model) is not None,
        model="made",
        flags={"steps": 3000},
    ),
    "completion": Task(
        completion,
        "completions, or codes and back (complete, conditionals, or encode and decode)",
        lambda model: completer(model) is not None,
        model="made",
        flags={"set": ["weight_decay=0.1"], "steps": 2000, "eval_every": 200},
    ),
    "outliers": Task(
        outliers,
        "a score (log_prob, a bound, or encode and decode), and no condition",
        can_score,
        model="autoencoder",
        flags={"set": ["code_dim=8", "hidden=64"], "steps": 3000},
        data={"binarization": "none"},
    ),
    "denoising": Task(
        denoising,
        "codes and back (encode and decode)",
        lambda model: model.encode is not None and model.decode is not None,
        model="denoising_autoencoder",
        flags={"steps": 3000},
        data={"binarization": "none"},
    ),
    "super_resolution": Task(
        super_resolution,
        "super-resolution (upscale)",
        lambda model: model.upscale is not None,
        model="espcn",
        flags={"steps": 2000, "batch_size": 16, "set": ["residual=true"]},
        data={"dataset": "pictures", "binarization": "none"},
    ),
    "transfer": Task(
        transfer,
        "codes of numbers (encode), and no condition",
        lambda model: model.encode is not None and model.condition is None,
        model="denoising_autoencoder",
        # Layers of sigmoids, as the paper's: those are what is hard to train from few labels.
        flags={
            "set": [
                "corruption=gaussian",
                "noise=0.5",
                "hidden=256,256",
                "activation=sigmoid",
                "code_activation=sigmoid",
            ],
            "steps": 3000,
        },
        data={"binarization": "none"},
    ),
    "density": Task(
        density,
        "a log-probability (log_prob), and no condition",
        has_density,
        model="made",
        flags={"set": ["hidden=200"], "steps": 3000},
        data={"dequantize": True},
    ),
    "toy_density": Task(
        toy_density,
        "a log-density of vectors (log_prob), and no condition",
        has_density,
        model="iwae",
        flags={
            "set": ["num_samples=20", "latent_dim=2", "hidden=64,64", "learning_rate=2e-3"],
            "steps": 3000,
            "batch_size": 200,
        },
        spec=Spec((2,)),
    ),
}

__all__ = ["TASKS", "Given", "Outcome", "Task"]
