"""CycleGAN: its losses by hand, that pairs are not used, its schedule, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import cyclegan
from genjax.gan.cyclegan import _rate
from genjax.nets import PatchDiscriminator, TranslationResNet
from tests.gan.images import KEY, images, moved, told, watched

UNPAIRED = Spec((8, 8, 1), 256, None, {"unpaired": (8, 8, 1)})
PAIRED = UNPAIRED._replace(extras={"target": (8, 8, 1)})
SMALL = {"width": 2, "num_blocks": 1}
A, B = images((4, 8, 8, 1)), images((4, 8, 8, 1), 1)


def test_the_losses_at_networks_of_known_outputs():
    """G gives tanh(.3), F tanh(-.1), the critics 0.6 and -0.2: every term is a number."""
    model = cyclegan(UNPAIRED, identity_weight=0.5, learning_rate=0.0, **SMALL)
    batch = {"image": A, "unpaired": B}
    state = jax.jit(model.init)(KEY, batch)
    variables = told(state.variables, "generator", "Conv_4", [0.3])
    variables = told(variables, "generator_back", "Conv_4", [-0.1])
    for name, logit in (("discriminator", 0.6), ("discriminator_back", -0.2)):
        variables = told(variables, name, "Conv_2", [logit])
    still = state._replace(variables=variables)
    with watched(PatchDiscriminator) as judged, watched(TranslationResNet) as made:
        _, metrics = jax.jit(model.update)(KEY, still, jax.tree.map(lambda x: x[None], batch))
    a, b = 2 * np.asarray(A) - 1, 2 * np.asarray(B) - 1
    there, back = np.tanh(0.3), np.tanh(-0.1)
    # Each of the generators' fakes; then b and G(a) of one critic, a and F(b) of the other.
    shown = zip(judged.values(), (there, back, b, there, a, back), strict=True)
    for number, ((given, out), x) in enumerate(shown):
        np.testing.assert_allclose(given[0], x + 0 * a, atol=1e-5)
        np.testing.assert_allclose(out["logit"], 0.6 if number in (0, 2, 3) else -0.2, rtol=1e-5)
    # G(a), back again, G(b); F(b), there again, F(a); and once more for the critics.
    for (given, _), x in zip(made.values(), (a, there, b, b, back, a, a, b), strict=True):
        np.testing.assert_allclose(given[0], x + 0 * a, atol=1e-5)
    cycle = np.abs(back - a).mean() + np.abs(there - b).mean()
    identity = np.abs(there - b).mean() + np.abs(back - a).mean()
    expected = 0.4**2 + 1.2**2 + 10 * cycle + 0.5 * 10 * identity
    np.testing.assert_allclose(metrics["generators/loss"], expected, rtol=1e-5)
    # Half of (1 - .6)^2 + .6^2, and of (1 + .2)^2 + .2^2.
    np.testing.assert_allclose(metrics["discriminators/loss"], 0.26 + 0.74, rtol=1e-5)
    values = jax.jit(model.evaluate)(KEY, variables, batch)
    np.testing.assert_allclose(values["cycle_l1"].mean(), np.abs(back - a).mean() / 2, rtol=1e-5)
    assert set(values) == {"cycle_l1", "cycle_back_l1"}
    y = jax.jit(model.translate)(KEY, variables, A)
    np.testing.assert_allclose(y, np.full(A.shape, 0.5 + 0.5 * there), rtol=1e-5)
    x = jax.jit(model.translate_back)(KEY, variables, B)
    np.testing.assert_allclose(x, np.full(A.shape, 0.5 + 0.5 * back), rtol=1e-5)


def test_pairs_are_not_used():
    """Targets in another order leave every gradient as it is (of the pool nothing is drawn)."""
    model = cyclegan(PAIRED, pool_size=0, **SMALL)
    state = jax.jit(model.init)(KEY, {"image": A, "target": B})
    update = jax.jit(model.update)
    ends = [
        update(KEY, state, {"image": A[None], "target": targets[None]})[1]
        for targets in (B, jnp.roll(B, 1, axis=0))
    ]
    for name in ends[0]:
        np.testing.assert_allclose(ends[0][name], ends[1][name], rtol=1e-4, err_msg=name)
    values = jax.eval_shape(model.evaluate, KEY, state.variables, {"image": A, "target": B})
    assert values["l1"].shape == (4,), "whoever evaluates is told the pairs"


def test_pools_hold_what_was_translated_and_both_players_move():
    model = cyclegan(UNPAIRED, pool_size=3, **SMALL)
    state = jax.jit(model.init)(KEY, {"image": A, "unpaired": B})
    batches = {"image": A[None], "unpaired": B[None]}
    with watched(PatchDiscriminator) as judged:
        after, metrics = jax.jit(model.update)(KEY, state, batches)
    _, _, *found = (out["logit"] for _, out in judged.values())  # after the generators' two
    losses = [((r - 1) ** 2).mean() + (f**2).mean() for r, f in (found[:2], found[2:])]
    np.testing.assert_allclose(metrics["discriminators/loss"], 0.5 * sum(losses), rtol=1e-5)
    assert moved(state.variables, after.variables) == set(state.variables)
    extra = after.variables["extra"]
    assert extra["generator_pool_size"] == extra["generator_back_pool_size"] == 3
    # Generators play first, so that the pool has what they make after their step.
    there = 2 * jax.jit(model.translate)(KEY, after.variables, A) - 1
    nearest = jnp.abs(extra["generator_pool"][:, None] - there[None]).max((2, 3, 4)).min(1)
    assert nearest.max() < 1e-5


def test_the_rate_falls_over_the_second_half():
    rate = _rate(2e-4, 100)
    found = [float(rate(step)) for step in (0, 50, 75, 100)]
    np.testing.assert_allclose(found, [2e-4, 2e-4, 1e-4, 0.0], atol=1e-9)
    assert _rate(2e-4, None) == 2e-4


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (
            Spec((8, 8, 1)),
            {},
            "needs images of two domains: this data has no 'unpaired' or 'target'",
        ),
        (Spec((12,)), {}, "cyclegan needs images"),
        (
            Spec((8, 8, 1), extras={"unpaired": (8, 8, 3)}),
            {"identity_weight": 0.5},
            "as many channels, got 1 and 3",
        ),
        (UNPAIRED, {"pool_size": -1}, "pool_size must be at least 0"),
        (UNPAIRED, {"num_rounds": 1}, "num_rounds must be at least 2, got 1"),
        (UNPAIRED, {"norm": "batch"}, "got 'batch'"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        cyclegan(spec, **options)
