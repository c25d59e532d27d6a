"""Binaries in this process: their flags are defined, parsed and forgotten again."""

import contextlib
import json

import jax
import pytest
from absl.testing import flagsaver

from experiments import autoregressive, command, evaluate, gan, sample, task, train

# A run of two validations that takes a second, once its programs are compiled.
SMALL = ("--steps=20", "--eval_every=10", "--chunk=10", "--set=hidden=16")
DRAWS = "--set=importance_samples=8"


class Binary:
    """What `python -m experiments.NAME` defines and does."""

    def __init__(self, define, main):
        """Takes the two arguments of `command.run`."""
        self.define, self.main = define, main

    @contextlib.contextmanager
    def parsed(self, *arguments):
        """Within it, `flags.FLAGS` says `arguments`."""
        with flagsaver.flagsaver():
            self.define()
            command.parse(["binary", *map(str, arguments)])
            yield

    def __call__(self, *arguments):
        """Runs it; a complaint is SystemExit."""
        settings = ("compilation_cache_dir", "persistent_cache_min_compile_time_secs")
        before = {f"jax_{name}": getattr(jax.config, f"jax_{name}") for name in settings}
        try:
            with self.parsed(*arguments):
                command.carry_out(self.main)
        finally:
            for name, value in before.items():
                jax.config.update(name, value)


VAE = Binary(lambda: train.define("vae", model="vae", steps=10_000), lambda: train.main("vae"))
AUTOREGRESSIVE = Binary(autoregressive.define, lambda: train.main("autoregressive"))
GAN = Binary(gan.define, gan.main)
SAMPLE = Binary(sample.define, sample.main)
EVALUATE = Binary(evaluate.define, evaluate.main)
TASK = Binary(task.define, task.main)


def complaint(capsys, binary, *arguments):
    """(exit code, the one line on stderr) of a call that is refused."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        binary(*arguments)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return end.value.code, lines[0]


def read(path):
    """A JSON file."""
    return json.loads(path.read_text())
