"""The binaries as a user starts them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genjax.training import read_metrics
from tests.experiments.commands import VAE

pytestmark = pytest.mark.acceptance  # a minute of starting processes

ROOT = Path(__file__).parent.parent.parent


def start(folder, *arguments):
    """`python -m ARGUMENTS` in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_mistake_is_one_line_and_exit_code_2(tmp_path):
    process = start(tmp_path, "experiments.vae", "--set", "latentdim=3")
    said, complained = process.communicate(timeout=120)
    assert process.returncode == 2 and not said
    assert complained.startswith("error: vae has no hyper-parameter 'latentdim'; did you mean")
    assert complained.count("\n") == 1 and not list(tmp_path.iterdir())


def test_help_shows_every_flag_of_ours(tmp_path):
    process = start(tmp_path, "experiments.vae", "--help")
    shown, complained = process.communicate(timeout=120)
    assert process.returncode == 0 and not complained
    for text in (
        "python -m experiments.vae --figure=manifold",
        "--workdir: ",
        "--set: ",
        "--[no]list_models: ",
        "--dataset: ",
        "--steps: ",
        "--precision: ",
        "--figure: <samples|",
        "(default: '10000')",
    ):
        assert text in shown, text


def test_sigterm_is_one_line_and_the_same_command_goes_on(tmp_path, monkeypatch, capfd):
    flags = ("--set=hidden=16", "--set=importance_samples=8", "--log_every=100")
    process = start(tmp_path, "experiments.vae", *flags, "--steps=1000000")
    assert "step " in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    said, complained = process.communicate(timeout=120)
    assert process.returncode == 0, complained
    assert "Traceback" not in complained
    workdir = tmp_path / "runs" / "vae_digits"  # the default
    step = read_metrics(workdir / "metrics.jsonl")[-1]["step"]
    (line,) = said.splitlines()
    assert line == (
        f"stopped at step {step} of 1000000; the same command goes on from the last checkpoint"
    )
    assert not (workdir / "results.json").exists()
    monkeypatch.chdir(tmp_path)
    VAE(*flags, f"--steps={step + 100}")
    assert f"resuming {Path('runs/vae_digits')} at step {step}" in capfd.readouterr().err
    assert (workdir / "results.json").exists()
