"""A run: a system, its hyper-parameters and its data, from flags or from an earlier workdir."""

from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from absl import flags

from experiments import families, hyper_parameters, options
from genjax.core import Model, Spec, Stage, stages, variables_for_sampling
from genjax.data import Dataset
from genjax.training import load_state, read_json


class Run(NamedTuple):
    """What config.json says of a run under `identity`, and the system that it makes.

    Attributes:
        workdir: its folder.
        family, name: the system.
        hyper_parameters: all of them, defaults included.
        data: `options.data_options` of the set.
        spec: of the set.
        system: what the system's function returned.
    """

    workdir: Path
    family: str
    name: str
    hyper_parameters: dict[str, Any]
    data: dict[str, Any]
    spec: Spec
    system: Model | tuple[Stage, ...]

    @property
    def model(self) -> Model:
        """The model that the run ends with."""
        return stages(self.system)[-1].model

    def identity(self) -> dict[str, Any]:
        """What decides the run, for config.json."""
        return {
            "family": self.family,
            "model": self.name,
            "hyper_parameters": self.hyper_parameters,
            "data": self.data,
            "spec": self.spec._asdict(),
        }


def from_flags(family: str) -> tuple[Run, Dataset]:
    """The run that the flags describe, with its data set."""
    name = flags.FLAGS.model
    make = families.find(family, name)
    known = hyper_parameters.parameters(make)
    values = {**hyper_parameters.defaults(make), **hyper_parameters.parse(make, options.SET.value)}
    if flags.FLAGS["precision"].present:
        if "precision" not in known:
            raise ValueError(f"{name} has no --precision: it computes in float32")
        values["precision"] = flags.FLAGS.precision
    data = options.data_options()
    dataset = options.load(data)
    kind, _, path = data["dataset"].partition(":")
    label = Path(path).stem if kind in ("file", "folder") else data["dataset"].replace("/", "_")
    workdir = Path(options.WORKDIR.value or Path("runs") / f"{name}_{label}")
    system = make(dataset.spec, **values)
    return Run(workdir, family, name, values, data, dataset.spec, system), dataset


def from_workdir(workdir: str | Path, **changes) -> Run:
    """The run that was trained in `workdir`, with hyper-parameters changed that only evaluation uses.

    Raises:
        ValueError: if there is no run, or the model does not have a changed hyper-parameter.
    """
    identity = read_json(Path(workdir) / "config.json")["identity"]
    make = families.find(identity["family"], identity["model"])
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in identity["hyper_parameters"].items()
    }
    for name, value in changes.items():
        if value is not None and name not in values:
            raise ValueError(f"{identity['model']} has no hyper-parameter {name!r}")
        values |= {} if value is None else {name: value}
    spec = identity["spec"]
    extras = {name: tuple(shape) for name, shape in spec["extras"].items()}
    spec = Spec(tuple(spec["shape"]), spec["num_levels"], spec["num_classes"], extras)
    return Run(
        Path(workdir),
        identity["family"],
        identity["model"],
        values,
        identity["data"],
        spec,
        make(spec, **values),
    )


def variables(run: Run, which: str) -> tuple[int, int, Any]:
    """(step, number of seeds, variables for sampling) of a checkpoint; an axis of seeds if several."""
    identity = read_json(run.workdir / "config.json")["identity"]
    batch = spec_batch(run.spec, identity["batch_size"])
    step, state = load_state(run.system, run.workdir, batch, which)
    return step, identity["num_seeds"], variables_for_sampling(state)


def first_seed(tree: Any, num_seeds: int) -> Any:
    """The first of several seeds' variables: what pictures are drawn from."""
    return tree if num_seeds == 1 else jax.tree.map(lambda leaf: leaf[0], tree)


def spec_batch(spec: Spec, batch_size: int) -> dict[str, np.ndarray]:
    """A minibatch of zeros of the shapes that `spec` describes."""
    batch = {spec.entry: np.zeros((batch_size, *spec.shape), np.float32)}
    if spec.num_classes is not None:
        batch["label"] = np.zeros(batch_size, np.int32)
    for name, shape in spec.extras.items():
        batch[name] = np.zeros((batch_size, *shape), np.float32)
    return {**batch, "index": np.zeros(batch_size, np.int32)}
