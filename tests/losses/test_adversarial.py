import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax import losses
from genjax.losses import ADVERSARIES, F_DIVERGENCES

REAL = jnp.array([2.0, -1.0, 0.5])
FAKE = jnp.array([-0.5, 1.5, -3.0])
LOG_SIGMOID = lambda x: -np.logaddexp(0.0, -np.asarray(x, np.float64))
NAMES = [*ADVERSARIES, *F_DIVERGENCES]


def by_hand(name):
    """(discriminator's, generator's) values in float64, from the papers' formulas."""
    r, f = np.asarray(REAL, np.float64), np.asarray(FAKE, np.float64)
    logistic = -LOG_SIGMOID(r) - LOG_SIGMOID(-f)
    over_fake, over_real = r - f.mean(), f - r.mean()
    return {
        "non_saturating": (logistic, -LOG_SIGMOID(f)),
        "minimax": (logistic, LOG_SIGMOID(-f)),
        "model_kl": (logistic, -f),
        "least_squares": (((r - 1) ** 2 + f**2) / 2, (f - 1) ** 2 / 2),
        "wasserstein": (f - r, -f),
        "hinge": (np.maximum(0, 1 - r) + np.maximum(0, 1 + f), -f),
        "relativistic": (-LOG_SIGMOID(r - f), -LOG_SIGMOID(f - r)),
        "relativistic_average": (
            -LOG_SIGMOID(over_fake) - LOG_SIGMOID(-over_real),
            -LOG_SIGMOID(over_real) - LOG_SIGMOID(-over_fake),
        ),
    }[name]


@pytest.mark.parametrize("name", ADVERSARIES)
def test_both_sides_are_the_papers_formulas(name):
    pair = losses.adversary(name)
    discriminator, generator = by_hand(name)
    np.testing.assert_allclose(pair.discriminator(REAL, FAKE), discriminator, rtol=1e-5)
    np.testing.assert_allclose(pair.generator(REAL, FAKE), generator, rtol=1e-5)


def test_targets_that_are_given_are_used_on_their_own_side():
    """Labels t, a, b and c at numbers that are not the defaults, by the papers' formulas."""
    r, f = np.asarray(REAL, np.float64), np.asarray(FAKE, np.float64)
    smoothed = -0.9 * LOG_SIGMOID(r) - 0.1 * LOG_SIGMOID(-r) - LOG_SIGMOID(-f)
    for pair, generator in (
        (losses.non_saturating(0.9), -LOG_SIGMOID(f)),
        (losses.minimax(0.9), LOG_SIGMOID(-f)),
    ):
        np.testing.assert_allclose(pair.discriminator(REAL, FAKE), smoothed, rtol=1e-5)
        np.testing.assert_allclose(pair.generator(REAL, FAKE), generator, rtol=1e-5)
    pair = losses.least_squares(-1.0, 2.0, 0.5)
    wanted = ((r - 2) ** 2 + (f + 1) ** 2) / 2
    np.testing.assert_allclose(pair.discriminator(REAL, FAKE), wanted, rtol=1e-5)
    np.testing.assert_allclose(pair.generator(REAL, FAKE), (f - 0.5) ** 2 / 2, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_place_of_a_map_of_logits_is_a_minibatch_of_its_own(name):
    """[B, 2] logits: each column is what it would be alone, averages of the minibatch included."""
    real, fake = (jnp.stack([side, 1 - 2 * side], 1) for side in (REAL, FAKE))
    for side in losses.adversary(name):
        alone = [side(real[:, place], fake[:, place]) for place in (0, 1)]
        np.testing.assert_allclose(side(real, fake), np.stack(alone, 1), rtol=1e-5)


def test_the_gradients_of_the_two_generators_differ_by_e_to_the_sixth_where_d_is_sure():
    """At f = -6: -(1 - sigmoid) of the non-saturating one, -sigmoid of minimax."""
    slope = lambda name: jax.grad(lambda f: losses.adversary(name).generator(0.0, f))(-6.0)
    np.testing.assert_allclose(slope("non_saturating") / slope("minimax"), np.exp(6), rtol=1e-4)


def test_flipped_labels_are_the_non_saturating_loss():
    """Tip 2 of ganhacks: a generator that is told that its fakes are real."""
    flipped = jax.grad(lambda f: losses.cross_entropy(f, 1.0).sum())(FAKE)
    plain = jax.grad(lambda f: losses.non_saturating().generator(REAL, f).sum())(FAKE)
    np.testing.assert_array_equal(flipped, plain)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_at_extremes(name):
    """Logits of 60, far beyond any training; exponential conjugates have to be finite there too."""
    pair = losses.adversary(name)
    for real, fake in ((60.0, -60.0), (-60.0, 60.0)):
        arrays = jnp.full(2, real), jnp.full(2, fake)
        for side in pair:
            value, slopes = jax.value_and_grad(lambda r, f, s=side: s(r, f).sum(), (0, 1))(*arrays)
            assert np.isfinite(value) and np.isfinite(slopes[0]).all()
            assert np.isfinite(slopes[1]).all()


# name -> (f, its derivative), of u = p / q.
GENERATORS = {
    "kl": (lambda u: u * np.log(u), lambda u: 1 + np.log(u)),
    "reverse_kl": (lambda u: -np.log(u), lambda u: -1 / u),
    "pearson": (lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1)),
    "neyman": (lambda u: (1 - u) ** 2 / u, lambda u: 1 - 1 / u**2),
    "squared_hellinger": (lambda u: (np.sqrt(u) - 1) ** 2, lambda u: 1 - u**-0.5),
    "jensen_shannon": (
        lambda u: -(u + 1) * np.log((1 + u) / 2) + u * np.log(u),
        lambda u: np.log(2 * u / (1 + u)),
    ),
    "gan": (
        lambda u: u * np.log(u) - (u + 1) * np.log(u + 1),
        lambda u: np.log(u / (1 + u)),
    ),
}


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("ratio", [0.2, 1.0, 3.0])
def test_a_conjugate_touches_its_f_at_the_optimum(name, ratio):
    """sup over v of u g(v) - f*(g(v)) is f(u), where g(v) = f'(u): found on a fine grid."""
    f, slope = GENERATORS[name]
    pair = losses.f_divergence(name)
    v = jnp.linspace(-6, 6, 240_001)
    zero = jnp.zeros_like(v)
    at_zero = pair.discriminator(zero[:1], zero[:1])[0]  # f*(g(0)) - g(0)
    activation_at_zero = {"pearson": 0.0, "kl": 0.0, "neyman": 0.0, "squared_hellinger": 0.0}
    activation_at_zero |= {"reverse_kl": -1.0, "jensen_shannon": 0.0, "gan": -np.log(2)}
    g0 = activation_at_zero[name]
    g = at_zero + g0 - pair.discriminator(v, zero)  # f*(g(0)) - (f*(g(0)) - g(v))
    conjugate = pair.discriminator(zero, v) + g0
    values = ratio * np.asarray(g, np.float64) - np.asarray(conjugate, np.float64)
    best = int(values.argmax())
    np.testing.assert_allclose(values[best], f(ratio), atol=2e-5)
    np.testing.assert_allclose(g[best], slope(ratio), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_the_generator_lowers_the_bound_that_the_discriminator_raises(name):
    """Without `alternative` G's loss is the bound less E g(real); g, -G's otherwise, rises with v."""
    pair = losses.f_divergence(name)
    activation = lambda v: -losses.f_divergence(name, alternative=True).generator(None, v)
    both = pair.discriminator(REAL, FAKE) + pair.generator(REAL, FAKE)
    np.testing.assert_allclose(both, -activation(REAL), rtol=1e-5, atol=1e-6)
    assert (np.diff(activation(jnp.linspace(-2.0, 2.0, 9))) > 0).all()


def test_the_bound_of_total_variation_has_half_of_the_distance_as_its_supremum():
    """sup over v of u g(v) - f*(g(v)) is |u - 1| / 2, for |g| < 1/2."""
    pair, v = losses.f_divergence("total_variation"), jnp.linspace(-20.0, 20.0, 4001)
    zero = jnp.zeros_like(v)
    for ratio in (0.2, 1.0, 3.0):  # g(0) is 0
        values = -ratio * pair.discriminator(v, zero) - pair.discriminator(zero, v)
        np.testing.assert_allclose(values.max(), abs(ratio - 1) / 2, atol=1e-6)


def test_an_alternative_generator_raises_the_activation():
    pair = losses.f_divergence("kl", alternative=True)
    np.testing.assert_allclose(pair.generator(REAL, FAKE), -FAKE)


def test_matching_terms_weigh_and_add():
    """Reed's three pairs by hand."""
    discriminate = lambda x, t: x * t
    x, t, other = jnp.array([1.0, 2.0]), jnp.array([1.0, -1.0]), jnp.array([0.5, 3.0])
    found = losses.matching_terms(
        discriminate, [((x, t), 1.0, 1.0), ((other, t), 0.0, 0.5), ((-x, t), 0.0, 0.5)]
    )
    wanted = -LOG_SIGMOID(x * t) - 0.5 * LOG_SIGMOID(-other * t) - 0.5 * LOG_SIGMOID(x * t)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_matching_terms_of_several_shapes_are_refused():
    with pytest.raises(ValueError, match="logits of one shape"):
        losses.matching_terms(lambda x: x, [((REAL,), 1.0, 1.0), ((REAL[:2],), 0.0, 1.0)])


def test_noisy_labels_keep_their_range_and_rate():
    """A flip in 4: within 4 standard deviations of a binomial; none where the rate is 0."""
    key, shape = jax.random.key(0), (20_000,)
    soft = losses.noisy_labels(key, shape, 1.0, spread=(-0.3, 0.2))
    assert float(soft.min()) >= 0.7 and float(soft.max()) <= 1.2
    np.testing.assert_allclose(soft.mean(), 0.95, atol=0.005)
    flipped = losses.noisy_labels(key, shape, 1.0, flip_rate=0.25)
    assert set(np.unique(flipped)) == {0.0, 1.0}
    assert abs(float(flipped.mean()) - 0.75) < 4 * np.sqrt(0.25 * 0.75 / shape[0])
    np.testing.assert_array_equal(losses.noisy_labels(key, (3,), 0.0), np.zeros(3))


def test_mistakes_are_refused():
    with pytest.raises(ValueError, match="loss must be one of non_saturating"):
        losses.adversary("wgan")
    with pytest.raises(ValueError, match="f-divergences are kl"):
        losses.f_divergence("chi")
    with pytest.raises(ValueError, match=r"got \(3,\) and \(2,\)"):
        losses.relativistic().discriminator(REAL, FAKE[:2])
    with pytest.raises(ValueError, match="flip_rate must be in"):
        losses.noisy_labels(jax.random.key(0), (2,), 1.0, flip_rate=1.5)
