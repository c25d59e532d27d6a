"""lfvi: both losses by hand, N counted, the simulators' moments, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.gan import lfvi
from genjax.gan.simulators import SIMULATORS, named_simulator
from genjax.nets import MlpDiscriminator
from tests.gan.images import KEY, moved, softplus, watched

X = jnp.asarray(np.random.default_rng(0).normal(size=(64, 2)), jnp.float32)


def start(model, batch):
    return jax.jit(model.init)(KEY, batch)


def told(state, mean, std):
    """q as it is asked for."""
    params = {"mean": jnp.asarray(mean), "log_std": jnp.log(jnp.asarray(std))}
    return state._replace(variables={**state.variables, "posterior": {"params": params}})


def test_both_losses_by_hand_and_who_learns():
    """r is high on the model's side; KL(q || p) - N mean r, each example with a beta of its own.

    N is one more than the largest row that was seen.
    """
    model = lfvi(Spec((2,)), simulator="random_effects", hidden=(4,))
    batch = {"vector": X, "index": jnp.arange(64) + 5}
    state = told(start(model, batch), [3.0, -2.0], [0.5, 0.2])
    update = jax.jit(model.update)
    with watched(MlpDiscriminator) as judged:
        after, metrics = update(KEY, state, jax.tree.map(lambda leaf: leaf[None], batch))
    (simulated, on_model), (shown, on_data), (own, on_own) = judged.values()
    expected = softplus(-on_model["logit"]) + softplus(on_data["logit"])
    np.testing.assert_allclose(metrics["ratio/loss"], expected.mean(), rtol=1e-5)
    kl = 0.5 * (0.25 + 0.04 + 9 + 4 - 2) - np.log(0.5) - np.log(0.2)
    loss = kl - 69 * on_own["logit"].mean()
    np.testing.assert_allclose(metrics["posterior/loss"], loss, rtol=1e-4)
    np.testing.assert_allclose(metrics["posterior/mean_1_std"], 0.2, rtol=1e-5)
    simulated, shown, own = (each[0] for each in (simulated, shown, own))
    for seen in (shown, own):
        np.testing.assert_array_equal(seen[:, :2], X)
    for seen in (simulated, shown, own):  # x, z, beta
        assert seen.shape == (64, 6)
        np.testing.assert_allclose(seen[:, -2:].mean(0), [3.0, -2.0], atol=0.2)
        np.testing.assert_allclose(seen[:, -2:].std(0), [0.5, 0.2], rtol=0.35)
    np.testing.assert_allclose(simulated[:, :2].mean(0), [3.0, -2.0], atol=0.6)
    assert moved(state.variables, after.variables) == {"posterior", "ratio", "local", "extra"}
    batch["index"] = jnp.arange(64)
    _, metrics = update(KEY, after, jax.tree.map(lambda leaf: leaf[None], batch))
    assert float(metrics["posterior/num_examples"]) == 69
    with pytest.raises(ValueError, match="set num_examples"):
        jax.eval_shape(model.update, KEY, state, {"vector": X[None]})


def test_the_posterior_and_its_predictive_are_those_of_q():
    model = lfvi(Spec((2,)), hidden=(4,))
    state = told(start(model, {"vector": X}), [3.0, -2.0], [0.5, 0.2])
    draws = model.shared.posterior(KEY, state.variables, 4000)
    np.testing.assert_allclose(draws.mean(0), [3.0, -2.0], atol=0.03)
    np.testing.assert_allclose(draws.std(0), [0.5, 0.2], rtol=0.05)
    x = model.sample(KEY, state.variables, 4000)
    np.testing.assert_allclose(x.std(0), np.sqrt([1.25, 1.04]), rtol=0.05)
    near = X[:5] + jnp.array([[3.0, -2.0]])  # far off, 200 draws of beta tell less
    values = model.evaluate(KEY, state.variables, {"vector": near})
    exact = stats.norm.logpdf(X[:5], 0.0, np.sqrt([[1.25, 1.04]])).sum(1)
    np.testing.assert_allclose(values["log_predictive"], exact, atol=0.15)
    prior = model.shared.log_prior(draws[:3])
    np.testing.assert_allclose(prior, stats.norm.logpdf(draws[:3]).sum(1), rtol=1e-5)


@pytest.mark.parametrize("name", SIMULATORS)
def test_simulators_draw_from_the_density_that_they_tell(name):
    """Entropy: the mean of -log p(x|beta) over draws, in closed form, and moments of x."""
    simulator, beta = named_simulator(name, Spec((2,))), jnp.array([0.5, -1.0])

    betas = jnp.tile(beta, (20_000, 1))
    z = simulator.local(KEY, betas) if simulator.local_dim else None
    x = simulator.simulate(jax.random.key(1), betas, z)
    log_p = jax.vmap(simulator.log_likelihood)(betas, x)
    normal = 0.5 * np.log(2 * np.pi * np.e)
    entropy, mean = {
        "location": (2 * normal, [0.5, -1.0]),
        "random_effects": (2 * normal + np.log(2), [0.5, -1.0]),
        "line": (np.log(2) + normal + np.log(0.5), [0.0, 0.5]),
    }[name]
    np.testing.assert_allclose(-log_p.mean(), entropy, atol=0.03)
    np.testing.assert_allclose(x.mean(0), mean, atol=0.04)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((2,)), {"simulator": "lotka"}, "simulator must be one of location"),
        (Spec((3,)), {"simulator": "line"}, "points of the plane, got vectors of 3"),
        (Spec((8, 8, 1)), {}, "makes continuous vectors"),
        (Spec((2,)), {"num_examples": 0}, "num_examples must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        lfvi(spec, **options)
