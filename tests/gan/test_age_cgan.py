"""age_cgan: three stages and what each trains, the search by hand, where the label enters, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec, variables_for_sampling
from genjax.gan import age_cgan
from genjax.gan.recognition import norm
from tests.gan.images import KEY, images, moved

SPEC = Spec((4, 4, 1), None, 3, {"identity": (5,)})
BATCH = {
    "image": images((6, 4, 4, 1)),
    "label": jnp.array([0, 1, 2, 0, 1, 2]),
    "identity": jnp.eye(5)[jnp.array([0, 1, 2, 3, 4, 0])],
}
X, Y = BATCH["image"], BATCH["label"]
SMALL = {"latent_dim": 2, "hidden": (5,)}


def last(**options):
    """(the last model, variables)."""
    model = age_cgan(SPEC, **SMALL, **options)[-1].model
    return model, jax.jit(model.init)(KEY, BATCH).variables


def test_norm():
    np.testing.assert_allclose(norm(jnp.array([[[3.0, 4.0]], [[0.0, 0.0]]])), [5.0, 0.0], atol=2e-6)
    slope = jax.grad(lambda x: norm(x).sum())(jnp.zeros((1, 2)))
    np.testing.assert_array_equal(slope, 0.0)


def test_each_stage_trains_its_own_and_hands_on_the_rest():
    state, trained = None, []
    for stage in age_cgan(SPEC, ema_decay=0.5, **SMALL):
        if state is None:
            state = jax.jit(stage.model.init)(KEY, BATCH)
        else:
            before, state = state, jax.jit(stage.enter)(KEY, state)
            for name, expected in variables_for_sampling(before).items():
                assert not moved({name: expected}, {name: state.variables[name]})
        after, _ = jax.jit(stage.model.update)(KEY, state, jax.tree.map(lambda x: x[None], BATCH))
        trained.append(moved(state.variables, after.variables))
        state = after
    assert trained == [{"identity"}, {"generator", "discriminator"}, {"encoder"}]


def test_the_encoder_learns_from_images_of_known_latents_alone():
    """The data's images change nothing of its loss: |E(G(z, y)) - z|^2 is of G's own, y of the data."""
    model, variables = last(learning_rate=0.0)
    state = jax.jit(model.init)(KEY, BATCH)
    update = jax.jit(model.update)
    losses = [
        update(KEY, state, jax.tree.map(lambda x: x[None], {**BATCH, **changed}))[1]["encoder/loss"]
        for changed in ({}, {"image": 1 - X}, {"label": (Y + 1) % 3})
    ]
    assert losses[0] == losses[1] != losses[2]
    zero = jax.tree.map(jnp.zeros_like, variables["encoder"])
    state = state._replace(variables={**variables, "encoder": zero})
    _, metrics = update(KEY, state, jax.tree.map(lambda x: x[None], BATCH))
    assert 0.3 < metrics["encoder/loss"] < 6  # a mean of six |z|^2, each of which has the mean 2
    np.testing.assert_allclose(metrics["encoder/loss"], 2 * metrics["encoder/error"], rtol=1e-5)


def test_the_search_descends_what_it_says_at_the_faces_own_age_from_the_encoders_guess():
    given = lambda x: x[:, :2]  # of images in [0, 1]
    for search, options in (("identity", {"identity_features": given}), ("pixels", {})):
        still, variables = last(search=search, search_steps=0, **options)
        moving, _ = last(search=search, search_steps=30, **options)
        z, left = jax.jit(still.search)(KEY, variables, X, Y)
        np.testing.assert_allclose(z, still.encode(KEY, variables, X, Y), rtol=1e-5)
        made = still.decode(KEY, variables, z, Y)
        if search == "identity":
            expected = np.sqrt(((made - X)[:, :2] ** 2).sum((1, 2, 3)))
        else:
            expected = 4 * ((made - X) ** 2).mean((1, 2, 3))
        np.testing.assert_allclose(left, expected, rtol=1e-4)
        assert (jax.jit(moving.search)(KEY, variables, X, Y)[1] < left).all()


def test_the_label_enters_each_convolutional_network_once():
    spec = Spec((16, 16, 1), None, 3, {"identity": (5,)})
    model = age_cgan(spec, latent_dim=2, width=2)[1].model
    shapes = jax.eval_shape(model.init, KEY, {})
    params = {name: each["params"] for name, each in shapes.variables.items()}
    assert params["generator"]["Dense_0"]["kernel"].shape[0] == 2 + 3
    inputs = {n: p["kernel"].shape[2] for n, p in params["discriminator"].items() if "Conv" in n}
    assert inputs == {"Conv_0": 1 + 3, "Conv_1": 2}
    assert set(params["discriminator"]) & {"class_head", "code_head"} == set()  # no classifier


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4, 4, 1)), {}, "needs images with age groups as labels"),
        (Spec((4,), None, 3), {}, "needs images with age groups as labels"),
        (SPEC._replace(extras={}), {}, "pass identity_features"),
        (SPEC, {"adversarial_rounds": 0}, "adversarial_rounds must be at least 1, got 0"),
        (SPEC, {"search": "psnr"}, "search must be one of identity, pixels, got 'psnr'"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        age_cgan(spec, **options)


def test_given_features_need_no_identities_and_no_stage():
    parts = age_cgan(SPEC._replace(extras={}), identity_features=lambda x: x, **SMALL)
    assert len(parts) == 2 and parts[0].enter is None
    shapes = jax.eval_shape(parts[1].model.init, KEY, {})
    assert "identity" not in shapes.variables
