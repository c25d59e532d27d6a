"""The contact sheet of the zoo: samples of every adversarial model that was trained, on one page.

python -m experiments.zoo                        of runs/, in runs/zoo.png
python -m experiments.zoo --runs=elsewhere --output=zoo.pdf

A model's picture is the one that its latest run drew as it went on: samples, or filled holes, pairs
or a forecast of a model that does not sample. On stderr stand the commands that train what is missing.
"""

import sys
from pathlib import Path

from absl import flags

from experiments import command, families, options, watch
from genjax import plots
from genjax.training import read_config


def define() -> None:
    """Defines the flags."""
    options.define_common()
    flags.DEFINE_string("runs", "runs", "The folder whose sub-folders are workdirs of runs.")
    flags.DEFINE_string("output", None, "The picture to write; zoo.png in --runs if not given.")


def main() -> None:
    """Draws the sheet and names what is not on it."""
    folder = Path(flags.FLAGS.runs)
    found = trained(folder)
    if not found:
        raise ValueError(
            f"{folder} holds no run of an adversarial model with a picture in samples/: train one "
            "first, python -m experiments.gan --model=NAME"
        )
    for name in families.FAMILIES["gan"]:
        if name not in found:
            print(f"not trained: python -m experiments.gan --model={name}", file=sys.stderr)
    output = Path(flags.FLAGS.output or folder / "zoo.png")
    output.parent.mkdir(parents=True, exist_ok=True)
    plots.contact_sheet(found, output)
    print(output)


def trained(folder: Path) -> dict[str, Path]:
    """Adversarial model -> the picture of its latest run in `folder`, in the family's order."""
    found = {}  # workdir -> picture
    for name in reversed(watch.FRAMES):
        found |= {path.parent.parent: path for path in folder.glob(f"*/samples/{name}.png")}
    latest = {}
    for workdir, picture in sorted(found.items(), key=lambda item: item[1].stat().st_mtime):
        try:
            identity = read_config(workdir)["identity"]
        except (ValueError, KeyError):  # no run of this library
            continue
        if identity.get("family") == "gan":
            latest[identity["model"]] = picture
    return {name: latest[name] for name in families.FAMILIES["gan"] if name in latest}


if __name__ == "__main__":
    command.run(define, main)
