"""The autoregressive binary: exact figures, images asked for their probability, priors of codes."""

import json
import re

import jax
import numpy as np
import pytest
from PIL import Image

from experiments import hyper_parameters, images, runs
from genjax import plots
from genjax.autoregressive import gated_pixel_cnn
from genjax.core import Spec
from tests.experiments.commands import AUTOREGRESSIVE, EVALUATE, SAMPLE, VAE, complaint, read

STEPS = ("--steps=4", "--eval_every=2", "--chunk=2")
SMALL = (*STEPS, "--model=made", "--set=hidden=8")
CODES = ("--set=num_codes=5", "--set=code_dim=4", "--set=hidden=8", "--set=num_blocks=0")


@pytest.fixture(scope="module")
def made_run(tmp_path_factory):
    """A run on digits, which tests do not change."""
    workdir = tmp_path_factory.mktemp("made") / "made"
    AUTOREGRESSIVE(*SMALL, f"--workdir={workdir}")
    return workdir


@pytest.fixture(scope="module")
def prior_run(tmp_path_factory):
    """Of the codes of the vq_vae in the folder beside it."""
    folder = tmp_path_factory.mktemp("priors")
    VAE("--model=vq_vae", *STEPS, *CODES, f"--workdir={folder / 'coder'}")
    AUTOREGRESSIVE(*SMALL, f"--prior_for={folder / 'coder'}", f"--workdir={folder / 'prior'}")
    return folder / "prior"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Name -> path of image files."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    bits = 255 * rng.integers(0, 2, (2, 8, 8))
    arrays = {
        "one": bits[0],
        "other": bits[1],
        "wide": bits.reshape(8, 16),
        "grey": np.arange(64).reshape(8, 8),
        "colours": rng.integers(0, 2, (8, 8, 3)) * 255,
    }
    paths = {name: folder / f"{name}.png" for name in arrays}
    for name, array in arrays.items():
        Image.fromarray(array.astype(np.uint8)).save(paths[name])
    (folder / "text.png").write_text("no image")
    return {**paths, "text": folder / "text.png", "missing": folder / "missing.png"}


def test_probabilities_are_exact_and_figures_are_there(made_run):
    found = read(made_run / "results.json")
    assert found["model"] == "made" and found["protocol"]["estimator"] == "exact"
    metrics = found["metrics"]
    bits = -metrics["test/log_likelihood"] / (64 * np.log(2))
    assert metrics["test/bits_per_dim"] == pytest.approx(bits, rel=1e-5)
    drawn = {path.stem for path in (made_run / "samples").iterdir()}
    assert {"samples", "completions", "surprise", "drawing", "curves"} <= drawn
    # Ten and twelve digits of 8x8 a row, a pixel between them, enlarged to 640 or more.
    sizes = {name: Image.open(made_run / "samples" / f"{name}.png").size for name in drawn}
    assert sizes["completions"][0] > sizes["completions"][1] >= 500
    assert sizes["drawing"][0] > sizes["drawing"][1]


def test_images_are_asked_for_their_probability(made_run, pictures, capsys):
    one, other = pictures["one"], pictures["other"]
    capsys.readouterr()
    EVALUATE(f"--workdir={made_run}", f"--images={one},{other},{one}")
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "log p by made, exact, in nats"
    run = runs.from_workdir(made_run)
    variables = runs.load(run, "best").of_first_seed()
    x = np.stack([np.asarray(Image.open(path)) for path in (one, other)])[..., None] / 255.0
    values = np.asarray(run.model.log_prob(jax.random.key(0), variables, x.astype(np.float32)))
    told = dict(line.rsplit(" ", 1) for line in lines[:3])
    np.testing.assert_allclose([float(told[str(p)]) for p in (one, other)], values, atol=1e-3)
    likelier, less = (one, other) if values[0] > values[1] else (other, one)
    said = r"(\S+) is likelier by (\S+) nats \((\S+) times\) than (\S+)"
    (found,) = [match.groups() for match in (re.fullmatch(said, line) for line in lines) if match]
    assert (found[0], found[3]) == (str(likelier), str(less))
    difference = abs(float(values[0]) - float(values[1]))
    assert float(found[1]) == pytest.approx(difference, abs=1e-3)
    assert float(found[2]) == pytest.approx(np.exp(difference), rel=2e-3)
    assert f"{one} is as likely as {one}" in lines


@pytest.mark.parametrize(
    "names, message",
    [
        ("one,wide", "wide.png is 16x8 pixels, and the model is of images of 8x8"),
        ("grey", "grey.png has 64 grey levels, and the model is of images with 2, evenly"),
        ("colours", "colours.png has colours, and the model is of grey images"),
        ("text", "text.png is not an image"),
        ("missing", "missing.png: No such file or directory"),
    ],
)
def test_images_of_another_kind_are_refused(made_run, pictures, capsys, names, message):
    paths = ",".join(str(pictures[name]) for name in names.split(","))
    code, line = complaint(capsys, EVALUATE, f"--workdir={made_run}", f"--images={paths}")
    assert code == 2 and line.startswith("error: ") and message in line


def test_a_figure_shows_given_images_in_place_of_test_images(made_run, pictures, monkeypatch):
    shown, grid = [], plots.image_grid
    monkeypatch.setattr(plots, "image_grid", lambda x, **how: shown.append(x) or grid(x, **how))
    paths = [str(pictures[name]) for name in ("one", "other")]
    before = (made_run / "samples" / "completions.png").read_bytes()
    AUTOREGRESSIVE("--figure=completions", f"--workdir={made_run}", f"--images={','.join(paths)}")
    wholes = shown[0].reshape(2, -1, 8, 8, 1)[:, 0]
    np.testing.assert_array_equal(wholes, [images.read(p, Spec((8, 8, 1), 2)) for p in paths])
    assert (made_run / "samples" / "completions_of_images.png").exists()
    assert (made_run / "samples" / "completions.png").read_bytes() == before


def test_given_images_need_a_figure_that_shows_them(made_run, pictures, capsys):
    for asked, message in (
        (f"--images={pictures['one']}", "--images goes with --figure=reconstructions, "),
        (f"--figure=samples --images={pictures['one']}", "--images goes with --figure=rec"),
        ("--figure=completions --label=1", "--label goes with --images"),
        (f"--figure=completions --images={pictures['wide']}", "wide.png is 16x8 pixels"),
        (f"--figure=completions --label=1 --images={pictures['one']}", "is unconditional"),
    ):
        code, line = complaint(capsys, AUTOREGRESSIVE, f"--workdir={made_run}", *asked.split())
        assert code == 2 and message in line, line


@pytest.mark.parametrize("levels", [2, 17, 256, None])
def test_levels_of_a_file_are_those_of_the_data(tmp_path, levels):
    """A level is stored as the nearest of 256 greys."""
    num = levels or 256
    x = (np.arange(6 * 43) % num).reshape(6, 43) / (num - 1)
    Image.fromarray(np.round(255 * x).astype(np.uint8)).save(tmp_path / "x.png")
    found = images.read(str(tmp_path / "x.png"), Spec((6, 43, 1), levels))
    np.testing.assert_allclose(found[..., 0], x, atol=1e-6)
    assert found.shape == (6, 43, 1) and found.dtype == np.float32


def test_colours_are_read_and_vectors_are_not(pictures):
    found = images.read(str(pictures["colours"]), Spec((8, 8, 3), 2))
    np.testing.assert_array_equal(found, np.asarray(Image.open(pictures["colours"])) / 255)
    with pytest.raises(ValueError, match="needs a model of images"):
        images.read(str(pictures["one"]), Spec((64,), 2))


def conditional(made_run, folder):
    """A workdir that says of a conditional model what it is; nothing of it was trained."""
    config = read(made_run / "config.json")
    values = {**hyper_parameters.defaults(gated_pixel_cnn), "condition": "label"}
    config["identity"] |= {"model": "gated_pixel_cnn", "hyper_parameters": values}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_labels(made_run, pictures, tmp_path, capsys):
    """They are refused before anything is loaded."""
    asked = f"--images={pictures['one']}"
    here, other = f"--workdir={made_run}", f"--workdir={conditional(made_run, tmp_path)}"
    for binary, arguments, message in (
        (EVALUATE, (here, asked, "--label=1"), "and made in"),
        (SAMPLE, (here, "--label=1"), "is unconditional"),
        (EVALUATE, (here, "--label=1"), "--label goes with --images"),
        (EVALUATE, (other, asked, "--label=10"), "--label=10: the classes are 0 to 9"),
        (EVALUATE, (other, asked, "--label=-1"), "--label"),
        (EVALUATE, (other, asked), "is conditional on label: pass --label=N"),
    ):
        code, line = complaint(capsys, binary, *arguments)
        assert code == 2 and message in line, line


def test_a_prior_learns_codes_and_draws_images(prior_run, capsys):
    run, coder = runs.from_workdir(prior_run), runs.from_workdir(prior_run.parent / "coder")
    assert run.spec.num_levels == 5 and run.spec.num_classes == 10
    assert run.spec.shape[-1] == 1 and run.spec.entry == "image"
    assert run.data["prior_for"] == str(coder.workdir)
    assert read(prior_run / "results.json")["protocol"]["estimator"] == "exact"
    # The examples are the codes, and go back to the decoder's images.
    dataset, digits = runs.load_data(run.data), runs.load_data(coder.data)
    variables = runs.load(coder, "best").of_first_seed()
    x = digits.eval_transform(None, digits.test[np.arange(397)])["image"]
    codes = np.asarray(jax.jit(coder.model.encode)(jax.random.key(0), variables, x))
    batch = dataset.eval_transform(None, dataset.test[np.arange(397)])
    np.testing.assert_allclose(batch["image"][..., 0], codes / 4, atol=1e-6)
    np.testing.assert_array_equal(batch["label"], digits.test[np.arange(397)]["label"])
    rebuilt = jax.jit(coder.model.decode)(jax.random.key(0), variables, codes)
    np.testing.assert_allclose(runs.decoded(run, batch["image"]), rebuilt, atol=1e-6)
    SAMPLE(f"--workdir={prior_run}", "--num=3")
    samples = np.load(prior_run / "samples" / "samples.npz")["samples"]
    assert samples.shape == (3, 8, 8, 1) and 0 <= samples.min() and samples.max() <= 1
    assert (prior_run / "samples" / "samples.png").exists()


def test_what_a_prior_cannot_be_of(prior_run, made_run, trained, pictures, tmp_path, capsys):
    new, coder = f"--workdir={tmp_path / 'new'}", f"--prior_for={prior_run.parent / 'coder'}"
    for binary, arguments, message in (
        (
            AUTOREGRESSIVE,
            (new, f"--prior_for={trained}"),
            "holds a vae, whose codes are not discrete",
        ),
        (
            AUTOREGRESSIVE,
            (new, f"--prior_for={made_run}"),
            "holds a made: it needs a run whose codes",
        ),
        (AUTOREGRESSIVE, (new, f"--prior_for={tmp_path / 'none'}"), "holds no run"),
        (AUTOREGRESSIVE, (new, coder, "--dataset=digits"), "--dataset and --prior_for exclude"),
        (AUTOREGRESSIVE, (new, "--model=histogram"), "2^64 (about 1.8e19) of them"),
        (
            EVALUATE,
            (f"--workdir={prior_run}", f"--images={pictures['one']}"),
            "needs a model of images, and this one is of codes",
        ),
    ):
        code, line = complaint(capsys, binary, *arguments)
        assert code == 2 and message in line, line
    assert not (tmp_path / "new").exists()
