"""Showers: energies that add up, and what the particle and the depth make of them."""

import jax
import numpy as np
import pytest

from genjax.data import load, showers
from genjax.metrics import shower_figures


@pytest.fixture(scope="module")
def batch():
    """2000 test showers, with the spec."""
    dataset = load("showers")
    rows = np.arange(2000, dtype=np.int32)
    raw = {**dataset.test[rows], "index": rows}
    return dataset.spec, jax.device_get(jax.jit(dataset.eval_transform)(jax.random.key(0), raw))


def test_a_batch_is_what_the_spec_says(batch):
    spec, found = batch
    expected = {"vector": spec.shape, "label": (), "index": (), **spec.extras}
    assert {name: each.shape[1:] for name, each in found.items()} == expected
    layers = np.concatenate([found[f"layer_{k}"].reshape(2000, -1) for k in range(3)], axis=1)
    np.testing.assert_array_equal(layers, found["vector"])
    np.testing.assert_array_equal(found["incidence"][:, 1], found["label"])
    assert found["incidence"][:, 0].min() >= 1 and found["incidence"][:, 0].max() <= 100


def test_energies_add_up_and_cells_below_the_threshold_are_zero(batch):
    x, energy = batch[1]["vector"], batch[1]["incidence"][:, 0]
    share = x.sum(1) / energy
    assert share.max() <= 1 + 1e-5 and share.min() > 0.9
    assert (x[x > 0] >= (0.00399 * energy[:, None] + 0 * x)[x > 0]).all()
    figures = shower_figures(x, energy, showers.LAYERS)
    assert figures["energy_correlation"] > 0.999
    assert 0.5 < figures["share_1"] < 0.65 and 0.3 < figures["lit_0"] < 0.8


def test_a_pion_is_wider_and_goes_deeper(batch):
    x, label = batch[1]["vector"], batch[1]["label"]
    share = x[:, 40:].sum(1) / x.sum(1)
    lit = (x > 0).mean(1)
    assert share[label == 1].mean() > share[label == 0].mean() + 0.05
    assert lit[label == 1].mean() > lit[label == 0].mean() + 0.1


def test_vectors_have_no_image_size():
    with pytest.raises(ValueError, match="showers holds vectors"):
        load("showers", image_size=8)
