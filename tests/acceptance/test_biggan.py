"""BigGAN: orthogonality, truncation, and digits that carry the label asked for."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression

from genjax import data
from genjax.core import variables_for_sampling
from genjax.gan import biggan
from genjax.losses import orthogonal_penalty
from genjax.training import Config, fit


def test_orthogonal_weights_cost_nothing():
    """0 of orthogonal columns of any length; |W^T W * (1 - I)|^2 of others; nothing of embeddings."""
    rng = np.random.default_rng(0)
    orthogonal = np.linalg.qr(rng.normal(size=(18, 5)))[0] * np.arange(1.0, 6.0)
    other = rng.normal(size=(3, 3, 2, 5))
    cost = lambda tree: float(orthogonal_penalty(jax.tree.map(jnp.asarray, tree)))
    params = {
        "conv": {"kernel": orthogonal.reshape(3, 3, 2, 5), "bias": np.ones(5)},
        "shared_embedding": {"embedding": other[0, 0]},
    }
    assert cost(params) < 1e-8
    gram = other.reshape(18, 5).T @ other.reshape(18, 5)
    expected = (gram**2).sum() - (np.diag(gram) ** 2).sum()
    np.testing.assert_allclose(cost({"conv": {"kernel": other}}), expected, rtol=1e-4)


def test_digits_carry_their_label_and_truncation_narrows_them():
    """.9 or more of samples are what was asked for by a judge; variance within a class falls with t.

    The draws' deviation at t is the truncated normal's, .28 at t = .5. Sees a label that is not heeded.
    That statistics are made for the draws is seen by the fast tests alone: on digits it changes little.
    """
    dataset = data.load("digits", binarization="none")
    model = biggan(
        dataset.spec,
        discriminator_turns=1,
        generator_learning_rate=5e-4,
        discriminator_learning_rate=1e-3,
        ema_decay=0.99,
    )
    fitted = fit(model, dataset, Config(steps=450, batch_size=48, seed=0, eval_every=10**6))
    variables = jax.tree.map(jnp.asarray, variables_for_sampling(fitted.state))
    pixels = lambda source: np.asarray(source.arrays()["image"], np.float64).reshape(-1, 64) / 16
    judge = LogisticRegression(max_iter=2000)
    judge.fit(pixels(dataset.train), dataset.train.arrays()["label"])
    of_real = judge.score(pixels(dataset.test), dataset.test.arrays()["label"])
    label = jnp.tile(jnp.arange(10), 40)
    key, decode = jax.random.key(1), jax.jit(model.decode)
    variances, rights = [], []
    for bound in (4.0, 1.0, 0.5, 0.2):
        z = model.latents.truncated(key, 400, bound)
        std = stats.truncnorm.std(-bound, bound)
        np.testing.assert_allclose(z.std(), std, rtol=0.03)
        x = np.asarray(decode(key, variables, z, label)).reshape(400, 64)
        rights.append(float((judge.predict(x) == np.asarray(label)).mean()))
        of_class = [x[np.asarray(label) == each].var(0).sum() for each in range(10)]
        variances.append(float(np.mean(of_class)))
        print(f"t {bound}: right {rights[-1]:.3f}, variance {variances[-1]:.3f}, z's {std:.3f}")
    print(f"the judge on test digits: {of_real:.3f}")
    np.testing.assert_allclose(stats.truncnorm.std(-0.5, 0.5), 0.28, atol=0.005)
    assert of_real > 0.94 and min(rights) >= 0.9
    assert all(wide > 1.3 * narrow for wide, narrow in itertools.pairwise(variances))
    sampled = np.asarray(jax.jit(model.sample, static_argnums=2)(key, variables, 400, label))
    assert (judge.predict(sampled.reshape(400, 64)) == np.asarray(label)).mean() >= 0.9
