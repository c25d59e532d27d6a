"""What every autoregressive system has to show: sums of one, causality, draws as probable as said."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax import data
from genjax.autoregressive import gated_pixel_cnn, pixel_cnn
from genjax.core import Spec
from genjax.training import Config, fit
from tests.autoregressive.systems import (
    GREY,
    ONE_ORDER,
    SYSTEMS,
    TWO_CHANNELS,
    all_images,
    dependence,
    draw,
    variables_of,
)

pytestmark = pytest.mark.usefixtures("compiled_quickly")
CELLS = pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)
# Whose papers promise that a place sees all before it. MADE's masks at random leave out some.
DENSE = ("nade", "made", "made without a hidden layer", "gated_pixel_cnn")
DENSE += ("diagonal_bilstm",)
# What PixelCNN++ sees at three resolutions, and its caches, are looked at in its own file.
OTHERS = {name: make for name, make in SYSTEMS.items() if name != "pixel_cnn_pp"}


@CELLS
@pytest.mark.parametrize("spec", [GREY, TWO_CHANNELS], ids=["3x3", "2x2x2"])
def test_probabilities_of_all_images_sum_to_one(make, spec):
    model = make(spec)
    variables = variables_of(model, spec)
    log_probs = jax.jit(model.log_prob)(jax.random.key(0), variables, all_images(spec.shape))
    assert abs(np.exp(np.asarray(log_probs, np.float64)).sum() - 1) < 1e-5


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    "spec", [Spec((5, 4, 1), 2), Spec((3, 2, 3), 2)], ids=["grey", "3 channels"]
)
def test_no_factor_sees_what_is_drawn_after_it(name, spec):
    model = ONE_ORDER[name](spec)
    x = jax.random.uniform(jax.random.key(2), (8, *spec.shape))
    found, order = dependence(model, variables_of(model, spec, scale=0.6), x)
    before = order[:, None] > order[None]
    assert (found[~before] == 0).all()
    if name in DENSE:
        assert (found[before] > 0).all()


def test_the_blind_spot_of_pixel_cnn_is_the_known_one():
    """At r >= 1 rows above, a place sees columns up to r + 2 further right, and no other.

    van den Oord et al., 2016, arXiv:1606.05328, Figure 1, for a first layer of 7x7 and 3x3 after it.
    """
    spec, (row, column) = Spec((9, 13, 1), 2), (8, 5)
    model = pixel_cnn(spec, hidden=3, num_blocks=9, head=3)
    variables = variables_of(model, spec)
    x = jax.random.uniform(jax.random.key(2), spec.shape)
    of_x = lambda x: model.conditionals.parameters(variables, x[None])[0, row, column].sum()
    seen = np.asarray(jax.jit(jax.grad(of_x))(x))[..., 0] != 0
    r, c = row - np.arange(9)[:, None], np.arange(13)[None] - column
    np.testing.assert_array_equal(seen, np.where(r == 0, c < 0, c <= r + 2))


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize(
    "spec", [Spec((7, 5, 1), 2), Spec((4, 3, 3), 4)], ids=["7x5", "3 channels"]
)
def test_cached_draws_are_those_that_recompute_everything(make, spec):
    model = make(spec)
    variables, key = variables_of(model, spec), jax.random.key(3)
    fast = draw(model, variables, key, 16, spec.shape)
    slow = draw(model, variables, key, 16, spec.shape, cached=False)
    np.testing.assert_array_equal(fast, slow)
    assert len(np.unique(fast)) == spec.num_levels


@CELLS
def test_frequencies_of_draws_are_the_probabilities(make):
    """Chi-square over all 512 images, 20,000 draws; the rare ones are taken together."""
    model = make(GREY)
    variables = variables_of(model, GREY)
    images = all_images(GREY.shape)
    log_probs = jax.jit(model.log_prob)(jax.random.key(0), variables, images)
    expected = 20_000 * np.exp(np.asarray(log_probs, np.float64))
    counts = np.zeros(512)
    known, x = np.zeros(GREY.shape, bool), jnp.zeros((10_000, *GREY.shape))
    one = jax.jit(lambda key, v: model.conditionals.draw(key, v, x, known))
    for key in jax.random.split(jax.random.key(4), 2):
        bits = np.asarray(one(key, variables)).reshape(-1, 9)
        counts += np.bincount((bits @ 2 ** np.arange(8, -1, -1)).astype(int), minlength=512)
    rare = expected < 5
    merge = lambda values: np.append(values[~rare], values[rare].sum())[
        : (~rare).sum() + rare.any()
    ]
    observed, wanted = merge(counts), merge(expected)
    assert stats.chisquare(observed, wanted * observed.sum() / wanted.sum()).pvalue > 1e-3


def small_digits():
    """The 3x3 digits: the centre 6x6 of each, halved by means, as bits; the order of the files."""
    digits = data.load("digits", binarization="none")
    arrays = digits.eval_transform(None, digits.train.arrays())["image"]
    centre = arrays[:, 1:7, 1:7].reshape(-1, 3, 2, 3, 2, 1).mean((2, 4))
    return (np.asarray(centre) > 0.5).astype(np.float32)


def test_completions_are_draws_of_the_conditional():
    """The last 4 of 9 bits given 5: total variation to the enumerated conditional under .05."""
    model = gated_pixel_cnn(GREY, hidden=12, num_blocks=2, head=12, learning_rate=3e-3)
    x = small_digits()
    state = jax.jit(model.init)(jax.random.key(0), {"image": x[:100]})
    batches = jnp.asarray(x[: len(x) // 100 * 100].reshape(-1, 100, 3, 3, 1))

    @jax.jit
    def train(state):
        one = lambda s, b: (model.update(jax.random.key(0), s, {"image": b[None]})[0], None)
        epoch = lambda s, _: (jax.lax.scan(one, s, batches)[0], None)
        return jax.lax.scan(epoch, state, None, 30)[0]

    variables = train(state).variables
    images = np.asarray(all_images(GREY.shape)).reshape(32, 16, 3, 3, 1)
    log_prob = jax.jit(model.log_prob)
    table = np.asarray(log_prob(None, variables, images.reshape(-1, 3, 3, 1)), np.float64)
    table = table.reshape(32, 16)
    log_prefix = np.logaddexp.reduce(table, axis=1)
    known = np.arange(9).reshape(3, 3, 1) < 5
    draws = jax.jit(lambda key, x: model.conditionals.draw(key, variables, x, known))
    for prefix in np.argsort(-log_prefix)[:8]:
        given = np.where(known, images[prefix, :1], 0.0)  # the rest is not to be looked at
        drawn = np.asarray(draws(jax.random.key(prefix), np.repeat(given, 2000, axis=0)))
        np.testing.assert_array_equal(drawn[:, known], np.repeat(given, 2000, 0)[:, known])
        codes = (drawn.reshape(-1, 9)[:, 5:] @ [8, 4, 2, 1]).astype(int)
        conditional = np.exp(table[prefix] - log_prefix[prefix])
        variation = 0.5 * np.abs(np.bincount(codes, minlength=16) / 2000 - conditional).sum()
        assert variation < 0.05, (prefix, variation)
    # What the factors of the last four say is the conditional, too.
    factors = jax.jit(model.conditionals.log_prob)(variables, images.reshape(-1, 3, 3, 1))
    rest = np.asarray(factors, np.float64).reshape(32, 16, 9)[..., 5:].sum(-1)
    np.testing.assert_allclose(rest, table - log_prefix[:, None], atol=2e-6)


def test_labels_tell_no_more_than_there_is_to_tell():
    """The gain over the model's own marginal is at most ln 10 = 2.303 nats, and not nothing."""
    digits = data.load("digits")
    model = gated_pixel_cnn(
        digits.spec, condition="label", hidden=16, num_blocks=3, head=16, learning_rate=5e-3
    )
    variables = fit(model, digits, Config(steps=100, batch_size=64, eval_every=100)).state.variables
    test = digits.eval_transform(None, digits.test.arrays())
    log_prob = jax.jit(lambda label: model.log_prob(None, variables, test["image"], label))
    every = np.stack([log_prob(np.full_like(test["label"], label)) for label in range(10)])
    marginal = np.logaddexp.reduce(every, axis=0) - np.log(10)
    gain = float((np.asarray(log_prob(test["label"])) - marginal).mean())
    assert 0.3 < gain < np.log(10), gain
