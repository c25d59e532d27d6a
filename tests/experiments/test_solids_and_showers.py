"""What figures and judges make of examples that are no images: voxels and showers."""

import jax.numpy as jnp
import numpy as np
import pytest

from experiments import figures, judges, showers, subject
from genjax import plots
from genjax.core import Model, Spec
from genjax.data import load

SOLID = Spec((4, 4, 4, 1), 2)


def of(model, spec, tmp_path, dataset=None):
    return figures.Subject(model, {}, spec, lambda: dataset, tmp_path)


def test_samples_of_voxels_are_drawn_as_cubes(tmp_path, monkeypatch):
    shown = []
    grid = lambda images, *rest: shown.append(images) or np.zeros((8, 8, 3), np.uint8)
    monkeypatch.setattr(plots, "image_grid", grid)
    sample = lambda key, variables, num: jnp.zeros((num, 4, 4, 4, 1)).at[:, 1, 1].set(0.9)
    figures.draw("samples", of(Model(None, None, sample=sample), SOLID, tmp_path), 0)
    assert shown[0].shape == (64, 48, 48, 3) and shown[0].std() > 0.01
    np.testing.assert_array_equal(subject.on_host(jnp.full((1, 4, 4, 4, 1), 2.0)), 1.0)


@pytest.fixture(scope="module")
def dataset():
    return load("showers")


def test_showers_are_asked_for_at_energies_and_drawn_beside_the_data(
    tmp_path, monkeypatch, dataset
):
    shown = []
    monkeypatch.setattr(plots, "shower_maps", lambda rows, path: shown.append(rows))

    def sample(key, variables, num, asked):
        return jnp.broadcast_to(asked[:, :1] / 48, (num, 48))

    model = Model(None, None, sample=sample, condition="incidence")
    figures.draw("samples", of(model, dataset.spec, tmp_path, dataset), 0)
    (rows,) = shown
    assert len(rows) == 8
    for name, row in rows.items():
        energy = float(name.split()[0])
        drawn, real = (sum(each.sum() for each in row[k]) for k in ("drawn again", "data"))
        assert drawn == pytest.approx(energy, rel=1e-4) and real == pytest.approx(energy, rel=0.15)
        assert [each.shape for each in row["data"]] == [(3, 8), (4, 4), (4, 2)]
    with pytest.raises(figures.Unsuitable, match="conditional on the energy"):
        figures.draw("samples", of(Model(None, None), dataset.spec, tmp_path), 0)


def test_figures_of_showers_are_by_the_specs_layers(dataset):
    assert showers.layers_of(dataset.spec) == ((3, 8), (4, 4), (4, 2))
    assert showers.layers_of(SOLID) == ()
    found = showers.figures(dataset.spec, np.ones((5, 48)), np.arange(1.0, 11.0).reshape(5, 2))
    assert found["share_0"] == 0.5 and found["lit_2"] == 1.0


def test_factors_of_solids_have_their_own_names():
    solids = load("voxels", image_size=8)
    found = judges._factors(solids, solids.train, 50)
    assert list(found) == ["solid", "size", "pose"] and found["solid"].max() == 6


def test_voxels_are_seen_by_their_blocks():
    x = np.zeros((1, 8, 5, 4, 1), np.float32)
    x[0, :2, :2, 0] = 1
    found = judges._blocks(x).reshape(4, 4, 4)
    assert found[0, 0, 0] == 1 and found.sum() == 1  # 8 by twos, 5 by 2, 1, 1, 1
