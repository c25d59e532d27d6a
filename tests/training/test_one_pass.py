"""Models that learn by counting: one round of the whole set, whatever the configuration says."""

import json

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.histogram import histogram
from genjax.core import Spec, Stage
from genjax.data import ArraySource, Dataset
from genjax.training import Config, fit, read_metrics

SIZE = 37  # no multiple of the four devices


def dataset():
    """Three bits, the last of them always 0 in the training set and not so in validation."""
    bits = np.random.default_rng(0).integers(0, 2, (SIZE + 20, 3)).astype(np.float32)
    bits[:SIZE, 2] = 0
    train, valid, test = (
        ArraySource({"vector": part}) for part in np.split(bits, [SIZE, SIZE + 10])
    )

    def transform(key, batch):
        # As dynamic binarisation: what is counted depends on the seed.
        flips = 0.0 if key is None else jax.random.bernoulli(key, 0.3, batch["vector"].shape)
        return {**batch, "vector": jnp.abs(batch["vector"] - flips)}

    fixed = lambda key, batch: transform(None, batch)
    return Dataset("bits", Spec((3,), 2), train, valid, test, transform, fixed)


def counting(**options):
    """The table of three bits."""
    return histogram(Spec((3,), 2), **options)


def examples(fitted):
    """What was counted."""
    return np.asarray(fitted.state.variables["table"]["counts"]["examples"])


@pytest.mark.parametrize(
    "changes",
    [{"parallel": "pmap", "batch_size": 100}, {"device_data_limit_mb": 0, "eval_every": 7}],
)
def test_one_round_counts_every_example_once(changes):
    plain = dataset()._replace(train_transform=dataset().eval_transform)
    fitted = fit(counting(), plain, Config(steps=20, batch_size=10)._replace(**changes))
    assert fitted.step == 1 and not fitted.interrupted
    codes = plain.train.arrays()["vector"].astype(int) @ [4, 2, 1]
    np.testing.assert_array_equal(examples(fitted), np.bincount(codes, minlength=8))


def test_seeds_side_by_side_equal_seeds_alone():
    settings = Config(steps=9, batch_size=10, device_data_limit_mb=0)
    together = examples(fit(counting(), dataset(), settings._replace(num_seeds=2, seed=5)))
    alone = [examples(fit(counting(), dataset(), settings._replace(seed=seed))) for seed in (5, 6)]
    np.testing.assert_array_equal(together, alone)
    assert (alone[0] != alone[1]).any() and (together.sum(-1) == SIZE).all()


def test_a_run_with_impossible_validation_is_written_and_found_finished(tmp_path):
    settings = Config(steps=50, batch_size=10, workdir=str(tmp_path))
    plain = dataset()._replace(train_transform=dataset().eval_transform)
    first = fit(counting(), plain, settings)
    again = fit(counting(), plain, settings)
    chex.assert_trees_all_equal(first.state, again.state)
    assert again.step == 1 and again.seconds_per_step is None
    (row,) = read_metrics(tmp_path / "metrics.jsonl")
    assert row["step"] == 1 and row["valid/log_likelihood"] == -np.inf
    assert np.isfinite(row["histogram/loss"])
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["steps"] == 1 and written["identity"]["batch_size"] == 10


def test_validation_is_in_batches_of_the_configured_size():
    seen = []
    model = counting(smoothing=1.0)

    def evaluate(key, variables, batch):
        seen.append(batch["vector"].shape[0])
        return model.evaluate(key, variables, batch)

    fit(model._replace(evaluate=evaluate), dataset(), Config(steps=1, batch_size=8))
    assert set(seen) == {8}


def test_what_cannot_be_counted_in_one_pass_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="cannot be a stage of a curriculum"):
        fit((Stage(counting(), 1), Stage(counting())), dataset(), Config(steps=2))
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(ValueError, match="one process on one device, got 2 processes"):
        fit(counting(), dataset(), Config(steps=2))
