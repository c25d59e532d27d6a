"""AdaGAN's curriculum: what is handed over, the weights that training sees, samples of the mixture."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import adagan
from genjax.nets import MlpDiscriminator
from tests.gan.images import moved, watched

KEY = jax.random.key(0)
OPTIONS = {
    "num_components": 3,
    "component_rounds": 2,
    "classifier_rounds": 4,
    "hidden": (3,),
    "latent_dim": 2,
    "pool": 2,
}


def constant(generator, value):
    """The generator of one point [value, value]."""
    flat = jax.tree.map(jnp.zeros_like, generator)
    flat["params"]["Dense_1"]["bias"] = jnp.full(2, value, jnp.float32)
    return flat


@functools.cache
def boosted():
    """(curriculum, state in which a classifier has learned, examples of 0 and 1 in turn, the next)."""
    curriculum = adagan(Spec((2,)), **OPTIONS)
    first, second, third, *_ = curriculum
    x = jnp.tile(jnp.asarray([[0.0, 0.0], [1.0, 1.0]]), (5, 1))
    state = jax.jit(first.model.init)(KEY, {"vector": x})
    generator = constant(state.variables["generator"], 7.0)
    state = state._replace(variables={**state.variables, "generator": generator})
    state = jax.jit(second.enter)(jax.random.key(1), state)
    # h = 1 / 2 where x = 0 and 4 where x = 1.
    classifier = jax.tree.map(jnp.zeros_like, state.variables["classifier"])
    params = classifier["params"]
    params["Dense_0"]["kernel"] = params["Dense_0"]["kernel"].at[0, 0].set(1.0)
    params["logit_head"]["kernel"] = params["logit_head"]["kernel"].at[0, 0].set(-np.log(8.0))
    params["logit_head"]["bias"] = jnp.full(1, np.log(2.0))
    state = state._replace(variables={**state.variables, "classifier": classifier})
    entered = jax.jit(third.enter)(KEY, state, {"vector": x})
    return curriculum, state, {"vector": x}, entered


def test_what_each_stage_takes_over():
    curriculum, state, _, entered = boosted()
    assert [stage.rounds for stage in curriculum] == [2, 4, 2, 4, None]
    stored = state.variables["components"]["params"]["Dense_1"]["bias"]
    np.testing.assert_array_equal(stored[0], [7.0, 7.0])
    assert {"generator", "discriminator", "mixture"} == moved(state.variables, entered.variables)
    mixture = entered.variables["mixture"]
    np.testing.assert_allclose(mixture["weights"], [0.5, 0.5, 0.0])
    assert mixture["current"] == 1 and mixture["component_weight"] == 0.5
    # The half of h = 1/2 alone: (10 / 2 + 5 / 4) / 5.
    np.testing.assert_allclose(mixture["threshold"], 1.25, rtol=1e-5)
    assert not any(leaf.any() for leaf in jax.tree.leaves(entered.opt_states))


def test_a_component_sees_what_has_weight_and_a_sample_is_of_the_mixture():
    """Where h = 4 the weight is max(1.25 - 4 / 2, 0): only x = 0 is shown."""
    curriculum, _, examples, entered = boosted()
    batches = {"vector": jnp.stack([examples["vector"]] * 2)}
    with watched(MlpDiscriminator) as judged:
        after, metrics = jax.jit(curriculum[2].model.update)(KEY, entered, batches)
    _, (shown, _), *_ = judged.values()  # the classifier's call comes first
    np.testing.assert_array_equal(shown[0], np.zeros((10, 2)))
    assert {"generator", "discriminator"} == moved(entered.variables, after.variables)
    assert np.isfinite(metrics["discriminator/loss"])
    generator = constant(entered.variables["generator"], -3.0)
    variables = {**entered.variables, "generator": generator}
    x = np.asarray(curriculum[2].model.sample(KEY, variables, 1000))
    assert set(np.unique(x)) == {-3.0, 7.0}
    assert abs((x[:, 0] == 7).mean() - 0.5) < 0.05


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_components": 0}, "num_components must be at least 1"),
        ({"pool": 0}, "pool must be at least 1"),
        ({"component_weight": 1.0}, "component_weight must be between 0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        adagan(Spec((2,)), **options)
