"""A run that is killed at random moments, again and again, is the run that was never killed."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np

from genjax.core import Spec
from genjax.training import load_state, read_metrics
from genjax.vae import vae

KILLS, STEPS = 10, 4000
FLAGS = (
    f"--steps={STEPS}",
    "--eval_every=250",
    "--chunk=50",
    "--set=hidden=50",
    "--binarization=dynamic",
)


def start(workdir):
    """The binary, as a user runs it, with flags that leave the run as it is on a second call."""
    command = [sys.executable, "-m", "experiments.vae", f"--workdir={workdir}", *FLAGS]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def rows(workdir):
    """Rows of metrics.jsonl without timings."""
    found = read_metrics(workdir / "metrics.jsonl")
    return [{k: v for k, v in row.items() if k != "seconds_per_step"} for row in found]


def last_step(workdir):
    """The last step that metrics.jsonl tells of, 0 before there is one."""
    found = read_metrics(workdir / "metrics.jsonl")
    return found[-1]["step"] if found else 0


def last_state(workdir):
    """Leaves of the newest checkpoint: params, optimizer state, averages, step."""
    import jax

    model = vae(Spec((8, 8, 1), 2, 10), hidden=(50,))
    batch = {"image": np.zeros((100, 8, 8, 1), np.float32)}
    step, state = load_state(model, workdir, batch, "latest")
    return step, jax.tree.leaves(state)


def test_ten_kills_change_nothing(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    output, _ = start(whole).communicate(timeout=300)
    assert (whole / "results.json").exists(), output

    moments = random.Random(0)
    for moment in sorted(moments.sample(range(1, STEPS - 1000), KILLS)):
        process = start(killed)
        while last_step(killed) < moment:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.002)
        time.sleep(moments.uniform(0.0, 0.1))  # into a checkpoint, a validation, a picture
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        assert last_step(killed) < STEPS
    output, _ = start(killed).communicate(timeout=300)
    assert "resuming" in output, output

    (step, expected), (found_step, found) = last_state(whole), last_state(killed)
    assert step == found_step == STEPS
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert rows(whole) == rows(killed)
    results = [read_results(path) for path in (whole, killed)]
    assert results[0] == results[1]
    assert not list((killed / "checkpoints").glob("*orbax-checkpoint-tmp*"))
    assert os.path.exists(killed / "samples" / "manifold.png")


def read_results(workdir):
    """The figures of results.json."""
    from genjax.training import read_json

    return read_json(workdir / "results.json")["metrics"]
