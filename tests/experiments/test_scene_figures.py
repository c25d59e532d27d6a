"""Scenes of edited layouts and attributes, of a network that has learned nothing."""

import functools

import jax
from PIL import Image

from experiments import figures, runs
from experiments.scene_figures import _edits
from genjax.data import load, scenes
from genjax.gan import al_cgan

KEY = jax.random.key(0)


def subject_of(name, make, tmp_path, **options):
    """A model as it starts."""
    dataset = load(name)
    model = make(dataset.spec, **options)
    variables = jax.jit(model.init)(KEY, runs.spec_batch(dataset.spec, 4)).variables
    return figures.Subject(model, variables, dataset.spec, functools.partial(load, name), tmp_path)


def test_scenes_are_drawn_of_edited_layouts(tmp_path):
    subject = subject_of("scenes", al_cgan, tmp_path, width=2, latent_dim=2)
    assert Image.open(figures.draw("scenes", subject, 0)).size[0] > 300


def test_edits_change_what_they_say():
    edits = _edits(scenes.draw_scenes(jax.random.split(KEY, 1)))
    counts = {name: scenes.layout(each).sum((0, 1, 2)) for name, each in edits.items()}
    sky, hill, sea, house = range(4)
    usual = counts["as drawn"]
    assert counts["no house"][house] == 0 < usual[house] < counts["large house"][house]
    assert counts["less sea"][sea] < usual[sea] < counts["more sea"][sea]
    assert counts["low hill"][sky] > usual[sky] and counts["low hill"][hill] < usual[hill]
