"""What a run leaves in its workdir, and what the binaries make of that folder alone."""

import math

import jax
import numpy as np
import pytest
from PIL import Image

from experiments import families, figures, options, results, runs
from genjax.core import Spec
from genjax.training import Config, read_metrics
from tests.experiments.commands import DRAWS, EVALUATE, SAMPLE, SMALL, VAE, read

FIGURES = (
    "test/elbo",
    "test/log_likelihood",
    "test/bits_per_dim",
    "test/reconstruction",
    "test/kl",
    "test/active_units",
    "test/aggregate_mmd",
)


def no_data(*_):
    """In place of `options.load`."""
    raise AssertionError("the data set was loaded")


def test_a_run_leaves_its_files(trained):
    files = {path.name for path in trained.iterdir()}
    assert files == {
        "config.json",
        "metrics.jsonl",
        "tensorboard",
        "samples",
        "checkpoints",
        "results.json",
    }
    drawn = {path.name for path in (trained / "samples").iterdir()}
    of_others = {"classes", "codebook", "exemplars"}  # conditional, discrete, with pseudo-inputs
    of_others |= {"completions", "surprise", "drawing"}  # that draw element by element
    of_others |= {"interpolation", "arithmetic", "pairs", "domains", "truncation"}  # adversarial
    of_others |= {"anomalies", "ages", "inpainting", "posterior"}  # that search, fill, infer
    of_others |= {"forecast", "translations", "scenes"}  # of sequences, of layouts
    assert drawn == {f"{name}.png" for name in set(figures.FIGURES) - of_others} | {
        "samples_0000010.png",
        "samples_0000020.png",
    }
    assert [row["step"] for row in read_metrics(trained / "metrics.jsonl")] == [10, 20]


def test_config_json_has_all_flags_and_where_the_run_was_made(trained):
    config = read(trained / "config.json")
    with VAE.parsed():
        names = set(options.as_given())
    assert names == set(config["flags"]) and set(Config._fields) <= names
    assert {"checkpoint", "precision", "distributed", "compilation_cache", "set"} <= names
    assert config["flags"]["steps"] == 20 and config["flags"]["set"][0] == "hidden=16"
    assert config["versions"]["jax"] == jax.__version__ and config["devices"]
    assert "git_commit" in config
    assert config["identity"]["hyper_parameters"]["hidden"] == [16]
    assert config["identity"]["data"]["binarization"] == "threshold"  # the digits' own


def test_results_json_has_figures_and_all_that_they_depend_on(trained):
    found = read(trained / "results.json")
    assert (found["model"], found["dataset"], found["seed"]) == ("vae", "digits", 0)
    assert found["step"] in (10, 20)
    # 64 x 16 + 16, 16 x 4 + 4 and, back again, 2 x 16 + 16, 16 x 64 + 64
    assert found["parameters"] == 1040 + 68 + 48 + 1088
    assert found["seconds_per_step"] > 0 and found["compile_seconds"] > 0
    assert set(found["metrics"]) == set(FIGURES)
    values = [found["metrics"][name] for name in FIGURES]
    elbo, log_likelihood, bits, reconstruction, kl, units, distance = values
    assert units in (0, 1, 2) and -1 < distance < 14
    assert elbo == pytest.approx(reconstruction - kl, rel=1e-5)
    assert bits == pytest.approx(-log_likelihood / (64 * math.log(2)), rel=1e-5)
    expected = {
        "split": "test",
        "examples": 397,
        "checkpoint": "best",
        "batch_size": 100,
        "estimator": "importance",
        "estimator_settings": {"samples": 8},
        "importance_samples": 8,
        "likelihood": "bernoulli",
        "binarization": "threshold",
        "dequantize": False,
        "num_levels": 2,
        "ema": False,
        "seeds": [0],
    }
    assert expected.items() <= found["protocol"].items()
    assert found["protocol"]["hyper_parameters"]["kl"] == "analytic"


def test_the_same_command_trains_nothing_and_keeps_what_it_noted(workdir):
    before = read(workdir / "results.json")
    VAE(*SMALL, DRAWS, f"--workdir={workdir}")
    assert read(workdir / "results.json") == before


def test_evaluate_repeats_the_figures_to_the_last_digit(workdir):
    before = read(workdir / "results.json")
    (workdir / "results.json").unlink()
    EVALUATE(f"--workdir={workdir}")
    again = read(workdir / "results.json")
    assert again["metrics"] == before["metrics"] and again["protocol"] == before["protocol"]
    rates = [row["seconds_per_step"] for row in read_metrics(workdir / "metrics.jsonl")]
    assert again["seconds_per_step"] == pytest.approx(np.median(rates))


def test_more_importance_samples_and_other_splits(workdir, capsys):
    before = read(workdir / "results.json")
    EVALUATE(f"--workdir={workdir}", "--importance_samples=64")
    more = read(workdir / "results.json")
    assert more["protocol"]["importance_samples"] == 64
    # Burda, Grosse and Salakhutdinov, 2015: the bound's expectation grows with the draws.
    assert more["metrics"]["test/log_likelihood"] > before["metrics"]["test/log_likelihood"]
    assert more["compile_seconds"] == before["compile_seconds"]
    capsys.readouterr()
    EVALUATE(f"--workdir={workdir}", "--split=valid")
    assert f"{workdir}/results_valid.json" in capsys.readouterr().out
    valid = read(workdir / "results_valid.json")
    assert set(valid["metrics"]) == {name.replace("test", "valid") for name in FIGURES}
    assert valid["protocol"]["examples"] == 200
    assert read(workdir / "results.json") == more


def test_samples_come_from_the_workdir_alone(workdir, monkeypatch):
    monkeypatch.setattr(options, "load", no_data)
    folder = workdir / "samples"

    def draw(*flags):
        SAMPLE(f"--workdir={workdir}", *flags)
        with np.load(folder / "samples.npz") as arrays:
            return arrays["samples"]

    few, same, other = draw("--num=5"), draw("--num=300"), draw("--num=5", "--seed=1")
    assert few.shape == (5, 8, 8, 1) and few.dtype == np.float32
    assert same.shape == (300, 8, 8, 1)
    np.testing.assert_array_equal(few, same[:5])
    assert not np.array_equal(few, other)
    assert not np.array_equal(same[0], same[64])  # the second part has draws of its own
    assert max(Image.open(folder / "samples.png").size) >= 640
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name, loads", [("manifold", False), ("reconstructions", True)])
def test_a_figure_is_drawn_again_as_training_drew_it(workdir, monkeypatch, name, loads):
    if not loads:
        monkeypatch.setattr(options, "load", no_data)
    path = workdir / "samples" / f"{name}.png"
    before = path.read_bytes()
    path.unlink()
    metrics = (workdir / "metrics.jsonl").read_bytes()
    VAE(f"--figure={name}", f"--workdir={workdir}", "--steps=30")
    assert path.read_bytes() == before
    assert (workdir / "metrics.jsonl").read_bytes() == metrics
    assert max(Image.open(path).size) >= 640


def test_a_figure_of_curves_needs_no_data(workdir, monkeypatch):
    monkeypatch.setattr(options, "load", no_data)
    (workdir / "samples" / "curves.png").unlink()
    VAE("--figure=curves", f"--workdir={workdir}")
    assert Image.open(workdir / "samples" / "curves.png").size[0] > 640


@pytest.mark.parametrize(
    "dataset, name",
    [
        ("digits", "vae_digits"),
        ("mnist", "vae_mnist"),
        ("emnist/letters", "vae_emnist_letters"),
        ("file:/some/where/faces.npz", "vae_faces"),
        ("folder:photos/", "vae_photos"),
    ],
)
def test_the_default_workdir(dataset, name):
    with VAE.parsed(f"--dataset={dataset}"):
        assert str(runs.workdir_from_flags()) == f"runs/{name}"
    with VAE.parsed(f"--dataset={dataset}", "--workdir=else/where"):
        assert str(runs.workdir_from_flags()) == "else/where"


def test_paths_are_absolute_and_a_home_is_found(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    with VAE.parsed("--dataset=file:~/faces.npz", "--data_dir=~/sets"):
        said = options.data_options()
        assert said["dataset"] == "file:/home/someone/faces.npz"
        assert said["data_dir"] == "/home/someone/sets"
    with VAE.parsed("--data_dir=gs://bucket/sets"):
        assert options.data_options()["data_dir"] == "gs://bucket/sets"


def test_several_seeds_give_means_and_deviations(tmp_path, capsys):
    VAE(*SMALL, DRAWS, f"--workdir={tmp_path}", "--num_seeds=2", "--seed=5")
    found = read(tmp_path / "results.json")
    assert found["seeds"] == [5, 6] == found["protocol"]["seeds"] and "seed" not in found
    assert found["parameters"] == 1040 + 68 + 48 + 1088  # of one of them
    deviations = {f"{name}_std" for name in FIGURES}
    assert set(found["metrics"]) == set(FIGURES) | deviations
    deviations -= {"test/active_units_std"}  # as many, maybe
    assert all(found["metrics"][name] > 0 for name in deviations)
    assert f" ± {found['metrics']['test/elbo_std']:.4f}" in capsys.readouterr().out
    EVALUATE(f"--workdir={tmp_path}")
    assert read(tmp_path / "results.json") == found
    SAMPLE(f"--workdir={tmp_path}", "--num=3")  # of the first seed
    with np.load(tmp_path / "samples" / "samples.npz") as arrays:
        assert arrays["samples"].shape == (3, 8, 8, 1)


def test_the_deviation_over_seeds_by_hand():
    values = results.flat({"elbo": np.array([1.0, 2.0, 6.0])}, "test", 3)
    assert values == {"test/elbo": 3.0, "test/elbo_std": pytest.approx(math.sqrt(7.0))}
    assert results.flat({"elbo": np.array(4.0)}, "valid", 1) == {"valid/elbo": 4.0}


@pytest.mark.parametrize("flag", ["--precision=bf16", "--set=precision=bf16"])
def test_bf16_may_be_asked_for_either_way(flag):
    with VAE.parsed(flag):
        assert runs.from_flags("vae")[0].hyper_parameters["precision"] == "bf16"


def test_bf16_computes_in_bf16_with_float32_params(tmp_path):
    flags = ("--steps=50", "--eval_every=50", "--chunk=50", "--set=hidden=16", DRAWS)
    VAE(*flags, "--precision=bf16", f"--workdir={tmp_path}")
    found = read(tmp_path / "results.json")
    assert found["protocol"]["hyper_parameters"]["precision"] == "bf16"

    run = runs.from_workdir(tmp_path)
    trained = runs.load(run, "best")
    assert trained.step == 50
    dtypes = {str(leaf.dtype) for leaf in jax.tree.leaves(trained.variables)}
    assert dtypes == {"float32"}
    program = jax.make_jaxpr(run.model.decode)(
        jax.random.key(0), trained.variables, np.zeros((1, 2))
    )
    assert "bf16" in str(program)
    float32 = run.model.decode(jax.random.key(0), trained.variables, np.zeros((1, 2), np.float32))
    assert float32.dtype == np.float32
    # Training in bf16 learned something: an untrained decoder gives each pixel log 1/2.
    assert found["metrics"]["test/elbo"] > -64 * math.log(2)


@pytest.mark.parametrize(
    "spec, name, likelihood, probability",
    [
        (Spec((8, 8, 1), 2), None, "bernoulli", True),
        (Spec((8, 8, 1), 17), None, "discretized_logistic", True),
        (Spec((8, 8, 1), 17), "gaussian", "gaussian", False),
        (Spec((5,)), None, "gaussian", False),
    ],
)
def test_the_protocol_names_the_likelihood_that_is_used(spec, name, likelihood, probability):
    make = families.find("vae", "vae")
    run = runs.Run(None, "vae", "vae", {"likelihood": name}, {}, spec, make(spec, likelihood=name))
    assert results.likelihood_name(run) == likelihood
    assert results.is_probability(spec.num_levels, likelihood) is probability


def test_a_density_has_no_bits_and_a_vector_no_pictures(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    np.savez(tmp_path / "vectors.npz", x=vectors)
    workdir = tmp_path / "run"
    dataset = f"--dataset=file:{tmp_path / 'vectors.npz'}"
    VAE(*SMALL, DRAWS, dataset, f"--workdir={workdir}")
    found = read(workdir / "results.json")
    assert set(found["metrics"]) == set(FIGURES) - {"test/bits_per_dim"}
    assert found["protocol"]["likelihood"] == "gaussian"
    assert found["protocol"]["binarization"] == "none"
    assert [path.name for path in (workdir / "samples").iterdir()] == ["curves.png"]
    SAMPLE(f"--workdir={workdir}", "--num=7")
    assert sorted(path.name for path in (workdir / "samples").iterdir()) == [
        "curves.png",
        "samples.npz",
    ]


def test_the_list_of_models_has_a_line_for_each(capsys):
    VAE("--list_models")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(families.FAMILIES["vae"])
    assert lines[0].startswith("vae ") and "arXiv:1312.6114" in lines[0]
    assert lines[0].endswith(": samples, log-likelihood, encoding, decoding")


def test_set_help_lists_the_hyper_parameters(capsys):
    VAE("--set=help")
    shown = capsys.readouterr().out
    assert "latent_dim=2  (a whole number)" in shown and "Kingma & Welling" in shown
