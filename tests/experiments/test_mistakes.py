"""A user's mistake is one line that names the value and the mending; exit code 2, no file."""

import os
import re
import signal

import jax
import pytest

from experiments import figures
from genjax.core import Spec
from genjax.training import TrainingError
from genjax.vae import vae
from tests.experiments.commands import DRAWS, EVALUATE, SAMPLE, SMALL, VAE, Binary, complaint

BINARIES = {"vae": VAE, "sample": SAMPLE, "evaluate": EVALUATE}


@pytest.mark.parametrize(
    "binary, arguments, message",
    [
        ("vae", "--model=vea", "unknown --model 'vea'; did you mean 'vae'? The models are: vae"),
        ("vae", "--set=latentdim=3", "no hyper-parameter 'latentdim'; did you mean 'latent_dim'?"),
        ("vae", "--set=latent_dim=two", "--set latent_dim=two: expected a whole number, got 'two'"),
        ("vae", "--set=latent_dim=0", "latent_dim must be at least 1, got 0"),
        ("vae", "--set=hidden=-2", "vae with hidden=(-2,) cannot be built"),
        ("vae", "--set=importance_samples=0", "importance_samples must be at least 1, got 0"),
        ("vae", "--set=kl=exact", "kl must be one of analytic, sampled, got 'exact'"),
        ("vae", "--set=precision=fp16", "precision must be one of float32, bf16, got 'fp16'"),
        ("vae", "--precision=fp16", "flag --precision=fp16: expected one of float32, bf16"),
        (
            "vae",
            "--precision=bf16 --set=precision=float32",
            "--precision=bf16 and --set precision=float32 exclude each other",
        ),
        ("vae", "--latent_dim=3", "unknown flag --latent_dim; it is a hyper-parameter: --set lat"),
        ("vae", "--step=3", "unknown flag --step; did you mean --steps?"),
        ("vae", "--qqqqq=3", "unknown flag --qqqqq; --help lists the flags"),
        ("vae", "manifold", "unexpected argument 'manifold': flags have the form --name=value"),
        (
            "vae",
            "--figure=manifodl",
            "flag --figure=manifodl: expected one of samples, ",
        ),
        ("vae", "--figure=manifold", "holds no run (it has no config.json): train one there first"),
        ("vae", "--steps=-5", "flag --steps=-5: -5 is not a positive integer"),
        ("vae", "--steps=ten", "flag --steps=ten: expected a whole number, got 'ten'"),
        ("vae", "--test_fraction=half", "expected a number, got 'half'"),
        (
            "vae",
            "--dequantize=maybe",
            "flag --dequantize=maybe: expected true or false, got 'maybe'",
        ),
        ("vae", "--seed=-1", "flag --seed=-1: -1 is not a non-negative integer"),
        ("vae", "--seed=99999999999999999999", "--seed must be 0 or more and --seed + --num_seeds"),
        ("vae", "--batch_size=5000", "1200 examples is too small for the batch size 5000"),
        ("vae", "--batch_size=10", "--batch_size 10 cannot be split over 4 devices: take a multi"),
        ("vae", "--dataset=file:missing.npz", "missing.npz"),
        ("vae", "--dataset=folder:/no/such", "no such folder: /no/such"),
        (
            "vae",
            "--set=likelihood=bernoulli --binarization=none",
            "likelihood 'bernoulli' does not fit data of 17 levels",
        ),
        ("vae", "--distributed --coordinator=localhost:1", "needs all of --coordinator"),
        ("sample", "--num=0", "flag --num=0: 0 is not a positive integer"),
        ("sample", "--num=many", "flag --num=many: expected a whole number, got 'many'"),
        ("sample", "--set=latent_dim=3", "unknown flag --set"),
        ("sample", "", "holds no run (it has no config.json): train one there first"),
        ("evaluate", "", "holds no run (it has no config.json): train one there first"),
        ("evaluate", "--split=tset", "flag --split=tset: expected one of train, valid, test"),
        ("evaluate", "--steps=3", "unknown flag --steps"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, capsys, binary, arguments, message):
    workdir = f"--workdir={tmp_path / 'run'}"
    code, line = complaint(capsys, BINARIES[binary], workdir, *arguments.split())
    assert code == 2 and line.startswith("error: ") and message in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("binary", ["sample", "evaluate"])
def test_a_workdir_is_needed(capsys, binary):
    for nothing in ((), ("--workdir=",)):
        code, line = complaint(capsys, BINARIES[binary], *nothing)
        assert code == 2 and "--workdir is needed" in line and "runs/vae_digits" in line


@pytest.mark.parametrize(
    "config, message",
    [
        ('{"identity": ', "config.json is not JSON"),
        ("[]", "config.json has no 'identity'"),
        ('{"a": 1}', "config.json has no 'identity'"),
        ('{"identity": 3}', "config.json has no 'identity'"),
    ],
)
def test_a_config_that_no_run_wrote_is_left_alone(tmp_path, capsys, config, message):
    (tmp_path / "config.json").write_text(config)
    workdir = f"--workdir={tmp_path}"
    for binary, flags in ((SAMPLE, ()), (EVALUATE, ()), (VAE, ()), (VAE, ("--figure=samples",))):
        code, line = complaint(capsys, binary, workdir, *flags)
        assert code == 2 and message in line
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]
    assert (tmp_path / "config.json").read_text() == config


def test_a_config_without_a_run_is_refused(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"identity": {"model": "vae"}}')
    code, line = complaint(capsys, SAMPLE, f"--workdir={tmp_path}")
    assert code == 2 and "does not say what was trained: it lacks 'family'" in line


def test_a_workdir_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    code, line = complaint(capsys, VAE, *SMALL, f"--workdir={tmp_path / 'file' / 'run'}")
    assert code == 2 and "cannot write to the workdir" in line and "another --workdir" in line
    code, line = complaint(capsys, VAE, *SMALL, f"--workdir={tmp_path / 'file'}")
    assert code == 2 and str(tmp_path / "file") in line
    assert (tmp_path / "file").read_text() == "mine"


def test_another_run_is_refused_and_only_the_differences_named(trained, capsys):
    before = (trained / "config.json").read_text()
    flags = (*SMALL, DRAWS, f"--workdir={trained}", "--set=latent_dim=3", "--flip", "--seed=1")
    code, line = complaint(capsys, VAE, *flags)
    named = "flip (was False, now True), latent_dim (was 2, now 3), seed (was 0, now 1). Repeat"
    assert code == 2 and f"differs: {named}" in line and "--overwrite" in line
    assert (trained / "config.json").read_text() == before


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--set=latent_dim=5", "was trained with latent_dim 2, not 5"),
        ("--dataset=mnist", "was trained with dataset 'digits', not 'mnist'"),
        ("--precision=bf16", "was trained with precision 'float32', not 'bf16'"),
    ],
)
def test_a_figure_of_another_run_than_the_workdirs_is_refused(trained, capsys, flag, message):
    code, line = complaint(capsys, VAE, "--figure=manifold", flag, f"--workdir={trained}")
    assert code == 2 and message in line


def test_what_diverges_ends_with_1_and_its_workdir_is_free(tmp_path, capsys):
    workdir = f"--workdir={tmp_path / 'run'}"
    flags = (*SMALL, DRAWS, workdir)
    code, line = complaint(capsys, VAE, *flags, "--set=learning_rate=1e30")
    assert code == 1 and "is not finite" in line and "no checkpoint had been written" in line
    assert not (tmp_path / "run" / "results.json").exists()
    # Nothing was lost, so nothing stands in the way of another try: it fails by itself.
    assert complaint(capsys, VAE, *flags, "--set=learning_rate=1e29")[0] == 1


def test_a_damaged_checkpoint_ends_with_1(workdir, capsys):
    for file in (workdir / "checkpoints").glob("*/state/**/*"):
        if file.is_file():
            file.write_bytes(b"")
    code, line = complaint(capsys, SAMPLE, f"--workdir={workdir}")
    assert code == 1 and f"checkpoint {workdir}/checkpoints/" in line
    assert (workdir / "samples" / "samples.npz").exists() is False


def test_a_manifold_of_ten_latents_is_refused(tmp_path):
    spec = Spec((8, 8, 1), 2)
    model = vae(spec, latent_dim=10)
    state = jax.eval_shape(model.init, jax.random.key(0), {})
    subject = figures.Subject(model, state.variables, spec, None, tmp_path)
    with pytest.raises(figures.Unsuitable, match="needs 2 latents, and this model has 10") as no:
        figures.draw("manifold", subject, 0)
    assert "--set latent_dim=2" in str(no.value)
    assert not list((tmp_path / "samples").iterdir())


def raising(error):
    """A binary that fails with `error`."""

    def main():
        raise error

    return Binary(VAE.define, main)


@pytest.mark.parametrize(
    "error, code, message",
    [
        (ValueError("no\n  good"), 2, "error: no good"),
        (PermissionError(13, "Permission denied", "/a/b"), 2, "error: /a/b: Permission denied"),
        (TrainingError("stopped"), 1, "error: stopped"),
        (
            RuntimeError("RESOURCE_EXHAUSTED: 3 GB"),
            1,
            "out of memory on the device: pass a smaller",
        ),
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on from the last"),
    ],
)
def test_errors_and_their_exit_codes(capsys, error, code, message):
    found, line = complaint(capsys, raising(error))
    assert found == code and message in line


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())()
    with pytest.raises(ValueError, match=re.escape("no good")):
        raising(ValueError("no good"))("--traceback")


def test_sigterm_outside_the_loop_is_an_orderly_end(capsys):
    before = signal.getsignal(signal.SIGTERM)
    stopping = Binary(VAE.define, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit) as end:
        stopping("--overwrite")
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert said == (
        "stopped; the same command without --overwrite goes on from the last checkpoint\n"
    )
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_cache_that_cannot_be_written_is_told_and_done_without(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    Binary(VAE.define, lambda: None)(f"--compilation_cache={tmp_path / 'file' / 'cache'}")
    assert "note: compiled programs are not kept: cannot write to" in capsys.readouterr().err
