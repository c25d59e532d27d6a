"""ProGAN's curriculum: its sizes, its lengths, and what it refuses. Its stages: acceptance checks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import progan
from genjax.nets import ProgressiveDiscriminator, ProgressiveGenerator
from tests.gan.images import watched

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "sides, levels", [((8, 8), 2), ((28, 28), 3), ((24, 40), 3), ((64, 64), 5)]
)
def test_stages_double_from_4_to_7_pixels(sides, levels):
    """Each has a network of its own size, and draws images of the data's; only the last is endless."""
    spec = Spec((*sides, 1), 256)
    found = progan(spec, stage_rounds=10, width=8)
    assert [stage.rounds for stage in found] == [10, *[20] * (levels - 2), None]
    batch = {"image": jnp.zeros((2, *spec.shape))}
    state = jax.eval_shape(found[0].model.init, KEY, batch)
    for level, stage in enumerate(found):
        if level:
            state = jax.eval_shape(stage.enter, KEY, state)
        assert f"to_image_{level}" in state.variables["generator"]["params"]
        drawn = jax.eval_shape(lambda v, m=stage.model: m.sample(KEY, v, 3), state.variables)
        assert drawn.shape == (3, *spec.shape)


def test_real_images_fade_in_as_the_fakes_do():
    """A quarter of the way the critic sees (3 double(halve(x)) + x) / 4, in [-1, 1]."""
    *_, last = progan(Spec((8, 8, 1), 256), stage_rounds=4, width=4)
    x = jax.random.uniform(KEY, (4, 8, 8, 1))
    variables = jax.jit(lambda key: last.model.init(key, {"image": x}).variables)(KEY)
    variables = {**variables, "extra": {"rounds": jnp.float32(1)}}
    found = jax.jit(last.model.evaluate)(KEY, variables, {"image": x})["logit"]
    critic = ProgressiveDiscriminator(1, (4, 4), 4)
    judge = jax.jit(lambda x: critic.apply(variables["discriminator"], x, 0.25, train=False))
    faded = 0.75 * np.kron(x.reshape(4, 4, 2, 4, 2, 1).mean((2, 4)), np.ones((1, 2, 2, 1)))
    expected = judge(jnp.asarray(2 * (faded + 0.25 * x) - 1, jnp.float32))["logit"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found - judge(2 * x - 1)["logit"]).max() > 1e-4


def test_the_losses_of_known_logits_and_alpha():
    """f(G(z)) - f(x) + 10 penalty + f(x)^2 / 1000 (appendix A.1), and -f(G(z)); alpha by the rounds."""
    *_, last = progan(Spec((8, 8, 1), 256), stage_rounds=4, width=2, learning_rate=0.0)
    batch = {"image": jax.random.uniform(KEY, (4, 8, 8, 1))}
    rng = np.random.default_rng(0)
    draw = lambda leaf: jnp.asarray(10 * rng.normal(size=leaf.shape), leaf.dtype)
    state = jax.eval_shape(last.model.init, KEY, batch)
    variables = jax.tree.map(draw, state.variables)
    state = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), state)
    state = state._replace(variables={**variables, "extra": state.variables["extra"]})
    batches, update = jax.tree.map(lambda leaf: leaf[None], batch), jax.jit(last.model.update)
    with watched(ProgressiveDiscriminator) as judged, watched(ProgressiveGenerator) as made:
        after, metrics = update(KEY, state, batches)
    r, f, _, own = (out["logit"] for _, out in judged.values())
    assert np.abs(r - f).min() > 1
    expected = (f - r + r**2 / 1000).mean() + 10 * metrics["discriminator/penalty"]
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], -own.mean(), rtol=1e-4)
    assert [given[1] for given, _ in (*judged.values(), *made.values())] == [0.0] * 6
    assert metrics["discriminator/alpha"] == 0 and after.variables["extra"]["rounds"] == 1
    assert update(KEY, after, batches)[1]["discriminator/alpha"] == 0.25


@pytest.mark.parametrize("sides", [(6, 5), (36, 30), (4, 4), (30, 30)])
def test_other_sides_are_refused(sides):
    with pytest.raises(ValueError, match=rf"power of two .*, got {sides[0]}x{sides[1]}"):
        progan(Spec((*sides, 1), 2))


def test_what_else_it_refuses():
    with pytest.raises(ValueError, match="progan needs images, and these examples are vector"):
        progan(Spec((8,), 2))
    with pytest.raises(ValueError, match="stage_rounds must be at least 1, got 0"):
        progan(Spec((8, 8, 1), 2), stage_rounds=0)
