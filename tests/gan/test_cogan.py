"""CoGAN: both domains' losses, one z for a pair, data in any order, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import cogan
from genjax.nets import CoupledDiscriminator, CoupledGenerator
from tests.gan.images import KEY, images, moved, softplus, watched

UNPAIRED = Spec((8, 8, 1), 17, None, {"unpaired": (8, 8, 3)})
SMALL = {"latent_dim": 3, "width": 2, "hidden": 4, "learning_rate": 0.1}
A, B = images((4, 8, 8, 1)), images((4, 8, 8, 3), 1)
BATCH = {"image": A, "unpaired": B}


def test_each_side_loses_the_sum_over_domains():
    model = cogan(UNPAIRED, **SMALL)
    state = jax.jit(model.init)(KEY, BATCH)
    with watched(CoupledGenerator) as made, watched(CoupledDiscriminator) as judged:
        after, metrics = jax.jit(model.update)(KEY, state, jax.tree.map(lambda x: x[None], BATCH))
    made, judged = ([*calls.values()] for calls in (made, judged))
    (given, on_real), (shown, on_fake), (last, on_last) = judged
    for real, x in zip(given, (A, B), strict=True):
        np.testing.assert_allclose(real, 2 * x - 1, atol=1e-6)
    for fakes, (_, images_of_z) in ((shown, made[0]), (last, made[1])):
        for fake, made_of_z in zip(fakes, images_of_z, strict=True):
            np.testing.assert_array_equal(fake, made_of_z)
    loss = lambda heads, sign: sum(softplus(sign * head["logit"]).mean() for head in heads)
    expected = loss(on_real, -1) + loss(on_fake, 1)
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], loss(on_last, -1), rtol=1e-5)
    accuracy = [(h["logit"] > 0).mean() for h in on_real] + [
        (h["logit"] < 0).mean() for h in on_fake
    ]
    np.testing.assert_allclose(metrics["discriminator/accuracy"], np.mean(accuracy), rtol=1e-6)
    assert moved(state.variables, after.variables) == {"generator", "discriminator"}
    values = jax.jit(model.evaluate)(KEY, after.variables, BATCH)
    assert {name: value.shape for name, value in values.items()} == {
        "logit": (4,),
        "other_logit": (4,),
    }


def test_a_pair_is_of_one_latent():
    """sample is the first of the pair and decode the first of z's."""
    model = cogan(UNPAIRED, **SMALL)
    variables = jax.jit(model.init)(KEY, BATCH).variables
    with watched(CoupledGenerator) as made:
        pair = jax.jit(model.sample_pairs, static_argnums=2)(KEY, variables, 5)
    ((z,), images_of_z), *more = made.values()
    assert not more and z.shape == (5, 3)
    for found, x in zip(pair, images_of_z, strict=True):
        np.testing.assert_allclose(found, 0.5 * (x + 1), atol=1e-6)
    drawn = jax.jit(model.sample, static_argnums=2)(KEY, variables, 5)
    np.testing.assert_array_equal(drawn, pair[0])
    np.testing.assert_allclose(jax.jit(model.decode)(KEY, variables, z), pair[0], atol=1e-6)


def test_pairs_of_the_data_are_not_used():
    """Images of the other domain in another order leave every gradient as it is."""
    spec = UNPAIRED._replace(extras={"target": (8, 8, 3)})
    model = cogan(spec, **SMALL)
    state = jax.jit(model.init)(KEY, {"image": A, "target": B})
    update = jax.jit(model.update)
    first, second = (
        update(KEY, state, {"image": A[None], "target": others[None]})[1]
        for others in (B, jnp.roll(B, 1, axis=0))
    )
    for name in first:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-4, err_msg=name)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((8, 8, 1)), {}, "cogan needs images of two domains"),
        (Spec((12,)), {}, "cogan needs images"),
        (UNPAIRED, {"generator_shared": 3}, "of 2 layers 0 to 2 can be shared, got 3"),
        (UNPAIRED, {"discriminator_shared": -1}, "of 3 layers 0 to 3 can be shared, got -1"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        cogan(spec, **options)
