"""One small trained run for all the tests that read one."""

import shutil

import pytest

from tests.experiments.commands import DRAWS, SMALL, VAE


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The workdir of a small run on digits, which tests do not change."""
    workdir = tmp_path_factory.mktemp("runs") / "trained"
    VAE(*SMALL, DRAWS, f"--workdir={workdir}")
    return workdir


@pytest.fixture
def workdir(trained, tmp_path):
    """A copy of it, to change."""
    return shutil.copytree(trained, tmp_path / "run")
