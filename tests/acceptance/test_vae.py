"""The variational autoencoder against two truths: probabilistic PCA, and quadrature."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from genjax import data, vae
from genjax.core import Spec
from genjax.data import ArraySource, Dataset
from genjax.losses import bernoulli
from genjax.metrics import quadrature_log_likelihood
from genjax.training import Config, fit
from tests.acceptance.games import falling

NUM_TRAIN = 1400


def continuous_digits():
    """Pixels over 16 as vectors: 1400 to train, the other 397 to test."""
    order = np.random.RandomState(0).permutation(1797)
    x = (load_digits().data[order] / 16).astype(np.float32)
    train, test = (ArraySource({"vector": part}) for part in (x[:NUM_TRAIN], x[NUM_TRAIN:]))

    def identity(key, batch):
        del key
        return batch

    return Dataset("digits", Spec((64,)), train, test, test, identity, identity)


def mean_elbo(model, variables, x, draws=200):
    """The bound on `x`, averaged over draws of the latents."""
    elbo = lambda key: model.evaluate(key, variables, {"vector": x})["elbo"].mean()
    return float(jax.lax.map(elbo, jax.random.split(jax.random.key(0), draws)).mean())


@pytest.mark.parametrize(
    "latent_dim, published, variance", [(2, 0.1092, 0.05399), (8, 14.4525, 0.02711)]
)
def test_a_linear_vae_is_probabilistic_pca(latent_dim, published, variance):
    """At the optimum the bound is pPCA's log-likelihood (Lucas et al., 2019, arXiv:1911.02469).

    Sees a KL of the wrong sign or scale, a wrong Gaussian constant, a variance that is not learned.
    """
    dataset = continuous_digits()
    train, test = dataset.train.arrays()["vector"], dataset.test.arrays()["vector"]
    pca = PCA(latent_dim).fit(train)
    truth, truth_test = pca.score(train), pca.score(test)
    assert truth == pytest.approx(published, abs=2e-3)  # the oracle is the one calibrated against

    def linear(learning_rate):
        return vae.vae(
            dataset.spec,
            latent_dim=latent_dim,
            hidden=(),
            variance="shared",
            learning_rate=learning_rate,
        )

    model = linear(falling((5e-3, 5e-3, 1e-3, 2e-4), 1500))
    fitted = fit(model, dataset, Config(steps=6000, batch_size=NUM_TRAIN, eval_every=6000))
    variables = fitted.state.variables
    assert mean_elbo(model, variables, train) == pytest.approx(truth, abs=0.05)
    assert mean_elbo(model, variables, test) == pytest.approx(truth_test, abs=0.05)
    learned = float(jnp.exp(variables["noise"]["params"]["log_variance"]))
    assert learned == pytest.approx(variance, rel=0.02)
    # No estimate of a likelihood that pPCA maximises may exceed it by more than its noise.
    log_prob = jax.jit(model.log_prob)(jax.random.key(1), variables, train[:200])
    assert float(log_prob.mean()) <= pca.score(train[:200]) + 0.05


@pytest.fixture(scope="module")
def digits_vae():
    """The default model on the binarised digits, and its data."""
    dataset = data.load("digits")
    fitted = fit(vae.vae(dataset.spec), dataset, Config(steps=4000))
    images = jnp.asarray(dataset.eval_transform(None, dataset.test.arrays())["image"])
    return dataset, fitted.state.variables, images


def quadrature(spec, variables, images):
    """Exact log p(x) of the trained model on a grid of latents, without `log_prob`'s code."""
    model = vae.vae(spec)

    def log_prob_given_latents(z, x):
        probabilities = model.decode(None, variables, z)
        logits = jax.scipy.special.logit(jnp.clip(probabilities, 1e-7, 1 - 1e-7))[..., None]
        given = lambda image: bernoulli().log_prob(
            logits, jnp.broadcast_to(image, logits.shape[:-1])
        )
        return jax.lax.map(given, x).T

    return quadrature_log_likelihood(log_prob_given_latents, images, 2)


def test_importance_sampling_agrees_with_quadrature(digits_vae):
    """log p(x) by quadrature minus L5000 lies in [0, 0.05] nats, and the bounds rise with k."""
    dataset, variables, images = digits_vae
    truth = float(jax.jit(lambda x: quadrature(dataset.spec, variables, x))(images).mean())
    assert -21.0 < truth < -18.0  # independent pixels score -24.6, a leak would pass -15
    key, bounds = jax.random.key(2), []
    for samples in (1, 5, 50, 500, 5000):
        model = vae.vae(dataset.spec, importance_samples=samples)
        bounds.append(float(jax.jit(model.log_prob)(key, variables, images).mean()))
    assert all(low < high for low, high in itertools.pairwise(bounds)), bounds
    gap = truth - bounds[-1]
    print(f"quadrature {truth:.4f}, L1 to L5000 {bounds}, gap {gap:.4f}")
    assert 0.0 <= gap <= 0.05
    assert truth - bounds[0] > 0.2  # the bound of one draw is loose: the check above can fail


def test_analytic_and_sampled_kl_are_one_bound(digits_vae):
    """Both forms of the bound have one expectation: they differ by less than 3 standard errors."""
    dataset, variables, images = digits_vae
    draws, means, errors = 300, [], []
    for form in ("analytic", "sampled"):
        model = vae.vae(dataset.spec, kl=form)
        elbo = lambda key: model.evaluate(key, variables, {"image": images})["elbo"].mean()
        keys = jax.random.split(jax.random.key(len(form)), draws)
        values = np.asarray(jax.lax.map(elbo, keys))
        means.append(values.mean())
        errors.append(values.std() / np.sqrt(draws))
    assert abs(means[0] - means[1]) < 3 * np.hypot(*errors)
    assert errors[0] < 0.01  # small enough to see a KL that is one per cent off
