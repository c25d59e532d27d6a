"""The importance-weighted autoencoder: a better model with a worse bound, and its two gradients."""

import itertools

import chex
import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from genjax import data
from genjax.core import Spec
from genjax.training import Config, fit
from genjax.vae import iwae, vae
from tests.acceptance.exact import bounds, quadrature, test_images
from tests.acceptance.gradients import gradient

KEY = jax.random.key(4)
SMALL = {"hidden": (200,), "latent_dim": 2}


def test_fifty_samples_train_a_better_model_by_a_worse_bound():
    """Quadrature: some 0.76 nats over the VAE with the same networks, while L1 is 8 nats worse.

    An objective that averages log-weights is the VAE's and gains nothing.
    """
    dataset = data.load("digits")
    images, _ = test_images(dataset)
    truths, elbos = {}, {}
    for k in (1, 50):
        model = iwae(dataset.spec, num_samples=k, **SMALL)
        variables = fit(model, dataset, Config(steps=3000, batch_size=50)).state.variables
        truths[k] = float(
            jax.jit(lambda x, m=model, v=variables: quadrature(m, v, x))(images).mean()
        )
        make = lambda n: iwae(dataset.spec, importance_samples=n, **SMALL)
        samples = (1,) if k == 1 else (1, 5, 50, 500, 5000)
        rising = bounds(make, variables, images, samples, jax.random.key(2))
        elbos[k] = rising[0]
        print(f"k = {k}: quadrature {truths[k]:.4f}, L1 to L5000 {np.round(rising, 4)}")
        if k > 1:
            assert abs(truths[k] - rising[-1]) <= 0.01
            assert all(low < high for low, high in itertools.pairwise(rising[:4]))
    gain = truths[50] - truths[1]
    worse = elbos[1] - elbos[50]
    print(f"k = 50 gains {gain:.3f} nats, and its L1 is {worse:.2f} worse")
    assert 0.5 <= gain <= 1.1
    assert worse > 2.0


def small(**options):
    """A model with 4x4 bits, variables off their start, and a batch."""
    spec = Spec((4, 4, 1), 2)
    batch = {"image": jax.random.bernoulli(KEY, 0.5, (3, 4, 4, 1)).astype(jnp.float32)}
    model = iwae(spec, hidden=(6,), latent_dim=2, **options)
    noise = jax.jit(
        lambda leaf: leaf + 0.5 * jax.random.normal(jax.random.fold_in(KEY, leaf.size), leaf.shape)
    )
    return spec, model, jax.tree.map(noise, jax.jit(model.init)(KEY, batch).variables), batch


def test_one_sample_is_the_vae_with_the_kl_sampled():
    """The same key, the same gradient: to 1e-6 of its largest entry."""
    spec, model, variables, batch = small(num_samples=1)
    plain = vae(spec, hidden=(6,), latent_dim=2, kl="sampled")
    one, other = (jax.jit(lambda m=m: gradient(m, KEY, variables, batch))() for m in (model, plain))
    scale = max(np.abs(leaf).max() for leaf in jax.tree.leaves(other))
    chex.assert_trees_all_close(one, other, rtol=0, atol=1e-6 * scale)
    _, of_two, _, _ = small(num_samples=2)
    two = jax.jit(lambda: gradient(of_two, KEY, variables, batch))()
    differs = jax.tree.map(lambda a, b: np.abs(a - b).max(), two, other)
    assert max(jax.tree.leaves(differs)) > 1e-2 * scale  # what equality is not the rule


def test_the_doubly_reparameterised_gradient_has_the_standards_mean():
    """Over 20,000 keys: the decoder's draw by draw, the encoder's within 5 standard errors."""
    gradients = {}
    for kind in ("standard", "dreg"):
        _, model, variables, batch = small(num_samples=3, gradient=kind)
        one = lambda key, m=model: gradient(m, key, variables, batch)
        keys = jax.random.split(KEY, 20_000)
        gradients[kind] = jax.jit(lambda keys, one=one: jax.lax.map(one, keys, batch_size=500))(
            keys
        )
    decoders = [gradients[kind]["decoder"] for kind in gradients]
    chex.assert_trees_all_close(*decoders, rtol=1e-3, atol=1e-4)
    worst, ratios = 0.0, []
    for standard, dreg in zip(
        *[jax.tree.leaves(gradients[kind]["encoder"]) for kind in gradients], strict=True
    ):
        standard, dreg = (np.asarray(g, np.float64) for g in (standard, dreg))
        difference = standard - dreg
        error = difference.std(0) / np.sqrt(len(difference))
        worst = max(worst, (np.abs(difference.mean(0)) / (error + 1e-9)).max())
        ratios.append(np.sum(np.abs(difference.mean(0))) / np.sum(np.abs(standard.mean(0))))
        assert (difference.std(0).max() > 0) and error.max() < 0.1
    print(
        f"worst difference of means {worst:.2f} standard errors, {max(ratios):.3f} of the gradient"
    )
    assert worst < 5 and max(ratios) < 0.1


def test_the_encoders_gradient_vanishes_at_the_exact_posterior():
    """Linear Gaussian, p(x|z) = N(W'z + b, s^2), orthogonal rows: q can be p(z|x), and is put there.

    The doubly reparameterised gradient of the encoder is then 0 for every draw; the standard one's
    is not: its score term is noise of mean zero.
    """
    variance = 0.3
    rows = jnp.array([[1.0, 2.0, 0.0, -1.0], [2.0, -1.0, 3.0, 0.0]])  # orthogonal
    centre = jnp.array([0.5, -1.0, 2.0, 0.0])
    posterior = 1 / (1 + jnp.sum(jnp.square(rows), axis=1) / variance)
    to_mean = rows.T * posterior[None] / variance
    bias = jnp.concatenate([-(centre @ to_mean), jnp.log(posterior)])
    variables = {
        "encoder": {
            "params": {"Dense_0": {"kernel": jnp.pad(to_mean, ((0, 0), (0, 2))), "bias": bias}}
        },
        "decoder": {
            "params": {
                "Dense_0": {  # of each element its mean, then its log-variance
                    "kernel": jnp.stack([rows, jnp.zeros_like(rows)], -1).reshape(2, 8),
                    "bias": jnp.stack([centre, jnp.full(4, jnp.log(variance))], -1).reshape(8),
                }
            }
        },
    }
    x = centre[None] + jax.random.normal(KEY, (3, 4))
    largest = {}
    for kind in ("standard", "dreg"):
        model = iwae(Spec((4,)), num_samples=5, gradient=kind, hidden=(), latent_dim=2)
        one = lambda key, m=model: gradient(m, key, variables, {"vector": x})
        found = jax.jit(jax.vmap(one))(jax.random.split(KEY, 100))
        largest[kind] = max(np.abs(g).max() for g in jax.tree.leaves(found["encoder"]))
        decoder = max(np.abs(g).std(0).max() for g in jax.tree.leaves(found["decoder"]))
        assert decoder > 0.1  # its own gradient has noise in both
    covariance = rows.T @ rows + variance * jnp.eye(4)
    truth = stats.multivariate_normal.logpdf(np.asarray(x), centre, covariance)
    bound = jax.jit(model.evaluate)(KEY, variables, {"vector": x})["bound"]
    print(f"largest entry of the encoder's gradient in 100 draws: {largest}")
    np.testing.assert_allclose(bound, truth, atol=1e-4)  # every weight is p(x)
    assert largest["dreg"] < 2e-5 < 0.1 < largest["standard"]
