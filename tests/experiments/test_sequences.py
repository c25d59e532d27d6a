"""Runs of models of sequences: pictures, sentences, and music that can be played."""

import jax
import numpy as np
import pytest
from PIL import Image

from experiments import figures, runs, sequence_figures
from genjax.core import Spec
from genjax.data import load, notes, text_to_caption, translation
from genjax.gan import cs_gan
from genjax.plots import midi_bytes
from tests.experiments.commands import GAN, SAMPLE, read
from tests.plots.test_midi import read as read_midi

SHORT = ("--steps=4", "--eval_every=2", "--chunk=2", "--batch_size=8", "--set=hidden=4")


@pytest.mark.acceptance  # half a minute
def test_melodies_are_drawn_played_and_counted(tmp_path):
    workdir = tmp_path / "music"
    GAN(
        "--model=c_rnn_gan",
        "--dataset=melodies",
        *SHORT,
        "--set=pretraining_rounds=2",
        "--set=num_layers=1",
        f"--workdir={workdir}",
    )
    drawn = {path.name for path in (workdir / "samples").iterdir()}
    assert {"samples.png", "samples.mid", "samples_0000002.png", "forecast.png"} <= drawn
    events = read_midi((workdir / "samples" / "samples.mid").read_bytes())[2]
    assert sum(kind == 0x90 for _, kind, *_ in events) == 24 * sequence_figures.PLAYED
    found = read(workdir / "results.json")
    names = {"tone_span", "scale_consistency", "polyphony", "repetitions"}
    expected = {f"{of}/{name}" for of in ("test", "real") for name in names} | {"test/logit"}
    assert set(found["metrics"]) == expected
    assert found["metrics"]["real/scale_consistency"] == 1.0
    assert abs(found["metrics"]["real/polyphony"] - 0.5) < 1e-6  # triads, and as many single notes
    assert found["protocol"]["music"]["samples"] == 1000 and "sets" not in found["protocol"]
    SAMPLE(f"--workdir={workdir}", "--num=3")
    assert np.load(workdir / "samples" / "samples.npz")["samples"].shape == (3, 24, 4)


def test_progressions_are_continued(tmp_path):
    workdir = tmp_path / "films"
    GAN("--model=context_rnn_gan", "--dataset=progressions", *SHORT, f"--workdir={workdir}")
    drawn = {path.name for path in (workdir / "samples").iterdir()}
    assert {"forecast.png", "forecast_0000002.png", "training.gif"} <= drawn
    assert "samples.png" not in drawn
    found = set(read(workdir / "results.json")["metrics"])
    assert {f"test/{name}_accuracy" for name in ("position", "choice")} < found


def test_pieces_are_played_one_after_the_other():
    piece = notes.events([0, 1], [1, 2], [60, 64], 0.5)
    tune = sequence_figures.medley(np.stack([piece, piece]))
    np.testing.assert_allclose(tune[:, 0], [0, 1, 5, 6])  # the first ends at 3, two beats' rest
    assert len(midi_bytes(tune)) > 60


def test_translations_are_written_as_text_and_drawn(tmp_path):
    dataset = load("toy_translation")
    small = {"embedding_dim": 4, "width": 4, "maps": 2, "beam_size": 2}
    model = cs_gan(dataset.spec, **small)[-1].model
    variables = jax.jit(model.init)(jax.random.key(0), runs.spec_batch(dataset.spec, 4)).variables
    subject = figures.Subject(model, variables, dataset.spec, lambda: dataset, tmp_path)
    path = figures.draw("samples", subject, 0)  # `translations` of the same key
    lines = (tmp_path / "samples" / "samples.txt").read_text().splitlines()
    assert lines[0].split() == ["source", "reference", "output", "drawn", "right"]
    text = dataset.test.arrays()["text"][:24]
    want = translation.symbols(translation.translate(text))
    captions = [text_to_caption(row) for row in text]
    shown = [tuple(line.split()[:2]) for line in lines[2:]]
    assert shown == list(zip(captions, want, strict=True))
    assert Image.open(path).size[1] > 300
    with pytest.raises(figures.Unsuitable, match="forecast"):
        figures.draw("forecast", subject, 0)


def test_what_a_sequence_is_taken_for(tmp_path):
    assert Spec((3, 64)).frame_side == 8 and Spec((3, 4)).frame_side is None
    assert Spec((3, 10)).frame_side is Spec((64,)).frame_side is None
    x = np.random.default_rng(0).random((2, 3, 10))
    assert sequence_figures.draw(x, Spec((3, 10)), tmp_path / "maps.png") == [tmp_path / "maps.png"]
    piece = np.tile(notes.events([0, 0], 1, [60, 64], 1), (3, 1, 1))
    drawn = sequence_figures.draw(piece, Spec(piece.shape[1:]), tmp_path / "tune.png")
    assert [path.suffix for path in drawn] == [".png", ".mid"] and drawn[1].stat().st_size > 60
    assert sequence_figures.music(piece) == {
        "tone_span": 4.0, "scale_consistency": 1.0, "polyphony": 1.0, "repetitions": 0.0
    }  # fmt: skip
