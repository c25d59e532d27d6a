"""The flow's density by change of variables, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.nets import InverseAutoregressiveFlows, PlanarFlows
from genjax.vae import vae_flow
from tests.vae.perturbed import IMAGE, KEY, mlp, perturbed

SMALL = {"hidden": (7,), "latent_dim": 3, "context_dim": 4, "num_flows": 2, "flow_hidden": 6}


@pytest.mark.parametrize("flow", ["planar", "iaf"])
def test_the_posterior_is_a_gaussian_sent_through_the_maps(flow):
    """log q(z_T) = log q(z_0) - log |dz_T / dz_0|, the Jacobian by differentiation in full."""
    model = vae_flow(IMAGE, flow=flow, **SMALL)
    variables, batch = perturbed(model)
    x = np.asarray(batch["image"], np.float64).reshape(5, -1)
    outputs = mlp(variables["encoder"]["params"], x)
    mean, log_variance, context = np.split(outputs, [3, 6], axis=1)
    start = mean + np.exp(log_variance / 2) * np.asarray(jax.random.normal(KEY, (5, 3)))
    maps = PlanarFlows(2) if flow == "planar" else InverseAutoregressiveFlows(2, 6)
    one = lambda z, c: maps.apply(variables["flow"], z[None], c[None])[0][0]
    end = jax.vmap(one)(jnp.array(start), jnp.array(context))
    jacobian = jax.jit(jax.vmap(jax.jacfwd(one)))(jnp.array(start), jnp.array(context))
    log_q = stats.norm.logpdf(start, mean, np.exp(log_variance / 2)).sum(1)
    log_q -= np.linalg.slogdet(np.asarray(jacobian, np.float64))[1]
    z, found = model.latents.posterior(KEY, variables, batch["image"])
    np.testing.assert_allclose(z, end, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found, log_q, rtol=1e-4, atol=1e-4)
    encoded = model.encode(KEY, variables, batch["image"])
    expected = jax.vmap(one)(jnp.array(mean), jnp.array(context))
    np.testing.assert_allclose(encoded, expected, rtol=1e-4, atol=1e-4)
    values = jax.jit(model.evaluate)(KEY, variables, batch)
    log_prior = stats.norm.logpdf(np.asarray(z)).sum(1)
    np.testing.assert_allclose(values["kl"], log_q - log_prior, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"flow": "radial"}, "flow must be one of iaf, planar, got 'radial'"),
        ({"num_flows": 0}, "num_flows must be at least 1, got 0"),
        ({"context_dim": 0}, "context_dim must be at least 1, got 0"),
        ({"latent_dim": 0}, "latent_dim must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        vae_flow(IMAGE, **options)
