"""The runs of the curve, what it reads from them, and what it says of their order."""

import pytest
from absl import flags
from PIL import Image

from experiments import rate_distortion, several
from tests.experiments.commands import Binary, complaint, read

CURVE = Binary(rate_distortion.define, rate_distortion.main)


def test_the_curve_is_of_the_runs(tmp_path, capsys, monkeypatch):
    asked = []

    def finish(family, workdir, changes):
        asked.append((family, workdir.name, changes["set"], flags.FLAGS.checkpoint))
        beta = float(changes["set"][-1].removeprefix("beta="))
        metrics = {"test/kl": 9.0 - beta, "test/reconstruction": -20.0 - 2 * beta}
        protocol = {"seeds": [0], "hyper_parameters": {}, "trained_at_commit": None}
        return {"model": "beta_vae", "metrics": metrics, "protocol": protocol}

    monkeypatch.setattr(several, "finish", finish)
    CURVE("--betas=4,0.5", "--set=hidden=16", f"--workdir={tmp_path}")
    # Not the checkpoint of the best ELBO, which is that of beta 1.
    assert asked == [
        ("vae", "beta_0.5", ["hidden=16", "beta=0.5"], "latest"),
        ("vae", "beta_4", ["hidden=16", "beta=4.0"], "latest"),
    ]
    shown = capsys.readouterr().out
    assert "rate falls as beta grows: yes" in shown
    assert "distortion rises as beta grows: yes" in shown
    found = read(tmp_path / "rate_distortion.json")
    assert found["points"] == [
        {"beta": 0.5, "rate": 8.5, "distortion": 21.0, "elbo": -29.5},
        {"beta": 4.0, "rate": 5.0, "distortion": 28.0, "elbo": -33.0},
    ]
    assert found["rate_falls"] and found["distortion_rises"]
    assert "--betas=4,0.5" in found["command"] and found["protocol"] == {"seeds": [0]}
    assert Image.open(tmp_path / "rate_distortion.png").size[0] > 400


def test_nothing_is_drawn_where_a_signal_comes(tmp_path, monkeypatch):
    monkeypatch.setattr(several, "finish", lambda *args: None)
    CURVE(f"--workdir={tmp_path}")
    assert not list(tmp_path.iterdir())


def test_where_the_order_is_not_kept_is_said():
    points = [{"beta": b, "rate": r} for b, r in ((0.1, 5.0), (1.0, 3.0), (4.0, 3.0), (16.0, 4.0))]
    assert rate_distortion.trend(points[:2], "rate", -1) == ""
    assert rate_distortion.trend(points, "rate", -1) == "no, not from 1 to 4, 4 to 16"
    assert rate_distortion.trend(points, "rate", 1) == "no, not from 0.1 to 1, 1 to 4"


def test_a_point_is_rate_and_distortion_with_their_deviations():
    values = {"test/kl": 3.0, "test/reconstruction": -9.0}
    values |= {"test/kl_std": 0.1, "test/reconstruction_std": 0.2}
    assert rate_distortion.point(4.0, {"model": "a", "metrics": values}) == {
        "beta": 4.0,
        "rate": 3.0,
        "distortion": 9.0,
        "elbo": -12.0,
        "rate_std": 0.1,
        "distortion_std": 0.2,
    }


def test_what_has_no_rate_is_refused():
    results = {"model": "vq_vae", "metrics": {"test/reconstruction": -1.0}}
    with pytest.raises(ValueError, match="vq_vae has no test/kl to draw"):
        rate_distortion.point(1.0, results)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("--betas=1", "--betas=1: expected two or more different numbers"),
        ("--betas=1,1.0", "expected two or more different numbers"),
        ("--betas=1,-2", "expected two or more different numbers"),
        ("--betas=1,nan", "expected two or more different numbers"),
        ("--betas=one,2", "--betas=one,2: expected two or more"),
        ("--set=beta=3", "leave --set beta out"),
        ("--set=capacity=3", "leave --set capacity out"),
        ("--set=latentdim=3", "no hyper-parameter 'latentdim'"),
        ("--model=vae", "vae has no hyper-parameter 'beta'"),
        ("--model=cats", "unknown --model 'cats'"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, capsys, arguments, message):
    code, line = complaint(capsys, CURVE, f"--workdir={tmp_path / 'runs'}", arguments)
    assert code == 2 and message in line
    assert not list(tmp_path.iterdir())
