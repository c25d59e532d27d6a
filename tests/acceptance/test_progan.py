"""ProGAN: a stage starts as the one before it, and the last one draws every digit."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

from genjax import data
from genjax.core import Spec, variables_for_sampling
from genjax.gan import progan
from genjax.training import Config, fit


def test_a_stage_starts_as_the_one_before_it():
    """Images, averaged ones too, and logits of real images are those of the stage before, to 1e-5.

    Optimizers start anew. Sees alpha on the wrong branch or that goes on from the stage before, layers
    that are not handed over, an average that starts again.
    """
    first, second, third = progan(Spec((16, 16, 2), 256), stage_rounds=2, width=8)
    batch = {"image": jax.random.uniform(jax.random.key(0), (8, 16, 16, 2))}
    key, z = jax.random.key(1), jax.random.normal(jax.random.key(2), (5, 8))
    state = jax.jit(first.model.init)(key, batch)
    for old, new in ((first, second), (second, third)):
        # As training leaves it: alpha 1, an average that lags, optimizers that remember.
        state = state._replace(
            variables={**state.variables, "extra": {"rounds": jnp.float32(4)}},
            ema=jax.tree.map(lambda leaf: 0.8 * leaf + 0.1, state.ema),
            opt_states=jax.tree.map(jnp.ones_like, state.opt_states),
        )
        grown = jax.jit(new.enter)(jax.random.key(3), state)
        before, after = jax.jit(old.model.decode), jax.jit(new.model.decode)
        for choose in (lambda state: state.variables, variables_for_sampling):
            images = before(key, choose(state), z)
            assert images.shape == (5, 16, 16, 2) and images.std() > 0.01
            np.testing.assert_allclose(after(key, choose(grown), z), images, atol=1e-5)
        logits = jax.jit(old.model.evaluate)(key, state.variables, batch)["logit"]
        found = jax.jit(new.model.evaluate)(key, grown.variables, batch)["logit"]
        np.testing.assert_allclose(found, logits, atol=1e-5)
        assert all(not leaf.any() for leaf in jax.tree.leaves(grown.opt_states))
        state = grown


def test_the_last_stage_draws_every_digit():
    """Of 1000 samples each class has a quarter of its share or more by the judge, with a digit's ink.

    From 4x4 to 8x8. Sees a critic or generator of the wrong sign, layers that never fade in.
    """
    dataset = data.load("digits", binarization="none")
    curriculum = progan(
        dataset.spec, stage_rounds=300, width=16, latent_dim=32, learning_rate=3e-3, ema_decay=0.99
    )
    fitted = fit(curriculum, dataset, Config(steps=1500, batch_size=64, seed=0, eval_every=10**6))
    variables = jax.tree.map(jnp.asarray, variables_for_sampling(fitted.state))
    pixels = np.asarray(dataset.train.arrays()["image"], np.float64).reshape(-1, 64) / 16
    judge = LogisticRegression(max_iter=2000).fit(pixels, dataset.train.arrays()["label"])
    sample = jax.jit(curriculum[-1].model.sample, static_argnums=2)
    x = np.asarray(sample(jax.random.key(1), variables, 1000)).reshape(1000, 64)
    counts = np.bincount(judge.predict(x), minlength=10)
    surely = judge.predict_proba(x).max(1).mean()
    print(f"samples of each class {counts}; the judge is sure of {surely:.2f}")
    print(f"variance {x.var(0).sum():.2f}, of the data {pixels.var(0).sum():.2f}")
    assert counts.min() >= 25 and surely > 0.55
    np.testing.assert_allclose(x.var(0).sum(), pixels.var(0).sum(), rtol=0.25)
