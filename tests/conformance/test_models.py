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
UNLABELLED = [label for label, spec in SPECS.items() if spec.num_classes is None]
# (system, spec) -> what the refusal says
REFUSED = {("conditional_vae", label): "needs labels" for label in UNLABELLED}
SYSTEMS = {name: make for models in FAMILIES.values() for name, make in models.items()}
CASES = [
    pytest.param(make, spec, id=f"{family}-{name}-{label}")
    for family, models in FAMILIES.items()
    for name, make in models.items()
    for label, spec in SPECS.items()
    if (name, label) not in REFUSED
]
# Compiling is what a test costs: every system once, every kind of data once, and the second
# networks of the one system that has such. Shapes are checked for all.
COMPILED = [
    case
    for case in CASES
    if case.id.endswith("-binary image")
    or case.id.startswith("vae-vae-")
    or case.id == "vae-vq_vae-binary vector"
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


def given_of(model, batch):
    """What the model is conditional on, to be passed last."""
    return (batch[model.condition],) if model.condition else ()


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
        given = given_of(model, batch)
        examples = {
            "sample": (3, lambda v, m=model: m.sample(KEY, v, 3)),
            "log_prob": (None, lambda v, m=model: m.log_prob(KEY, v, x, *given)),
            "decode": (
                BATCH,
                lambda v, m=model: m.decode(KEY, v, m.encode(KEY, v, x, *given), *given),
            ),
        }
        for name, (num, call) in examples.items():
            if getattr(model, name) is not None:
                found = jax.eval_shape(call, variables)
                shape = (BATCH,) if num is None else (num, *spec.shape)
                assert found.shape == shape and found.dtype == jnp.float32, name
        if model.condition:
            asked = jax.eval_shape(
                lambda v, m=model: m.sample(KEY, v, BATCH, condition=given[0]), variables
            )
            assert asked.shape == (BATCH, *spec.shape)
        if model.encode is not None:
            code = jax.eval_shape(lambda v, m=model: m.encode(KEY, v, x, *given), variables)
            integer = jnp.issubdtype(code.dtype, jnp.integer)
            assert code.shape[0] == BATCH and (integer or code.dtype == jnp.float32)
            assert model.latents is None or code.shape == (BATCH, *model.latents.shape)
        if model.evaluate is not None:
            values = jax.eval_shape(model.evaluate, KEY, variables, batch)
            assert all(value.shape == (BATCH,) for value in values.values())
            assert model.select is None or model.select in values
        if model.exemplars is not None:
            assert jax.eval_shape(model.exemplars, variables).shape[1:] == spec.shape
        if model.latents is not None:
            check_latents(model.latents, variables, x, given)


def check_latents(latents, variables, x, given):
    """Shapes of whatever the latents have."""
    z = jax.eval_shape(lambda v: latents.prior(KEY, v, BATCH, *given), variables)
    assert z.shape == (BATCH, *latents.shape) and z.dtype == jnp.float32
    drawn, log_q = jax.eval_shape(lambda v: latents.posterior(KEY, v, x, *given), variables)
    assert (drawn.shape, drawn.dtype) == (z.shape, z.dtype)
    z = jnp.zeros(z.shape)
    calls = {
        "log q": ((BATCH,), None if log_q is None else lambda v: log_q),
        "log_prior": (
            (BATCH,),
            latents.log_prior and (lambda v: latents.log_prior(v, z, *given)),
        ),
        "log_likelihood": (
            (BATCH,),
            latents.log_likelihood and (lambda v: latents.log_likelihood(v, z, x, *given)),
        ),
        "draw": (x.shape, latents.draw and (lambda v: latents.draw(KEY, v, z, *given))),
    }
    for name, (shape, call) in calls.items():
        if call is not None:
            found = log_q if name == "log q" else jax.eval_shape(call, variables)
            assert found.shape == shape and found.dtype == jnp.float32, name


@pytest.mark.parametrize("name, label", REFUSED, ids="-".join)
def test_data_that_a_system_cannot_take_is_refused_in_a_line(name, label):
    with pytest.raises(ValueError, match=REFUSED[name, label]) as caught:
        SYSTEMS[name](SPECS[label])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)
def test_capabilities_are_functions_of_their_key(make):
    """The same key gives the same; another gives other samples, and the same codes."""
    spec = SPECS["binary image"]
    for stage in stages(make(spec)):
        model, batch = stage.model, batch_of(spec)
        x, given = batch[spec.entry], given_of(model, batch)

        def play(key, variables, model=model, x=x, given=given):
            found = {}
            if model.sample is not None:
                found["sample"] = model.sample(key, variables, 3)
            if model.log_prob is not None:
                found["log_prob"] = model.log_prob(key, variables, x, *given)
            if model.encode is not None:
                found["encode"] = model.encode(key, variables, x, *given)
            if model.decode is not None and model.encode is not None:
                found["decode"] = model.decode(key, variables, found["encode"], *given)
            return found

        variables = variables_for_sampling(jax.jit(model.init)(KEY, batch))
        keys = jnp.stack([KEY, KEY, jax.random.key(1)])
        found = jax.device_get(jax.jit(jax.vmap(play, (0, None)))(keys, variables))
        first, again, other = (jax.tree.map(lambda leaf, i=i: leaf[i], found) for i in range(3))
        chex.assert_trees_all_equal(first, again)
        assert all(np.isfinite(value).all() for value in first.values())
        if "sample" in first:
            assert (first["sample"] != other["sample"]).any()
            assert (first["sample"][0] != first["sample"][1]).any()
        for name in ("encode", "decode"):
            if name in first:
                np.testing.assert_array_equal(first[name], other[name], name)


@pytest.mark.parametrize("make, spec", COMPILED)
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


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)
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
