"""The table of a family: what it says is what the runs measured, and a failure is one row."""

import math
import shutil
from types import SimpleNamespace

import pytest
from absl import flags

from experiments import families, figures, several, table
from genjax.training import TrainingError, read_metrics
from tests.experiments.commands import DRAWS, SMALL, Binary, complaint, read

TABLE = Binary(table.define, table.main)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """They are tested elsewhere, and each is a program to compile."""
    monkeypatch.setattr(figures, "draw", lambda *args: None)
    monkeypatch.setattr(figures, "draw_all", lambda *args: [])


def cells(text):
    """model -> its cells by the heads of their columns."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    heads, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows if row[0] != "---"}


def broken_vae(spec, *, hidden: tuple[int, ...] = (), importance_samples: int = 1):
    """A model that cannot be (Nobody, 1900)."""
    raise ValueError("it does\nnot work")


def test_the_table_says_what_the_runs_measured(trained, tmp_path, capsys, monkeypatch):
    output, folder = tmp_path / "docs" / "results.md", tmp_path / "runs" / "vae_digits"
    shutil.copytree(trained, folder)  # a finished run: nothing is trained again
    before = (folder / "metrics.jsonl").read_bytes()
    monkeypatch.setitem(families.FAMILIES["vae"], "broken", broken_vae)
    given = (*SMALL, DRAWS, f"--workdir={tmp_path / 'runs'}", f"--output={output}")
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        TABLE(*given, "--model=broken,vae")
    assert end.value.code == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "error: 1 of 2 models failed (broken: it does not work)"
    text = output.read_text()
    rows = cells(text)
    assert list(rows) == ["broken", "vae"]
    found = read(folder / "results.json")
    for column, name in (("ELBO", "elbo"), ("log-likelihood", "log_likelihood"), ("KL", "kl")):
        assert rows["vae"][column] == f"{found['metrics'][f'test/{name}']:.2f}"
    assert rows["vae"]["parameters"] == "2,244"
    paces = [row["seconds_per_step"] for row in read_metrics(folder / "metrics.jsonl")]
    assert rows["vae"]["seconds"] == f"{10 * sum(paces):.1f}"
    assert "[arXiv:1312.6114](https://arxiv.org/abs/1312.6114)" in rows["vae"]["paper"]
    assert set(list(rows["broken"].values())[2:]) == {"–"}
    assert "- broken failed: it does not work" in text
    command = next(line for line in text.splitlines() if line.startswith("    python -m"))
    for said in ("--steps=20", "--set=hidden=16", "--model=broken,vae", f"--output={output}"):
        assert said in command
    for said in (
        "seed 0; per example",
        "test split; 1200 examples train, 200 validate, 397 test",
        "Binarization: threshold",
        "20 steps of minibatches of 100; hyper-parameters: hidden=16, importance_samples=8, otherwise",
        "8 importance samples",
    ):
        assert said in text
    assert [path.name for path in output.parent.iterdir()] == ["results.md"]
    assert (folder / "metrics.jsonl").read_bytes() == before


RESULTS = {
    "model": "a",
    "dataset": "file:/home/someone/faces.npz",
    "parameters": 1234567,
    "compile_seconds": None,
    "metrics": {"test/elbo": -1.005, "test/active_units": 7.0},
    "protocol": {
        "seeds": [3],
        "split": "test",
        "binarization": "none",
        "likelihood": None,
        "checkpoint": "latest",
        "importance_samples": None,
    },
}
SPLITS = SimpleNamespace(train=[0] * 7, valid=[0], test=[0, 0])
CONFIG = {
    "steps": 5,
    "flags": {"set": []},
    "identity": {"batch_size": 2},
    "versions": {"jax": "1", "jaxlib": "2", "python": "3"},
    "devices": ["cpu:0"],
    "git_commit": None,
}


def test_several_seeds_have_deviations():
    metrics = {"test/elbo": -1.0, "test/elbo_std": 0.126}
    results = {**RESULTS, "metrics": metrics, "protocol": {**RESULTS["protocol"], "seeds": [3, 4]}}
    text = table.page([table.Row("a", "A", results, CONFIG, 1.0)], SPLITS, "python -m x")
    assert cells(text)["a"]["ELBO"] == "-1.00 ± 0.13"
    assert "mean ± standard deviation over 2 training seeds, 3, 4" in text


def test_one_seed_has_no_deviation_and_what_no_model_has_no_column():
    other = {**RESULTS, "metrics": {"test/elbo": 12.0, "test/kl": math.nan}}
    rows = [table.Row("a", "A", RESULTS, CONFIG, 12.34), table.Row("b", "B", other, CONFIG, 0.0)]
    text = table.page(rows, SPLITS, "python -m x")
    found = cells(text)
    assert list(found["a"]) == [
        "model",
        "paper",
        "parameters",
        "seconds",
        "ELBO",
        "KL",
        "active units",
    ]
    assert list(found["a"].values()) == ["a", "A", "1,234,567", "12.3", "-1.00", "–", "7.00"]
    assert list(found["b"].values())[4:] == ["12.00", "nan", "–"]
    assert text.startswith("# Results on faces.npz\n") and "someone" not in text
    assert "seed 3; per example" in text and "±" not in text
    assert "7 examples train, 1 validate, 2 test" in text
    assert "each model's defaults" in text and "of the last checkpoint" in text


def test_seconds_are_summed_over_the_calls_of_the_loop():
    rows = [
        {"step": 10, "seconds_per_step": 1.0},
        {"step": 30, "seconds_per_step": 0.5},
        {"step": 31, "seconds_per_step": 4.0},
    ]
    assert table.training_seconds(rows) == 10 + 10 + 4
    assert table.training_seconds([]) == 0


def test_arxiv_ids_become_links():
    def system():
        """System (One, 2013, arXiv:1312.6114; Two, arXiv:1509.00519).

        More.
        """

    assert table.paper(system) == (
        "System (One, 2013, [arXiv:1312.6114](https://arxiv.org/abs/1312.6114); "
        "Two, [arXiv:1509.00519](https://arxiv.org/abs/1509.00519))"
    )


def test_nothing_is_written_where_every_model_fails_or_a_signal_comes(
    tmp_path, monkeypatch, capsys
):
    output = tmp_path / "results.md"
    output.write_text("earlier")
    given = (f"--output={output}", f"--workdir={tmp_path / 'runs'}", "--model=vae")

    def fail(*args):
        raise TrainingError("no")

    monkeypatch.setattr(several, "finish", fail)
    code, line = complaint(capsys, TABLE, *given)
    assert code == 1 and line.endswith("every model failed, and no table was written (vae: no)")
    monkeypatch.setattr(several, "finish", lambda *args: None)
    TABLE(*given)
    assert output.read_text() == "earlier"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("--model=vae,vea", "unknown --model 'vea'; did you mean 'vae'?"),
        ("--models=vae", "unknown flag --models; did you mean --model?"),
        (
            "--family=cats",
            "flag --family=cats: expected one of autoencoder, autoregressive, gan, vae",
        ),
        ("--dataset=file:missing.npz", "missing.npz"),
        ("--output=OUTPUT", "is a folder: name a file"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_trained(tmp_path, capsys, arguments, message):
    arguments = arguments.replace("OUTPUT", str(tmp_path))
    code, line = complaint(capsys, TABLE, f"--workdir={tmp_path / 'runs'}", arguments)
    assert code == 2 and message in line
    assert not list(tmp_path.iterdir())


def test_several_processes_are_refused():
    with TABLE.parsed("--distributed"), pytest.raises(ValueError, match="leave --distributed out"):
        several.refuse_processes()


def test_flags_are_as_they_were_after_a_run():
    with TABLE.parsed("--set=hidden=16", "--set=kl=sampled", "--flip"):
        before = several.command_line("x")
        with pytest.raises(KeyError), several.said({"model": "iwae", "workdir": "there"}):
            assert (flags.FLAGS.model, flags.FLAGS.workdir) == ("iwae", "there")
            raise KeyError
        assert (flags.FLAGS.model, flags.FLAGS.workdir) == ([], None)
        assert several.command_line("x") == before
        said = sorted(before.removeprefix("python -m x ").split())
        assert said == ["--flip", "--set=hidden=16", "--set=kl=sampled"]
