"""The rate-distortion curve of a family of beta-VAEs: one run for each beta, and a figure of them all.

python -m experiments.rate_distortion                     digits, beta 0.1, 1, 4 and 16
python -m experiments.rate_distortion --betas=0.5,1,2 --num_seeds=5
python -m experiments.rate_distortion --model=beta_tc_vae any model with a hyper-parameter beta

The same command goes on where it was stopped. Its folder then holds beta_<beta>/ for each run,
rate_distortion.png and rate_distortion.json.
"""

import itertools
import math
from pathlib import Path
from typing import Any

from absl import flags

from experiments import command, families, hyper_parameters, several, train
from experiments.runs import workdir_from_flags
from genjax import plots
from genjax.training import write_json


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_string("model", "beta_vae", "One of the VAEs with a hyper-parameter beta.")
    flags.DEFINE_list("betas", ["0.1", "1", "4", "16"], "Weights of the KL, at least two.")
    train.define_run(steps=10_000)
    # The best checkpoint is that of the best ELBO, beta 1: it would pull the ends of the curve inwards.
    flags.FLAGS.set_default("checkpoint", "latest")


def main() -> None:
    """Finishes the runs, draws and tells what they trade."""
    said = several.command_line("experiments.rate_distortion")
    betas = _betas()
    folder = _folder()
    points = []
    for beta in betas:
        print(f"beta {beta:g}")
        changes = {"set": [*flags.FLAGS["set"].value, f"beta={beta!r}"]}
        results = several.finish("vae", folder / f"beta_{beta:g}", changes)
        if results is None:
            return
        points.append(point(beta, results))
    _draw(points, folder / "rate_distortion.png")
    falls, rises = trend(points, "rate", -1), trend(points, "distortion", 1)
    written = {"command": said, "points": points, "rate_falls": not falls}
    written |= {"distortion_rises": not rises, "protocol": results["protocol"]}
    for of_one_run in ("hyper_parameters", "trained_at_commit"):
        del written["protocol"][of_one_run]
    write_json(folder / "rate_distortion.json", written)
    print(f"{'beta':>8} {'rate':>10} {'distortion':>11} {'elbo':>10}   nats")
    for each in points:
        values = f"{each['rate']:10.4f} {each['distortion']:11.4f} {each['elbo']:10.4f}"
        print(f"{each['beta']:8g} {values}")
    print(f"rate falls as beta grows: {falls or 'yes'}")
    print(f"distortion rises as beta grows: {rises or 'yes'}")
    for name in ("rate_distortion.json", "rate_distortion.png"):
        print(folder / name)


def point(beta: float, results: dict[str, Any]) -> dict[str, float]:
    """Rate, the KL, and distortion, minus the reconstruction term, of a run from its results.json.

    Raises:
        ValueError: if the model measures neither.
    """
    metrics = results["metrics"]
    missing = {"test/kl", "test/reconstruction"} - set(metrics)
    if missing:
        raise ValueError(f"{results['model']} has no {' and '.join(sorted(missing))} to draw")
    values = {
        "beta": beta,
        "rate": metrics["test/kl"],
        "distortion": -metrics["test/reconstruction"],
        "elbo": metrics["test/reconstruction"] - metrics["test/kl"],
    }
    deviations = {"rate_std": "test/kl_std", "distortion_std": "test/reconstruction_std"}
    return values | {n: metrics[name] for n, name in deviations.items() if name in metrics}


def trend(points: list[dict[str, float]], name: str, sign: int) -> str:
    """Where `name` fails to rise (sign 1) or fall (-1) from beta to beta; '' where it never does."""
    broken = [
        f"{before['beta']:g} to {after['beta']:g}"
        for before, after in itertools.pairwise(points)
        if not sign * (after[name] - before[name]) > 0
    ]
    return f"no, not from {', '.join(broken)}" if broken else ""


def _draw(points: list[dict[str, float]], path: Path) -> None:
    column = lambda name: [each[name] for each in points]
    deviations = "rate_std" in points[0]
    plots.rate_distortion_curve(
        column("rate"),
        column("distortion"),
        [f"β {beta:g}" for beta in column("beta")],
        path,
        rate_errors=column("rate_std") if deviations else None,
        distortion_errors=column("distortion_std") if deviations else None,
    )


def _betas() -> list[float]:
    """Those of the flag, in order.

    Raises:
        ValueError: if they are not two or more different numbers from 0 on, or --set sets beta too.
    """
    several.refuse_processes()
    given = flags.FLAGS.betas
    try:
        betas = sorted(float(text) for text in given)
    except ValueError:
        betas = []
    usable = len(set(betas)) == len(betas) >= 2 and all(0 <= b < math.inf for b in betas)
    if not usable:
        raise ValueError(
            f"--betas={','.join(given)}: expected two or more different numbers from 0 on, as in "
            "--betas=0.1,1,4,16"
        )
    asked = hyper_parameters.parse(
        families.find("vae", flags.FLAGS.model), [*flags.FLAGS["set"].value, f"beta={betas[0]!r}"]
    )
    if any(each.partition("=")[0].strip() == "beta" for each in flags.FLAGS["set"].value):
        raise ValueError("--betas says what beta is: leave --set beta out")
    if asked.get("capacity") is not None:
        raise ValueError("a capacity fixes the rate, whatever beta: leave --set capacity out")
    return betas


def _folder() -> Path:
    if flags.FLAGS.workdir:
        return Path(flags.FLAGS.workdir)
    return Path("runs") / "rate_distortion" / workdir_from_flags().name


if __name__ == "__main__":
    command.run(define, main)
