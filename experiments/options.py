"""The flags that binaries share, and what they say: data, a configuration, an error in one line."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from absl import app, flags, logging

from genjax import data
from genjax.training import PARALLEL, Config, TrainingError

WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run: its checkpoints, figures, results."
)
SET = flags.DEFINE_multi_string(
    "set", [], "A hyper-parameter of the model's function, name=value; repeat it for several."
)
LIST_MODELS = flags.DEFINE_bool(
    "list_models", False, "List the models: name, paper, what each can do."
)
TRACEBACK = flags.DEFINE_bool("traceback", False, "Show where an error arose, not only what it is.")
COMPILATION_CACHE = flags.DEFINE_string(
    "compilation_cache",
    os.environ.get("JAX_COMPILATION_CACHE_DIR", os.path.expanduser("~/.cache/genjax/compiled")),
    "Where compiled programs are kept from run to run; empty for nowhere.",
)


def define_data() -> None:
    """Flags that choose the data."""
    flags.DEFINE_string(
        "dataset",
        "digits",
        "digits (no network), file:PATH (npz, npy, mat), folder:PATH (images), or a TFDS set.",
    )
    flags.DEFINE_string("data_dir", None, "Where TFDS sets lie or are put.")
    flags.DEFINE_float("test_fraction", 0.1, "Share held out for test where the set has no split.")
    flags.DEFINE_float("valid_fraction", 0.1, "Share of the training part held out for validation.")
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
    flags.DEFINE_integer("steps", default.steps, "Rounds of training in all.")
    flags.DEFINE_integer(
        "batch_size", default.batch_size, "Examples a minibatch, over all devices."
    )
    flags.DEFINE_integer("seed", default.seed, "Root of every draw.")
    flags.DEFINE_integer(
        "num_seeds", default.num_seeds, "Runs trained side by side, one seed each."
    )
    flags.DEFINE_integer("chunk", default.chunk, "Rounds in one call of the compiled loop.")
    flags.DEFINE_integer(
        "eval_every", default.eval_every, "Rounds between validations and checkpoints."
    )
    flags.DEFINE_integer("log_every", default.log_every, "Rounds between lines without a terminal.")
    flags.DEFINE_integer("keep", default.keep, "Newest checkpoints kept, beside the best.")
    flags.DEFINE_enum(
        "parallel", default.parallel, PARALLEL, "How several devices share a minibatch."
    )
    flags.DEFINE_integer(
        "device_data_limit_mb",
        default.device_data_limit_mb,
        "Largest training set held on the device; larger ones stream from the host.",
    )
    flags.DEFINE_bool("overwrite", False, "Start anew where the workdir holds a run.")
    flags.DEFINE_enum(
        "precision",
        "float32",
        ["float32", "bf16"],
        "Of the networks; params and losses are float32.",
    )
    flags.DEFINE_bool("distributed", False, "One of several processes, on one host or many.")
    flags.DEFINE_string("coordinator", None, "host:port of process 0; None asks the cluster.")
    flags.DEFINE_integer("num_processes", None, "Processes in all; None asks the cluster.")
    flags.DEFINE_integer("process_id", None, "Which of them this is; None asks the cluster.")


DATA_FLAGS = (
    "dataset data_dir test_fraction valid_fraction image_size channels binarization dequantize flip"
).split()


def data_options() -> dict[str, Any]:
    """What the flags say of the data, for `load` and for config.json."""
    values = {name: flags.FLAGS[name].value for name in DATA_FLAGS}
    values["channels"] = int(values["channels"]) if values["channels"] else None
    kind, colon, path = values["dataset"].partition(":")
    if colon and kind in ("file", "folder"):  # a workdir is read from anywhere later
        values["dataset"] = f"{kind}:{os.path.abspath(path)}"
    return values


def load(options: dict[str, Any]) -> data.Dataset:
    """The data set that `data_options` describes."""
    return data.load(options["dataset"], **{k: v for k, v in options.items() if k != "dataset"})


def config(workdir: str) -> Config:
    """What the flags say of the loop."""
    names = [name for name in Config._fields if name != "workdir"]
    return Config(workdir=workdir, **{name: flags.FLAGS[name].value for name in names})


def start_devices() -> None:
    """Joins the other processes if `--distributed`, and turns the compilation cache on."""
    if COMPILATION_CACHE.value:
        jax.config.update("jax_compilation_cache_dir", COMPILATION_CACHE.value)
    if "distributed" in flags.FLAGS and flags.FLAGS.distributed:
        from genjax.training import distributed

        distributed.join(flags.FLAGS.coordinator, flags.FLAGS.num_processes, flags.FLAGS.process_id)


def workdir() -> str:
    """The folder that a binary without a model of its own works on."""
    if WORKDIR.value is None:
        raise ValueError(
            "--workdir is needed: the folder of a trained run, such as runs/vae_digits"
        )
    return WORKDIR.value


def save_arrays(path, **arrays) -> None:
    """Writes an .npz, whole or not at all."""
    path = Path(path)
    beside = path.with_name(f".{path.name}")
    with beside.open("wb") as file:
        np.savez_compressed(file, **arrays)
    beside.replace(path)


def show_in_help() -> None:
    """Makes --help of the running binary list the flags of this module too."""
    flags.adopt_module_key_flags(sys.modules[__name__])


def run(main: Callable[[], None]) -> None:
    """Parses the flags and runs `main`; a user's mistake is one line on stderr and exit code 2."""

    def parse(argv):
        try:
            rest = flags.FLAGS(argv)
        except flags.Error as error:
            sys.exit(_complain(str(error).splitlines()[0], 2))
        if len(rest) > 1:
            sys.exit(_complain(f"unexpected argument {rest[1]!r}; flags start with --", 2))
        return rest

    def guarded(_):
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.ERROR)  # the checkpoint library narrates every file
        try:
            start_devices()
            main()
        except (ValueError, OSError, TrainingError) as error:
            if TRACEBACK.value:
                raise
            code = 1 if isinstance(error, TrainingError) else 2
            sys.exit(_complain(error, code))
        except KeyboardInterrupt:
            sys.exit(
                _complain("interrupted; the same command goes on from the last checkpoint", 130)
            )

    app.run(guarded, flags_parser=parse)


def _complain(error, code: int) -> int:
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    return code
