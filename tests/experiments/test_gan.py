"""The binary of adversarial models: figures of sets, pictures, alarms, and what it refuses."""

import json

import numpy as np
import pytest
from PIL import Image

from experiments import alarms, judges, runs, sets, watch
from experiments.alarms import Observation
from experiments.sets import Glance
from genjax import metrics
from genjax.data import MIXTURES, load
from genjax.training import read_metrics
from tests.experiments.commands import EVALUATE, GAN, SAMPLE, complaint, read

SHORT = ("--steps=20", "--eval_every=10", "--chunk=10", "--fid_samples=60")
TINY = (*SHORT, "--set=hidden=16", "--set=latent_dim=8")
COMPARED = (
    "fid kid kid_stderr inception_score precision recall density coverage modes mode_kl".split()
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home without judges, and judges that learn little."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(judges, "STEPS", 60)
        yield


@pytest.fixture(scope="module")
def trained(home, tmp_path_factory):
    """The workdir of a small run on digits."""
    workdir = tmp_path_factory.mktemp("runs") / "gan"
    GAN(*TINY, f"--workdir={workdir}")
    return workdir


def test_results_compare_sets_and_say_how(trained):
    found = read(trained / "results.json")
    names = {f"test/{name}" for name in (*COMPARED, "logit")} | {"real/fid"}
    assert set(found["metrics"]) == names
    told = found["protocol"]["sets"]
    assert told["features"] == "judge" and told["judge"].startswith("genjax-judge-")
    assert 0.2 < told["judge_accuracy"]["label"] <= 1.0
    assert told["samples"] == told["real_examples"] == 397 and told["modes_in_all"] == 10
    # Twenty rounds are noise, and real examples are nearer to each other than noise is to them.
    assert 0 < 5 * found["metrics"]["real/fid"] < found["metrics"]["test/fid"]
    assert found["protocol"]["binarization"] == "none" and found["protocol"]["num_levels"] == 17


def test_the_best_checkpoint_is_that_of_the_lowest_fid(trained):
    rows = {row["step"]: row for row in read_metrics(trained / "metrics.jsonl")}
    fids = {step: row["valid/fid"] for step, row in rows.items()}
    assert set(fids) == {10, 20} and all("valid/kid" in row for row in rows.values())
    assert read(trained / "results.json")["step"] == min(fids, key=fids.get)


def test_pictures_are_of_fixed_latents_and_move_at_the_end(trained):
    drawn = {path.stem for path in (trained / "samples").glob("*.png")}
    always = {"samples", "interpolation", "truncation", "curves", "samples_0000010"}
    assert always <= drawn <= always | {"samples_0000020", "arithmetic"}
    last, best = (trained / "samples" / f"{name}.png" for name in ("samples_0000020", "samples"))
    if read(trained / "results.json")["step"] == 20:
        assert last.read_bytes() == best.read_bytes()
    assert Image.open(trained / "samples" / "training.gif").n_frames == 2


def test_evaluation_repeats_the_figures_and_the_judge_is_trained_once(trained, capsys):
    before = read(trained / "results.json")
    EVALUATE(f"--workdir={trained}")
    assert read(trained / "results.json")["metrics"] == before["metrics"]
    assert "training the judge" not in capsys.readouterr().err
    EVALUATE(f"--workdir={trained}", "--split=valid", "--examples=50")
    valid = read(trained / "results_valid_first50.json")
    assert {"valid/fid", "real/fid"} <= set(valid["metrics"])
    assert valid["protocol"]["sets"]["samples"] == 50


def test_a_figure_is_drawn_again(trained):
    path = trained / "samples" / "interpolation.png"
    before = path.read_bytes()
    path.unlink()
    GAN("--figure=interpolation", f"--workdir={trained}")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "binary, arguments, message",
    [
        (GAN, "--model=pix2pix --dataset=digits --steps=1", "pair"),
        (GAN, "--model=cyclegan --dataset=digits --steps=1", "domain"),
        (GAN, "--fid_samples=5 --steps=1", "--fid_samples=5: at least 20 are needed"),
        (GAN, "--features=/no/such/weights.npz --steps=1", "/no/such/weights.npz"),
        (GAN, "--figure=pairs", "needs a model that translates or enlarges images"),
        (GAN, "--figure=classes", "conditional on the class"),
        (EVALUATE, "--estimator=reciprocal", "needs densities of latents"),
        (EVALUATE, "--estimator=importance", "needs a log-likelihood, and gan has none"),
        (SAMPLE, "--text=red", "--text='red' needs a model that is conditional on a caption"),
    ],
)
def test_a_mistake_is_one_line(home, trained, tmp_path, capsys, binary, arguments, message):
    there = trained if binary is not GAN or "--figure" in arguments else tmp_path / "run"
    code, line = complaint(capsys, binary, f"--workdir={there}", *arguments.split())
    assert code == 2 and message in line


def test_labels_are_needed_by_a_conditional_model(home, tmp_path, capsys):
    images = np.random.default_rng(0).integers(0, 255, (100, 8, 8), np.uint8)
    np.savez(tmp_path / "bare.npz", x=images)
    dataset = f"--dataset=file:{tmp_path / 'bare.npz'}"
    code, line = complaint(capsys, GAN, "--model=biggan", dataset, f"--workdir={tmp_path / 'run'}")
    assert code == 2 and "labels" in line and not (tmp_path / "run").exists()


def eye_of(classes, factors, shares=None, mixture=None):
    """An eye that sees what is there."""
    classes = None if classes is None else np.array(classes)
    look = lambda x: metrics.Judged(x, {})
    return judges.Eye(look, "image", (2,), classes, shares, factors, {}, mixture, {"features": ""})


def test_classes_of_several_factors_are_their_product():
    eye = eye_of([[0, 0], [0, 1], [1, 1]], ("shape", "colour"))
    seen = metrics.Judged(None, {"shape": np.array([[0.8, 0.2]]), "colour": np.array([[0.3, 0.7]])})
    # (1, 0) is not among the classes of the data: .24, .56 and .14 are left, of .94
    expected = np.array([[0.24, 0.56, 0.14]]) / 0.94
    np.testing.assert_allclose(eye.class_probabilities(seen), expected, rtol=1e-12)


def test_modes_of_a_mixture_are_counted_in_the_plane():
    ring = MIXTURES["ring"]
    eye = eye_of(None, (), mixture=ring)
    assert sets.coverage(eye, np.repeat(ring.centres[:3], 50, axis=0), None).num_modes == 3
    assert sets.coverage(eye_of(None, ()), ring.centres, None) is None


def test_the_mean_distance_by_hand():
    points = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    assert sets.mean_distance(points) == pytest.approx(10 / 3)
    assert sets.mean_distance(np.ones((4, 2))) == 0.0


def test_labels_and_factors_of_a_set_become_classes():
    digits = load("digits", binarization="none")
    factors = judges._factors(digits, digits.train, 10**6)
    classes, shares = judges._classes(factors)
    assert classes[:, 0].tolist() == list(range(10)) and shares.sum() == pytest.approx(1.0)
    stacked = load("stacked_digits", binarization="none")
    factors = judges._factors(stacked, stacked.train, 500)
    rows = stacked.train[judges.spread_rows(stacked.train, 500)]
    number = factors["first"] * 100 + factors["second"] * 10 + factors["third"]
    np.testing.assert_array_equal(number, rows["label"])
    assert judges._classes({}) == (None, None)


GOOD = Glance(fid=10.0, kid=0.1, modes=9, real_modes=10, spread=0.9)


def seen(*glances, **numbers):
    """A history of evaluations; the last has these metrics."""
    history = [Observation(10 * step, {}, glance) for step, glance in enumerate(glances, 1)]
    return [*history[:-1], history[-1]._replace(metrics=numbers)]


@pytest.mark.parametrize(
    "history, said",
    [
        (seen(GOOD, GOOD), []),
        (seen(GOOD, GOOD._replace(modes=1)), []),  # once may be chance
        (seen(GOOD._replace(modes=4), GOOD._replace(modes=3)), ["samples reach 3 modes"]),
        (seen(*[GOOD._replace(spread=0.05)] * 2), ["nearly identical, 5.0% as far apart"]),
        (seen(GOOD, GOOD._replace(fid=21.0), GOOD._replace(fid=25.0)), ["risen from 10 to 25"]),
        (seen(GOOD, GOOD._replace(fid=25.0), GOOD._replace(fid=15.0)), []),
        (seen(None, **{"critic/accuracy": 0.999, "critic/loss": 0.003}), ["accuracy of critic"]),
        (seen(None, **{"critic/accuracy": 0.999, "critic/loss": 0.3}), []),
        (seen(None, **{"generator/grad_norm": np.array([150.0, 90.0])}), ["grad_norm is 120"]),
    ],
)
def test_alarms_are_rung_by_what_does_not_heal(history, said):
    lines = alarms.new_alarms(history)
    assert len(lines) == len(said) and all(
        part in line for part, line in zip(said, lines, strict=True)
    )


def test_an_alarm_is_told_once():
    few = GOOD._replace(modes=2)
    history = seen(few, few, few)
    assert alarms.alarms(history) and not alarms.new_alarms(history)
    assert alarms.new_alarms([*history, *seen(GOOD), *seen(few, few)])


def test_a_run_of_one_picture_does_not_move(tmp_path):
    (tmp_path / "samples").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "samples" / "samples_0000010.png")
    assert watch.animate(tmp_path) is None


def test_a_text_is_an_integer_in_a_batch_of_zeros(trained):
    run = runs.from_workdir(trained)
    spec = run.spec._replace(extras={"text": (5,), "target": (8, 8, 1)})
    batch = runs.spec_batch(spec, 2)
    assert batch["text"].dtype == np.int32 and batch["target"].dtype == np.float32
    assert json.loads((trained / "config.json").read_text())["flags"]["fid_samples"] == 60


def test_a_curriculum_cut_short_is_refused_before_anything_is_trained(tmp_path, capsys):
    workdir = tmp_path / "run"
    code, line = complaint(capsys, GAN, "--model=progan", "--steps=40", f"--workdir={workdir}")
    assert code == 2
    assert "--steps=40 ends before the last stage of progan, which begins after 500 rounds" in line
    assert not workdir.exists()
