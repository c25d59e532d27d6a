"""The flags that binaries share, and what they say: devices, data, a configuration of the loop."""

import os
import sys
from pathlib import Path
from typing import Any

import jax
from absl import flags

from genjax import data
from genjax.training import PARALLEL, Config, distributed

_CACHE = Path.home() / ".cache" / "genjax" / "compiled"


def define_common() -> None:
    """Flags of every binary."""
    flags.DEFINE_string(
        "workdir", None, "Folder of the run: its checkpoints, pictures and figures."
    )
    flags.DEFINE_bool("traceback", False, "Show where an error arose, not only what it is.")
    flags.DEFINE_string(
        "compilation_cache",
        None,
        "Where compiled programs are kept from run to run, empty for nowhere; if not given, "
        "$JAX_COMPILATION_CACHE_DIR or ~/.cache/genjax/compiled.",
    )


def define_data() -> None:
    """Flags that choose the data."""
    flags.DEFINE_string(
        "dataset",
        "digits",
        "digits, stacked_digits, pictures (patches of photographs), ring, grid, sprites, outlines "
        "(pairs), colour_worlds (unpaired), scenes (layouts), toy_translation (sentences), file:PATH "
        "(npz, npy, mat), folder:PATH (images), or a TFDS name; only the last needs a network.",
    )
    flags.DEFINE_string("data_dir", None, "Where TFDS sets lie or are put.")
    for name, of in (("test_fraction", "the examples"), ("valid_fraction", "the rest")):
        meaning = f"Share of {of} that is held out where the set has no such split."
        flags.DEFINE_float(name, 0.1, meaning, lower_bound=0, upper_bound=1)
    flags.DEFINE_integer(
        "image_size", None, "Images are cropped to a square and resized to this side."
    )
    flags.DEFINE_enum("channels", None, ["1", "3"], "Grey or RGB; the set's own if not given.")
    flags.DEFINE_enum(
        "binarization",
        None,
        ["none", "threshold", "static", "dynamic"],
        "How grey values become bits: at half the range, drawn once, or drawn anew at each step; the "
        "set's own if not given (threshold for digits, none for others).",
    )
    flags.DEFINE_bool("dequantize", False, "Add uniform noise, so that levels become continuous.")
    flags.DEFINE_bool("flip", False, "Mirror training images at random.")


def define_training(*, steps: int, batch_size: int) -> None:
    """Flags of the loop, with the family's defaults."""
    default = Config(steps=steps, batch_size=batch_size)

    def whole(name, meaning, least=1):
        flags.DEFINE_integer(name, getattr(default, name), meaning, lower_bound=least)

    whole("steps", "Rounds of training in all, those before a resume included.")
    whole("batch_size", "Examples a minibatch, over all devices.")
    whole("seed", "Root of every draw.", least=0)
    whole("num_seeds", "Runs trained side by side, with seeds seed, seed + 1, ...")
    whole("chunk", "Rounds in one call of the compiled loop.")
    whole("eval_every", "Rounds between validations; each is followed by a checkpoint.")
    whole("log_every", "Rounds between lines where stderr is no terminal.")
    whole("keep", "Newest checkpoints kept, beside the best by validation.")
    whole(
        "device_data_limit_mb",
        "Largest training set held on the device; larger ones stream from the host.",
        least=0,
    )
    flags.DEFINE_enum(
        "parallel",
        default.parallel,
        PARALLEL,
        "How devices share a minibatch: as one program over a mesh, or one on each.",
    )
    flags.DEFINE_bool("overwrite", False, "Start anew where the workdir holds a run.")
    flags.DEFINE_enum(
        "precision",
        None,
        ["float32", "bf16"],
        "Of the networks, float32 if not given; params, optimizer and losses are float32 always.",
    )
    flags.DEFINE_bool("distributed", False, "One of several processes, on one host or many.")
    flags.DEFINE_string("coordinator", None, "host:port of process 0; the cluster's if not given.")
    flags.DEFINE_integer("num_processes", None, "Processes in all; the cluster's if not given.")
    flags.DEFINE_integer("process_id", None, "Which of them this is; the cluster's if not given.")


DATA_FLAGS = (
    "dataset data_dir test_fraction valid_fraction image_size channels binarization dequantize flip"
).split()


def data_options() -> dict[str, Any]:
    """What the flags say of the data, for `load` and for config.json."""
    values = {name: flags.FLAGS[name].value for name in DATA_FLAGS}
    values["channels"] = int(values["channels"]) if values["channels"] else None
    kind, colon, path = values["dataset"].partition(":")
    if colon and kind in ("file", "folder"):  # a workdir is read from anywhere later
        values["dataset"] = f"{kind}:{os.path.abspath(os.path.expanduser(path))}"
    if values["data_dir"] is not None and "://" not in values["data_dir"]:  # not a bucket
        values["data_dir"] = os.path.abspath(os.path.expanduser(values["data_dir"]))
    return values


def load(options: dict[str, Any]) -> data.Dataset:
    """The data set that `data_options` describes."""
    return data.load(options["dataset"], **{k: v for k, v in options.items() if k != "dataset"})


def config(workdir: str) -> Config:
    """What the flags say of the loop."""
    names = [name for name in Config._fields if name != "workdir"]
    return Config(workdir=workdir, **{name: flags.FLAGS[name].value for name in names})


def as_given() -> dict[str, Any]:
    """Every flag of ours with its value, for config.json."""
    ours = flags.FLAGS.flags_by_module_dict()
    return {
        flag.name: flag.value
        for module, defined in ours.items()
        if module.startswith("experiments.")
        for flag in defined
    }


def start_devices() -> None:
    """Joins the other processes if `--distributed`, and turns the compilation cache on."""
    folder = flags.FLAGS.compilation_cache
    if folder is None:
        folder = os.environ.get("JAX_COMPILATION_CACHE_DIR") or str(_CACHE)
    if folder and not _can_write(folder):
        print(f"note: compiled programs are not kept: cannot write to {folder}", file=sys.stderr)
        folder = ""
    jax.config.update("jax_compilation_cache_dir", folder or None)
    # By default only what took a second is kept; a start is made of many small programs.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    if "distributed" in flags.FLAGS and flags.FLAGS.distributed:
        distributed.join(flags.FLAGS.coordinator, flags.FLAGS.num_processes, flags.FLAGS.process_id)


def workdir() -> str:
    """The folder that a binary without a model of its own works on.

    Raises:
        ValueError: if the flag is not given.
    """
    if not flags.FLAGS.workdir:
        raise ValueError(
            "--workdir is needed: the folder of a trained run, such as runs/vae_digits"
        )
    return flags.FLAGS.workdir


def _can_write(folder: str) -> bool:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
