"""infogan: the bound enters both losses, of fakes alone; codes are read; what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax

from genjax.core import Spec
from genjax.gan import infogan
from genjax.nets import MlpDiscriminator, MlpGenerator
from tests.gan.images import watched

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)
SMALL = {"latent_dim": 2, "hidden": (4,), "num_categories": 4, "num_continuous": 1}
RATES = {"generator_learning_rate": 0.0, "discriminator_learning_rate": 0.0}


def flat_state(model, bias):
    state = jax.jit(model.init)(KEY, {"vector": X})
    flat = jax.tree.map(jnp.zeros_like, state.variables["discriminator"])
    flat["params"]["code_head"]["bias"] = jnp.asarray(bias)
    return state._replace(variables={**state.variables, "discriminator": flat})


def test_both_players_lose_lambda_times_the_bound():
    """Q blind to x, with mean m: log K - log K, and log 2 - log(2 pi)/2 - E(c - m)^2 / 2."""
    model = infogan(Spec((3,)), information_weight=0.5, **SMALL, **RATES)
    state = flat_state(model, [0.0, 0.0, 0.0, 0.0, 5.0])
    _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    for player, plain in (("discriminator", 2 * np.log(2)), ("generator", np.log(2))):
        bound = metrics[f"{player}/continuous_information"]
        np.testing.assert_allclose(metrics[f"{player}/categorical_information"], 0.0, atol=1e-6)
        np.testing.assert_allclose(metrics[f"{player}/loss"], plain - 0.5 * bound, rtol=1e-5)
        # (c - 5)^2 lies between 16 and 36.
        assert -0.2258 - 18 < bound < -0.2258 - 8


def test_the_bound_is_of_the_codes_that_fakes_were_made_with():
    """By SciPy's densities, of what the head says of fakes; Q's deviation is the one asked for."""
    model = infogan(Spec((3,)), code_std=0.5, **SMALL, **RATES)
    state = jax.jit(model.init)(KEY, {"vector": X})
    with watched(MlpDiscriminator) as judged, watched(MlpGenerator) as made:
        _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    judged, made = ([*calls.values()] for calls in (judged, made))
    for player, read, given in (("discriminator", 1, 0), ("generator", 3, 1)):
        said, codes = judged[read][1]["code"], made[given][0][0][:, 2:]
        category = np.log(4) + (codes[:, :4] * log_softmax(said[:, :4], axis=1)).sum(1)
        number = np.log(2) + stats.norm.logpdf(codes[:, 4], said[:, 4], 0.5)
        for name, expected in (("categorical", category), ("continuous", number)):
            found = metrics[f"{player}/{name}_information"]
            np.testing.assert_allclose(found, expected.mean(), rtol=1e-4)


def test_the_generators_gradient_has_the_bounds_part():
    """A discriminator whose logit is 0 everywhere teaches nothing; its code head does."""
    model = infogan(Spec((3,)), **SMALL, **RATES)
    state = jax.jit(model.init)(KEY, {"vector": X})
    params = dict(state.variables["discriminator"]["params"])
    params["logit_head"] = jax.tree.map(jnp.zeros_like, params["logit_head"])
    state = state._replace(variables={**state.variables, "discriminator": {"params": params}})
    _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    assert metrics["generator/grad_norm"] > 1e-3


def test_codes_are_read_by_q():
    model = infogan(Spec((3,)), **SMALL)
    logits = np.array([0.0, 1.0, 2.0, 0.0], np.float32)
    state = flat_state(model, [*logits, 0.3])
    log_q = model.clusters(None, state.variables, X)
    expected = logits - np.log(np.exp(logits).sum())
    np.testing.assert_allclose(log_q, np.tile(expected, (8, 1)), rtol=1e-5)
    code = model.encode(None, state.variables, X)
    assert code.shape == (8, *model.latents.shape)
    np.testing.assert_allclose(code[0], [0.0, 0.0, *np.exp(expected), 0.3], rtol=1e-5)
    assert model.decode(None, state.variables, code).shape == X.shape


@pytest.mark.parametrize("options", [{"num_categories": 1}, {"num_continuous": -1}])
def test_what_does_not_fit_is_refused(options):
    with pytest.raises(ValueError, match="num_categories must be at least 2"):
        infogan(Spec((3,)), **options)
