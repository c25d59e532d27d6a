"""The k-sample gradient against its formula, the other gradient, the schedule."""

import jax
import numpy as np
import pytest

from genjax.vae import iwae
from genjax.vae.iwae import _rate
from genjax.vae.latent_model import log_weight
from tests.vae.perturbed import IMAGE, KEY, one_round, perturbed

SMALL = {"hidden": (6,), "latent_dim": 2}


def test_evaluate_gives_the_bound_of_k_and_that_of_one():
    model = iwae(IMAGE, num_samples=4, **SMALL)
    variables, batch = perturbed(model)
    keys = jax.random.split(KEY, 500)
    values = jax.jit(jax.vmap(lambda key: jax.jit(model.evaluate)(key, variables, batch)))(keys)
    means = {name: float(value.mean()) for name, value in values.items()}
    assert means["elbo"] < means["bound"] - 0.1 and model.select == "bound"
    assert means["elbo"] == pytest.approx(means["reconstruction"] - means["kl"], rel=1e-5)
    # L_k is the log of the mean of 4 weights, whichever draws: exp(L_k) is unbiased, as the weight is.
    weights = jax.jit(
        jax.vmap(lambda key: log_weight(model.latents)(key, variables, batch["image"]))
    )
    ratio = np.exp(np.asarray(values["bound"]) - np.asarray(weights(keys)).mean(0)).mean(0)
    single = np.exp(np.asarray(weights(keys)) - np.asarray(weights(keys)).mean(0))
    error = 5 * single.std(0) / np.sqrt(500)
    assert (np.abs(ratio - single.mean(0)) < error).all()


def test_gradients_of_both_kinds_move_encoder_and_decoder():
    """A round's first Adam step is the gradient's sign: the two estimators train the same networks."""
    for gradient in ("standard", "dreg"):
        model = iwae(IMAGE, num_samples=3, gradient=gradient, **SMALL)
        variables, batch = perturbed(model)
        metrics, state = one_round(model, variables, batch)
        assert metrics["iwae/loss"] == pytest.approx(-float(metrics["iwae/bound"]), rel=1e-6)
        for network in ("encoder", "decoder"):
            before, after = (jax.tree.leaves(v[network]) for v in (variables, state.variables))
            assert any((a != b).any() for a, b in zip(before, after, strict=True)), network


def test_the_schedule_is_the_papers():
    """Stage i has 3^i of 3280 parts and 10^(-i/7): 1, 3, 9, ... 2187 rounds."""
    rate = _rate(1e-3, 3280)
    ends = np.cumsum([3**i for i in range(8)])
    for i, end in enumerate(ends):
        assert float(rate(end - 1)) == pytest.approx(1e-3 * 10 ** (-i / 7), rel=1e-5)
    assert float(rate(10**6)) == pytest.approx(1e-4, rel=1e-5)
    assert _rate(1e-3, None) == 1e-3


def test_the_papers_sizes_are_the_defaults():
    model = iwae(IMAGE)
    state = jax.eval_shape(model.init, KEY, {})
    shapes = [leaf.shape for leaf in jax.tree.leaves(state.variables["encoder"])]
    assert shapes == [(200,), (16, 200), (200,), (200, 200), (100,), (200, 100)]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_samples": 0}, "num_samples must be at least 1, got 0"),
        ({"gradient": "stl"}, "gradient must be one of standard, dreg, got 'stl'"),
        ({"schedule_rounds": 7}, "schedule_rounds must be at least 8, got 7"),
        ({"latent_dim": 0}, "latent_dim must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        iwae(IMAGE, **options)
