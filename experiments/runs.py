"""A run: a system, its hyper-parameters and its data, from flags or from an earlier workdir."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from absl import flags

from experiments import families, hyper_parameters, options, priors
from genjax.core import Model, Spec, Stage, stages, variables_for_sampling
from genjax.data import Dataset
from genjax.training import load_state, read_config

_INTEGERS = ("text", "factors")  # entries of a batch beside `label` that are whole numbers


class Run(NamedTuple):
    """What config.json says of a run under `identity`, and the system that it makes.

    Attributes:
        workdir: its folder.
        family, name: the system.
        hyper_parameters: all of them, defaults included.
        data: `options.data_options` of the set, its own defaults filled in.
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


class Trained(NamedTuple):
    """A run with what it has learned.

    Attributes:
        run: whose.
        step: of the checkpoint.
        seeds: of the runs that trained side by side.
        batch_size: that it trained with.
        variables: for sampling, host arrays, with a leading axis of seeds where there are several.
    """

    run: Run
    step: int
    seeds: tuple[int, ...]
    batch_size: int
    variables: Any

    def of_first_seed(self) -> Any:
        """The variables of the first seed: what samples and pictures are drawn from."""
        return first_seed(self.variables, len(self.seeds))


def first_seed(variables: Any, num_seeds: int) -> Any:
    """Those of the first of `num_seeds` runs."""
    return variables if num_seeds == 1 else jax.tree.map(lambda leaf: leaf[0], variables)


def from_flags(family: str) -> tuple[Run, Dataset]:
    """The run that the flags describe, with its data set.

    Raises:
        ValueError: for a model, a hyper-parameter or data that are none, or do not fit one another.
    """
    name = flags.FLAGS.model
    make = families.find(family, name)
    values = {**hyper_parameters.defaults(make), **asked(name, make)}
    data = _data_options()
    dataset = load_data(data)
    data["binarization"] = data["binarization"] or dataset.binarization
    system = make(dataset.spec, **values)
    run = Run(workdir_from_flags(), family, name, values, data, dataset.spec, system)
    return run, dataset


def prior_for() -> str | None:
    """The workdir of `--prior_for`, where the binary has that flag."""
    given = flags.FLAGS.prior_for if "prior_for" in flags.FLAGS else None
    return os.path.abspath(os.path.expanduser(given)) if given else None


def load_data(data: dict[str, Any]) -> Dataset:
    """The data set that a run's `data` describes: a set by name, or the codes of another run.

    Raises:
        ValueError: if there is none, or codes are not discrete.
    """
    options_of_set = {name: value for name, value in data.items() if name != "prior_for"}
    if not data.get("prior_for"):
        return options.load(options_of_set)
    coder = from_workdir(data["prior_for"])
    if coder.model.encode is None or coder.model.decode is None or coder.model.condition:
        raise ValueError(
            f"--prior_for={coder.workdir} holds a {coder.name}: it needs a run whose codes are "
            "discrete, such as a vq_vae's"
        )
    images, variables = load_data(coder.data), load(coder, "best").of_first_seed()
    name = f"codes of {coder.workdir.name}"
    return priors.code_dataset(coder.model, name, _num_codes(coder), variables, images)


def decoded(run: Run, samples: np.ndarray) -> np.ndarray:
    """Pictures of a prior's samples, by the run that the codes are of."""
    coder = from_workdir(run.data["prior_for"])
    variables = load(coder, "best").of_first_seed()
    return priors.to_images(coder.model, variables, _num_codes(coder), samples)


def workdir_from_flags() -> Path:
    """`--workdir`, or `runs/<model>_<dataset>` where it is not given."""
    if flags.FLAGS.workdir:
        return Path(flags.FLAGS.workdir)
    if prior_for():
        return Path("runs") / f"{flags.FLAGS.model}_for_{Path(prior_for()).name}"
    name = options.data_options()["dataset"]
    kind, _, path = name.partition(":")
    label = Path(path).stem if kind in ("file", "folder") else name.replace("/", "_")
    return Path("runs") / f"{flags.FLAGS.model}_{label}"


def from_workdir(workdir: str | Path, **changes) -> Run:
    """The run that was trained in `workdir`, with hyper-parameters changed that only evaluation uses.

    Raises:
        ValueError: if there is no run, or the model does not have a changed hyper-parameter.
    """
    identity = read_config(workdir)["identity"]
    try:
        family, name = identity["family"], identity["model"]
        stored, spec = identity["hyper_parameters"], dict(identity["spec"])
        spec["shape"] = tuple(spec["shape"])
        spec["extras"] = {entry: tuple(shape) for entry, shape in spec["extras"].items()}
        spec, data = Spec(**spec), identity["data"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{workdir}/config.json does not say what was trained: it lacks {error}"
        ) from error
    make = families.find(family, name)
    unknown = set(stored) - set(hyper_parameters.parameters(make))
    if unknown:
        raise ValueError(
            f"{workdir} was trained by another version of {name}, with {', '.join(sorted(unknown))}"
        )
    values = {n: tuple(v) if isinstance(v, list) else v for n, v in stored.items()}
    for each, value in changes.items():
        if value is not None and each not in hyper_parameters.parameters(make):
            raise ValueError(f"{name} has no --{each}: leave it out")
        values |= {} if value is None else {each: value}
    return Run(Path(workdir), family, name, values, data, spec, make(spec, **values))


def asked(name: str, make) -> dict[str, Any]:
    """Hyper-parameters by `--set` and `--precision`."""
    values = hyper_parameters.parse(make, flags.FLAGS["set"].value)
    precision = flags.FLAGS.precision
    if precision is None:
        return values
    if "precision" not in hyper_parameters.parameters(make):
        if precision == "float32":
            return values
        raise ValueError(f"{name} has no --precision={precision}: it computes in float32")
    if values.get("precision", precision) != precision:
        raise ValueError(
            f"--precision={precision} and --set precision={values['precision']} exclude each other: "
            "leave one out"
        )
    return {**values, "precision": precision}


def refuse_other_flags(run: Run) -> None:
    """Refuses flags that say something else than what was trained; flags not given say nothing.

    Raises:
        ValueError: with each that differs.
    """
    make = families.find(run.family, run.name)
    said = {"model": flags.FLAGS.model} if flags.FLAGS["model"].present else {}
    said |= {"prior_for": prior_for()} if prior_for() else {}
    data = options.data_options()
    said |= {name: data[name] for name in options.DATA_FLAGS if flags.FLAGS[name].present}
    said |= asked(run.name, make)
    trained = {**run.data, **run.hyper_parameters, "model": run.name}
    differing = [
        f"{name} {trained.get(name)!r}, not {value!r}"
        for name, value in said.items()
        if trained.get(name) != value
    ]
    if differing:
        raise ValueError(
            f"{run.workdir} was trained with {', '.join(differing)}: leave that flag out, or name "
            "the --workdir of another run"
        )


def load(run: Run, checkpoint: str) -> Trained:
    """The run with the variables of a checkpoint, `best` or `latest`.

    Raises:
        ValueError: if there is none.
    """
    identity = read_config(run.workdir)["identity"]
    batch = spec_batch(run.spec, identity["batch_size"])
    step, state = load_state(run.system, run.workdir, batch, checkpoint)
    first, count = identity["seed"], identity["num_seeds"]
    seeds = tuple(range(first, first + count))
    return Trained(run, step, seeds, identity["batch_size"], variables_for_sampling(state))


def spec_batch(spec: Spec, batch_size: int) -> dict[str, np.ndarray]:
    """A minibatch of zeros of the shapes that `spec` describes."""
    batch = {spec.entry: np.zeros((batch_size, *spec.shape), np.float32)}
    if spec.num_classes is not None:
        batch["label"] = np.zeros(batch_size, np.int32)
    for name, shape in spec.extras.items():
        kind = np.int32 if name in _INTEGERS else np.float32
        batch[name] = np.zeros((batch_size, *shape), kind)
    return {**batch, "index": np.zeros(batch_size, np.int32)}


def _num_codes(coder: Run) -> int:
    if "num_codes" not in coder.hyper_parameters:
        raise ValueError(
            f"--prior_for={coder.workdir} holds a {coder.name}, whose codes are not discrete: take "
            "a vq_vae"
        )
    return coder.hyper_parameters["num_codes"]


def _data_options() -> dict[str, Any]:
    """What the flags say of the data: of a prior, that it is the data of the other run."""
    if not prior_for():
        return options.data_options()
    given = [name for name in options.DATA_FLAGS if flags.FLAGS[name].present]
    if given:
        raise ValueError(
            f"--{given[0]} and --prior_for exclude each other: codes are of the data that "
            f"{prior_for()} was trained on"
        )
    return {**from_workdir(prior_for()).data, "prior_for": prior_for()}
