"""Real processes on this machine: two of one device are one of two, and none waits for the dead."""

import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from genjax.training import distributed, read_metrics

pytestmark = pytest.mark.acceptance  # two minutes of starting processes


def start(*arguments):
    """A process of a run."""
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.worker", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port():
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


def finish(*processes):
    """Waits for all; fails with what they said."""
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors[-3000:]


@pytest.mark.parametrize("parallel, limit", [("jit", 1024), ("jit", 0), ("pmap", 1024)])
def test_two_processes_equal_one_with_two_devices(tmp_path, parallel, limit):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    port = free_port()
    finish(
        start(0, 1, 0, 2, parallel, limit, 20, one),
        *(start(index, 2, port, 1, parallel, limit, 20, two) for index in range(2)),
    )
    expected, found = np.load(one / "final.npz"), np.load(two / "final.npz")
    assert expected.files == found.files and len(found.files) > 10
    for name in expected.files:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-6)
    losses = [
        [row["vae/loss"] for row in read_metrics(path / "metrics.jsonl")] for path in (one, two)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_when_one_process_dies_the_other_ends_with_a_clear_error():
    port = free_port()
    first, second = (start(index, 2, port, 1, "jit", 1024, 10**6, "none") for index in range(2))
    assert "step\n" in iter(first.stdout.readline, "")  # both are under way
    second.send_signal(signal.SIGKILL)
    died = time.monotonic()
    _, errors = first.communicate(timeout=120)
    assert time.monotonic() - died < 2 * distributed.HEARTBEAT_SECONDS
    assert first.returncode != 0
    assert "another process of this run is gone" in errors, errors[-3000:]


def test_half_an_address_is_refused():
    with pytest.raises(ValueError, match="needs all of --coordinator"):
        distributed.join("localhost:1234", None, 0)
