"""al_cgan: which triples D is shown and with which weights, tied streams, and what stands still."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import al_cgan
from genjax.nets import LayoutDiscriminator, num_layout_halvings, tiled
from tests.gan.images import softplus, watched

KEY = jax.random.key(0)
SPEC = Spec((8, 8, 3), extras={"layout": (8, 8, 4), "attributes": (3,)})
RANDOM = np.random.default_rng(0)
BATCH = {
    "image": jnp.asarray(RANDOM.uniform(size=(6, 8, 8, 3)), jnp.float32),
    "layout": jax.nn.one_hot(jnp.asarray(RANDOM.integers(0, 4, (6, 8, 8))), 4),
    "attributes": jnp.asarray(RANDOM.uniform(size=(6, 3)), jnp.float32),
}
BATCHES = jax.tree.map(lambda leaf: leaf[None], BATCH)
SMALL = {"width": 2, "latent_dim": 2}


def test_the_triples_that_are_judged_and_their_weights():
    """(x, s, a), (x, s', a') of one other image, (G, s, a); then G's alone. D's last round stays."""
    model = al_cgan(SPEC, **SMALL, mismatch_weight=0.3)
    state = jax.jit(model.init)(KEY, BATCH)
    with watched(LayoutDiscriminator) as judged:
        after, metrics = jax.jit(model.update)(KEY, state, BATCHES)
    (real, r), (other, o), (fake, f), (made, g) = judged.values()
    x, s, a = 2 * BATCH["image"] - 1, BATCH["layout"], BATCH["attributes"]
    for given in (real, fake, made):
        np.testing.assert_array_equal(given[1], s)
        np.testing.assert_array_equal(given[2], a)
    for given in (real, other):
        np.testing.assert_allclose(given[0], x, atol=1e-6)
    rows = np.abs(other[2][:, None] - np.asarray(a)[None]).max(-1).argmin(1)
    assert (rows != np.arange(6)).all() and sorted(rows) == list(range(6))
    np.testing.assert_array_equal(other[1], np.asarray(s)[rows])  # both are of one image
    r, o, f, g = (out["logit"] for out in (r, o, f, g))
    expected = (softplus(-r) + 0.3 * softplus(o) + 0.7 * softplus(f)).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], softplus(-g).mean(), rtol=1e-5)
    kept = {name: state.variables["scenes"]["memory"][name] for name in ("layout", "attributes")}
    for name, each in kept.items():
        np.testing.assert_array_equal(each, BATCH[name])
        np.testing.assert_array_equal(after.variables["scenes"]["memory"][name], each)


def test_streams_share_all_convolutions_but_the_first():
    net = LayoutDiscriminator(2, "none")
    x, s, a = BATCH["image"], BATCH["layout"], BATCH["attributes"]
    params = net.init(KEY, x, s, a, train=False)["params"]
    convolutions = {name for name in params if "tied" in name or "first" in name}
    assert convolutions == {"first_of_image", "first_of_layout", "tied_1"}
    logit = lambda x, s, a: net.apply({"params": params}, x, s, a, train=False)["logit"]
    for number, given in enumerate((x, s, a)):  # each of them counts
        changed = [x, s, a]
        changed[number] = given[::-1]
        assert np.abs(logit(*changed) - logit(x, s, a)).max() > 1e-7


def test_latents_are_noise_and_attributes_and_the_condition_is_the_layout():
    model = al_cgan(SPEC, **SMALL, ema_decay=0.9)
    state = jax.jit(model.init)(KEY, BATCH)

    @jax.jit
    def draw(variables):
        z = model.latents.prior(KEY, variables, 6)
        flat = model.decode(None, variables, z, BATCH["layout"])
        late = model.decode(None, variables, z.at[:, 2:].set(0.5), BATCH["layout"])
        return z, flat, late, model.sample(KEY, variables, 6, BATCH["layout"])

    z, day, late, drawn = draw(state.variables)
    assert z.shape == (6, 5) and drawn.shape == (6, 8, 8, 3)
    assert {tuple(row) for row in np.asarray(z[:, 2:])} <= {
        tuple(row) for row in np.asarray(BATCH["attributes"])
    }
    assert np.abs(day - late).max() > 1e-4 and 0 <= drawn.min() and drawn.max() <= 1


def test_sizes_and_tiles():
    assert [num_layout_halvings((side, side, 3)) for side in (8, 16, 32, 64, 128)] == [
        2,
        2,
        2,
        3,
        4,
    ]
    out = tiled(jnp.zeros((2, 3, 3, 1)), jnp.asarray([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(out[1, :, :, 1:], np.tile([3.0, 4.0], (3, 3, 1)))


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((8, 8, 3), None, 3), {}, "al_cgan needs images with `layout` and `attributes`"),
        (
            Spec((8, 8, 3), extras={"layout": (4, 4, 2), "attributes": (3,)}),
            {},
            r"layouts of the images' size \(8, 8\)",
        ),
        (SPEC, {"mismatch_weight": 1.0}, r"mismatch_weight must be in \[0, 1\), got 1.0"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        al_cgan(spec, **options)
