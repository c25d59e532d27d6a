"""The binary of the tasks: what it trains, what it takes as it is, and what it refuses."""

import pytest

from tests.experiments.commands import TASK, complaint, read

SMALL = ("--steps=4", "--eval_every=2", "--chunk=2")
COMPLETION = ("--task=completion", "--option=num_draws=2", "--option=num_rounds=2")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A made whose halves are completed, trained by the task itself."""
    workdir = tmp_path_factory.mktemp("tasks") / "made"
    TASK(*COMPLETION, "--model=made", "--set=hidden=8", *SMALL, f"--workdir={workdir}")
    return workdir


def test_results_say_what_was_measured_and_how(run):
    found = read(run / "tasks" / "completion" / "results.json")
    assert (found["task"], found["model"], found["dataset"]) == ("completion", "made", "digits")
    metrics, protocol = found["metrics"], found["protocol"]
    for name in ("test/psnr", "test/accuracy", "baseline/nearest_neighbours/test/psnr"):
        assert metrics[name] > 0, name
    assert 0 < metrics["test/bits_per_dim"] < 2
    assert protocol["options"]["num_draws"] == 2 and protocol["options"]["missing"] == "bottom"
    assert protocol["steps"] == 4 and protocol["seed"] == 0
    assert (run / "tasks" / "completion" / "completion.png").stat().st_size > 1000


def test_a_run_that_is_finished_is_taken_as_it_is(run, capsys):
    """By its workdir alone, or by the same command again; with more steps it goes on."""
    before = read(run / "tasks" / "completion" / "results.json")
    capsys.readouterr()
    TASK(*COMPLETION, f"--workdir={run}")
    TASK(*COMPLETION, "--model=made", "--set=hidden=8", *SMALL, f"--workdir={run}")
    assert "training" not in capsys.readouterr().out
    assert read(run / "tasks" / "completion" / "results.json")["metrics"] == before["metrics"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "--task is needed: one of"),
        (("--task=clusterin",), "unknown --task 'clusterin'; did you mean 'clustering'?"),
        (("--task=completion", "--model=mad"), "unknown --model 'mad'; did you mean 'made'?"),
        (
            ("--task=completion", "--option=shar=0.5"),
            "completion has no hyper-parameter 'shar'; did you mean 'share'?",
        ),
        (("--task=completion", "--option=share"), "--option share: expected name=value"),
        (("--task=completion", "--workdir=nowhere"), "nowhere holds no run"),
        (
            ("--task=super_resolution", "--model=vae"),
            "--task=super_resolution needs a model with super-resolution (upscale), and vae has",
        ),
    ],
)
def test_mistakes_are_one_line(capsys, arguments, message):
    code, line = complaint(capsys, TASK, *arguments)
    assert code == 2 and message in line, line


def test_a_mask_that_the_order_does_not_allow(run, capsys):
    code, line = complaint(capsys, TASK, *COMPLETION, "--option=missing=right", f"--workdir={run}")
    assert code == 2 and "do not come first in the order" in line


def test_a_task_of_another_model_than_the_workdirs(run, capsys):
    code, line = complaint(capsys, TASK, *COMPLETION, "--set=hidden=9", f"--workdir={run}")
    assert code == 2 and "was trained with hidden (8,), not (9,)" in line


def test_lists(capsys):
    TASK("--list_tasks")
    assert "completion" in capsys.readouterr().out
    TASK("--task=completion", "--option=help")
    assert "share=0.5  (a number)" in capsys.readouterr().out
