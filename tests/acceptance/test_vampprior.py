"""The mixture as it is written, the prior that it stands in for, and what it is worth."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import special, stats

from genjax import data
from genjax.training import Config, fit
from genjax.vae import vampprior
from tests.acceptance.exact import test_images
from tests.vae.perturbed import mlp

KEY = jax.random.key(6)


def test_the_prior_is_the_mixture_and_of_all_examples_the_aggregated_posterior():
    """With the examples themselves as pseudo-inputs, p(z) is 1/N sum_n q(z|x_n): loops in float64.

    One of them alone gives N(mu(u), sigma^2(u)).
    """
    dataset = data.load("digits")
    images = test_images(dataset)[0][:30]
    for num in (30, 1):
        model = vampprior(
            dataset.spec, num_pseudo_inputs=num, architecture="mlp", hidden=(20,), latent_dim=3
        )
        variables = jax.jit(model.init)(KEY, {}).variables
        variables["pseudo_inputs"]["params"]["pixels"] = images[:num]
        flat = np.asarray(images[:num], np.float64).reshape(num, -1)
        outputs = mlp(variables["encoder"]["params"], flat)
        means, deviations = outputs[:, :3], np.exp(outputs[:, 3:] / 2)
        z = np.asarray(jax.random.normal(KEY, (50, 3)) * 2)
        each = np.zeros((50, num))
        for n, k in np.ndindex(50, num):
            for d in range(3):
                each[n, k] += stats.norm.logpdf(z[n, d], means[k, d], deviations[k, d])
        expected = special.logsumexp(each, axis=1) - np.log(num)
        found = jax.jit(model.latents.log_prior)(variables, jnp.array(z))
        error = np.abs(found - expected).max()
        print(f"{num} pseudo-inputs: worst difference {error:.1e} nats of {expected.min():.1f}")
        assert error < 1e-3
        # Draws come from it: their mean is the components'.
        draws = jax.jit(model.latents.prior, static_argnums=2)(KEY, variables, 20_000)
        np.testing.assert_allclose(draws.mean(0), means.mean(0), atol=0.05)


def test_it_is_a_better_prior_at_the_same_budget():
    """Test log-likelihood (500 draws) of three seeds against the same training with N(0, I)."""
    dataset = data.load("digits")
    images, _ = test_images(dataset)
    options = {"latent_dim": 10, "hidden": (64, 64), "learning_rate": 1e-3, "warm_up_rounds": 500}
    scores = {}
    for num in (0, 50):
        model = vampprior(
            dataset.spec,
            num_pseudo_inputs=num,
            pseudo_input_mean=0.3,
            pseudo_input_std=0.1,
            importance_samples=500,
            **options,
        )
        variables = fit(model, dataset, Config(steps=1500, num_seeds=3)).state.variables
        log_prob = lambda v, m=model: m.log_prob(KEY, v, images).mean()
        elbo = lambda v, m=model: m.evaluate(KEY, v, {"image": images})["elbo"].mean()
        scores[num] = [
            np.asarray(jax.jit(lambda v, f=f: jax.lax.map(f, v))(variables))
            for f in (log_prob, elbo)
        ]
        print(
            f"{num} pseudo-inputs: log p {np.round(scores[num][0], 3)}, "
            f"bound {np.round(scores[num][1], 3)}"
        )
    gains = scores[50][0] - scores[0][0], scores[50][1] - scores[0][1]
    print(f"gains in log p {np.round(gains[0], 3)}, in the bound {np.round(gains[1], 3)} nats")
    assert np.median(gains[0]) > 0.2 and np.median(gains[1]) > 0.2
