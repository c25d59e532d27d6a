"""artgan: the losses of heads that are known, what is rebuilt of whom, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from genjax.core import Spec
from genjax.gan import artgan
from genjax.gan.artgan import RebuildingDiscriminator
from genjax.nets import DcganDiscriminator, DcganGenerator
from tests.gan.images import images, softplus, watched

KEY = jax.random.key(0)
SPEC = Spec((2, 2, 1), 256, 4)
LABEL = np.arange(8) % 4
BATCH = {"image": images((8, 2, 2, 1)), "label": jnp.asarray(LABEL)}


def test_losses_are_of_the_label_of_s_and_of_what_is_rebuilt():
    """By SciPy; D rebuilds the data and G's fakes are rebuilt, each compared with itself."""
    model = artgan(
        SPEC,
        latent_dim=2,
        hidden=(4,),
        learning_rate=0.0,
        class_weight=0.7,
        rebuilding_weight=0.6,
        input_noise=0.0,
        dropout_rate=0.0,
    )
    state = jax.jit(model.init)(KEY, BATCH)
    with watched(RebuildingDiscriminator) as judged:
        batches = jax.tree.map(lambda leaf: leaf[None], BATCH)
        _, metrics = jax.jit(model.update)(KEY, state, batches)
    (x, real), (_, fake), _, (y, own) = judged.values()
    np.testing.assert_allclose(x[0], 2 * BATCH["image"] - 1, rtol=1e-6)

    def terms(x, heads):
        by_class = -log_softmax(heads["class"], axis=1)[np.arange(8), LABEL].mean()
        error = np.square(heads["rebuilt"] - x[0]).mean()
        s = logsumexp(heads["class"], axis=1)
        return softplus(-s).mean() + 0.7 * by_class + 0.5 * 0.6 * error, error

    loss, error = terms(x, real)
    loss += softplus(logsumexp(fake["class"], axis=1)).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], loss, rtol=1e-4)
    np.testing.assert_allclose(metrics["generator/loss"], terms(y, own)[0], rtol=1e-4)
    values = model.evaluate(KEY, state.variables, BATCH)
    np.testing.assert_allclose(values["rebuilding_error"].mean(), error / 4, rtol=1e-4)
    np.testing.assert_allclose(values["logit"], logsumexp(real["class"], axis=1), rtol=1e-4)
    np.testing.assert_array_equal(values["accuracy"], real["class"].argmax(1) == LABEL)


def test_images_have_convolutions_and_a_decoder_that_mirrors_them():
    module = RebuildingDiscriminator(
        DcganDiscriminator(4, heads={"class": 3}, logit=False), DcganGenerator((16, 12, 3), 4)
    )
    x = jnp.zeros((2, 16, 12, 3))
    init = lambda: module.init(KEY, x, train=False)
    heads = jax.eval_shape(lambda v: module.apply(v, x, train=False), jax.eval_shape(init))
    assert set(heads) == {"class", "features", "rebuilt"} and heads["rebuilt"].shape == x.shape
    model = artgan(Spec((16, 16, 3), 256, 3), width=4)
    batch = {"image": jnp.zeros((2, 16, 16, 3)), "label": jnp.zeros(2, jnp.int32)}
    state = jax.eval_shape(model.init, KEY, batch)
    assert set(state.variables["discriminator"]["params"]) == {"judge", "decoder"}
    batches = jax.tree.map(lambda leaf: leaf[None], batch)
    jax.eval_shape(model.update, KEY, state, batches)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="artgan needs labels"):
        artgan(Spec((8, 8, 1)))
