"""One table of checks over every system of every family: the contract, as its users meet it."""

import inspect
import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import genjax.vae
from genjax.core import Spec, stages, variables_for_sampling

FAMILIES = {"vae": genjax.vae.MODELS}
SPECS = {
    "binary image": Spec((8, 8, 1), 2, 10),
    "grey image": Spec((6, 5, 1), 256),
    "colour image": Spec((8, 8, 3), 256, 4),
    "continuous image": Spec((8, 8, 1)),
    "binary vector": Spec((12,), 2),
    "continuous vector": Spec((12,)),
}
CASES = [
    pytest.param(make, spec, id=f"{family}-{name}-{label}")
    for family, models in FAMILIES.items()
    for name, make in models.items()
    for label, spec in SPECS.items()
]
KEY = jax.random.key(0)
BATCH = 4


def batch_of(spec):
    """A minibatch of valid data."""
    rng = np.random.default_rng(0)
    shape = (BATCH, *spec.shape)
    levels = spec.num_levels
    x = rng.random(shape) if levels is None else rng.integers(0, levels, shape) / (levels - 1)
    batch = {spec.entry: jnp.asarray(x, jnp.float32), "index": jnp.arange(BATCH)}
    if spec.num_classes:
        batch["label"] = jnp.asarray(rng.integers(0, spec.num_classes, BATCH), jnp.int32)
    return batch


def rounds_of(model, batch):
    """The minibatch as often as a round takes one."""
    return jax.tree.map(lambda leaf: jnp.stack([leaf] * model.num_batches), batch)


@pytest.mark.parametrize("make, spec", CASES)
def test_shapes_of_everything(make, spec):
    """By shapes alone, with no compilation, whatever the system can do."""
    for stage in stages(make(spec)):
        model, batch = stage.model, batch_of(spec)
        state = jax.eval_shape(model.init, KEY, batch)
        after, metrics = jax.eval_shape(model.update, KEY, state, rounds_of(model, batch))
        chex.assert_trees_all_equal_shapes_and_dtypes(state, after)
        assert any(name.endswith("/loss") for name in metrics)
        assert all(metric.shape == () for metric in metrics.values())
        variables, x = variables_for_sampling(state), batch[spec.entry]
        calls = {
            "sample": ((3, *spec.shape), lambda v, m=model: m.sample(KEY, v, 3)),
            "log_prob": ((BATCH,), lambda v, m=model: m.log_prob(KEY, v, x)),
            "decode": (x.shape, lambda v, m=model: m.decode(KEY, v, m.encode(KEY, v, x))),
        }
        for name, (shape, call) in calls.items():
            if getattr(model, name) is not None:
                found = jax.eval_shape(call, variables)
                assert found.shape == shape and found.dtype == jnp.float32, name
        if model.evaluate is not None:
            values = jax.eval_shape(model.evaluate, KEY, variables, batch)
            assert all(value.shape == (BATCH,) for value in values.values())
            assert model.select is None or model.select in values


@pytest.mark.parametrize("make, spec", CASES)
def test_a_round_is_finite_traced_once_and_a_function_of_its_key(make, spec):
    for stage in stages(make(spec)):
        model, batch = stage.model, batch_of(spec)
        state = jax.jit(model.init)(KEY, batch)
        update = jax.jit(chex.assert_max_traces(model.update, n=1))
        batches = rounds_of(model, batch)
        first, metrics = update(KEY, state, batches)
        again, _ = update(KEY, state, batches)
        other, _ = update(jax.random.key(1), state, batches)
        assert all(np.isfinite(value) for value in metrics.values()), metrics
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(first.variables))
        chex.assert_trees_all_equal(first, again)
        assert int(first.step) == 1
        leaves = zip(
            jax.tree.leaves(first.variables), jax.tree.leaves(other.variables), strict=True
        )
        assert any((a != b).any() for a, b in leaves), "the round draws nothing from its key"
        if model.evaluate is not None:
            values = jax.jit(model.evaluate)(KEY, first.variables, batch)
            assert all(np.isfinite(value).all() for value in values.values())


@pytest.mark.parametrize("make", [make for m in FAMILIES.values() for make in m.values()])
def test_what_a_system_says_of_itself(make):
    first, *_ = inspect.getdoc(make).splitlines()
    assert "arXiv:" in first or "(" in first, "the first line names the paper"
    parameters = list(inspect.signature(make).parameters.values())
    assert parameters[0].name == "spec" and len(inspect.getdoc(make).splitlines()) > 3
    for parameter in parameters[1:]:
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, parameter
        assert parameter.default is not inspect.Parameter.empty, parameter
        documented = re.search(
            rf"^ *(\w+, )*{parameter.name}(, \w+)*: ", inspect.getdoc(make), re.M
        )
        assert documented, f"{parameter.name} is not documented"
