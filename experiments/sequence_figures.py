"""Sequences: rolls, strips of frames, sentences, music to be played, and what is counted of it."""

from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments import judges
from experiments.subject import Subject, Unsuitable, condition, pictures, require, test_batch
from genjax import metrics, plots
from genjax.core import Model, Spec
from genjax.data import Dataset, notes, text_to_caption, translation
from genjax.plots.grid import write_bytes

SHOWN, PLAYED = 16, 8
FORECASTS, SENTENCES = 12, 24
_SYMBOLS = {"toy_translation": translation.symbols}  # names of the target's symbols, by set
MEASURED = 1000  # samples, and as many real pieces
_RUNS = 3  # tones
_REST = 2.0  # beats between pieces that are played one after the other


def samples(subject: Subject, key, path: Path) -> None:
    """Draws of a model of sequences; of notes also a MIDI file beside the picture.

    Those of a translator are drawn translations, beside what they translate.
    """
    require(subject, "sample")
    if subject.model.condition == "text" and subject.model.translate is not None:
        translations(subject, key, path)
        return
    given = ()
    if subject.model.condition is not None:
        given = tuple(each[:SHOWN] for each in condition(subject, test_batch(subject, SHOWN)))
    sample = jax.jit(subject.model.sample, static_argnums=2)
    num = len(given[0]) if given else SHOWN
    draw(np.asarray(sample(key, subject.variables, num, *given)), subject.spec, path)


def forecast(subject: Subject, key, path: Path) -> None:
    """Test sequences up to their last step but one, and how the model goes on: two steps.

    Frames beside the truth; notes are drawn with a half of the piece to go on from.
    """
    require(subject, "forecast")
    if subject.spec.entry != "sequence":
        raise Unsuitable("this figure needs sequences")
    x = np.asarray(test_batch(subject, FORECASTS)["sequence"])
    length = x.shape[1]
    frames = subject.spec.frame_side is not None
    steps = min(2, length - 1) if frames else length // 2
    start = x[:, : length - steps]
    run = jax.jit(subject.model.forecast, static_argnums=3)
    after = np.asarray(run(key, subject.variables, start, steps))
    if frames:
        shown = {"given": start, "truth": x[:, length - steps :], "forecast": after}
        strips = {name: as_frames(each, subject.spec) for name, each in shown.items()}
        plots.filmstrips(strips, path)
        return
    draw(np.concatenate([start, after], axis=1), subject.spec, path)


def translations(subject: Subject, key, path: Path) -> None:
    """Test sentences, their references, the likeliest translations and drawn ones: text and a picture.

    The text lies beside the picture, as translations.txt or whatever the picture is called.
    """
    require(subject, "translate", "sample")
    if subject.model.condition != "text" or subject.spec.entry != "sequence":
        raise Unsuitable("this figure needs a model that translates sentences")
    batch = test_batch(subject, SENTENCES)
    (source,) = condition(subject, batch)
    key_translate, key_sample = jax.random.split(key)
    sample = jax.jit(subject.model.sample, static_argnums=2)
    sentences = {
        "reference": batch["sequence"],
        "output": jax.jit(subject.model.translate)(key_translate, subject.variables, source),
        "drawn": sample(key_sample, subject.variables, len(source), source),
    }
    told = _SYMBOLS.get(subject.dataset().name, _numbers)
    lines = {name: told(np.asarray(x).argmax(-1)) for name, x in sentences.items()}
    right = [a == b for a, b in zip(lines["reference"], lines["output"], strict=True)]
    columns = {
        "source": [text_to_caption(row) for row in np.asarray(source)],
        **lines,
        "right": ["yes" if each else "no" for each in right],
    }
    text = plots.text_columns(columns)
    write_bytes(path.with_suffix(".txt"), text.encode())
    plots.text_figure(text, path)


def _numbers(tokens: np.ndarray) -> list[str]:
    """Symbols without names, up to the end."""
    return [" ".join(map(str, row[: np.cumprod(row != 0).sum()])) for row in tokens]


def draw(x: np.ndarray, spec: Spec, path: Path) -> list[Path]:
    """Draws sequences [N, T, F] as what they are taken for; returns the files written."""
    x = np.asarray(x)[:SHOWN]
    if notes.is_notes(spec):
        plots.piano_rolls(notes.played(x), path)
        tune = path.with_suffix(".mid")
        write_bytes(tune, plots.midi_bytes(medley(x[:PLAYED])))
        return [path, tune]
    if spec.frame_side is not None:
        plots.filmstrips({"": as_frames(x, spec)}, path)
    else:
        plots.heat_maps(x, path)
    return [path]


def medley(x: np.ndarray) -> np.ndarray:
    """The notes [N T, 4] of pieces [N, T, 4], played one after the other, two beats between them."""
    now, found = 0.0, []
    for piece in notes.played(x):
        found.append(piece + np.array([now, 0.0, 0.0, 0.0]))
        now = float((found[-1][:, 0] + found[-1][:, 1]).max()) + _REST
    return np.concatenate(found)


def as_frames(x: np.ndarray, spec: Spec) -> np.ndarray:
    """[N, T, side, side] in [0, 1]."""
    return pictures(x).reshape(*x.shape[:2], spec.frame_side, spec.frame_side)


def measure_music(
    model: Model, spec: Spec, dataset: Dataset, split: str, key: jax.Array, variables: Any
) -> tuple[dict[str, float], dict[str, Any]]:
    """Means over samples of what is counted of music (`test/tone_span`), over real pieces (`real/...`).

    And the protocol. Nothing where examples are no notes, or the model does not sample.
    """
    if not notes.is_notes(spec) or model.sample is None or model.condition is not None:
        return {}, {}
    source = getattr(dataset, split)
    rows = judges.spread_rows(source, MEASURED)
    reals = judges.examples(dataset, source, rows, spec.entry)
    fakes = np.asarray(jax.jit(model.sample, static_argnums=2)(key, variables, len(rows)))
    found = {}
    for name, x in ((split, fakes), ("real", reals)):
        found |= {f"{name}/{figure}": value for figure, value in music(x).items()}
    protocol = {
        "samples": len(fakes),
        "notes": "the nearest semitone; starts on a grid of an eighth of a beat",
        "repetitions": f"runs of {_RUNS} tones",
        "of": "the first seed",
    }
    return found, protocol


def music(x: np.ndarray) -> dict[str, float]:
    """Means over pieces [N, T, 4] of what `genjax.metrics.music` counts."""
    tones = notes.note_numbers(x)
    figures = {
        "tone_span": metrics.tone_span(tones),
        "scale_consistency": metrics.scale_consistency(tones),
        "polyphony": metrics.polyphony(notes.start_times(x)),
        "repetitions": metrics.repetitions(tones, min(_RUNS, tones.shape[1])),
    }
    return {name: float(values.mean()) for name, values in figures.items()}
