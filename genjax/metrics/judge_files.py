"""A judge in one .npz, for whoever keeps one; the file appears whole or not at all."""

import json
import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from genjax.metrics.judge import VERSION, Judge, JudgeNet, judge_of

_ABOUT = "about"  # the entry that says what the judge is; every other one is a weight


def save_judge(path: str | Path, judge: Judge) -> None:
    """Writes a judge of `train_judge` to `path` (.npz): beside its place first, then renamed into it.

    Raises:
        ValueError: if the judge is of any size of image, as FID-Inception: it has a file already.
    """
    if judge.shape is None:
        raise ValueError(f"only judges of train_judge are written, not {judge.version!r}")
    about = {
        "format": VERSION,
        "version": judge.version,
        "shape": judge.shape,
        "num_classes": list(judge.num_classes.items()),
        "accuracy": dict(judge.accuracy),
    }
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            np.savez(file, **flatten_dict(judge.variables, sep="/"), **{_ABOUT: json.dumps(about)})
        beside.replace(path)
    except BaseException:  # a full disk, a signal
        beside.unlink(missing_ok=True)
        raise


def load_judge(path: str | Path) -> Judge:
    """What `save_judge` wrote.

    Raises:
        ValueError: if there is no such file, or it is none of a judge, or of another version of genjax,
            or its weights are not those that were written.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        about = json.loads(arrays.pop(_ABOUT).item())
    except (OSError, BadZipFile, EOFError, KeyError, ValueError) as error:
        raise ValueError(
            f"{path} has no judge that can be read ({error}): train one anew"
        ) from error
    if about["format"] != VERSION:
        raise ValueError(
            f"{path}: judge of format {about['format']}, not {VERSION}: train one anew"
        )
    num_classes = tuple((name, num) for name, num in about["num_classes"])
    square = num_classes == (("rotation", 4),)
    shape, variables = tuple(about["shape"]), unflatten_dict(arrays, sep="/")
    judge = judge_of(JudgeNet(num_classes, square), shape, variables, about["accuracy"])
    if judge.version != about["version"]:
        raise ValueError(f"{path}: {judge.version!r}, not {about['version']!r}: train one anew")
    return judge
