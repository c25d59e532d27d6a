"""Nearest codes, the gradient past them, and the codebook's averages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from genjax.core import DATA_AXIS
from genjax.nets import (
    Codebook,
    ResidualDecoder,
    ResidualEncoder,
    code_counts,
    move_codebook,
    nearest_code,
    new_codebook,
    perplexity,
    straight_through,
)

KEY = jax.random.key(5)


def drawn(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_the_nearest_code_is_scipys(offset):
    z, codes = drawn(6, 3, 2, 4) + offset, drawn(9, 4, seed=1) + offset
    expected = cdist(np.asarray(z, np.float64).reshape(-1, 4), np.asarray(codes)).argmin(1)
    found = nearest_code(z, codes)
    assert found.shape == (6, 3, 2) and found.dtype == jnp.int32
    np.testing.assert_array_equal(found.reshape(-1), expected)


def test_straight_through_is_the_code_with_the_gradient_of_the_vector():
    z, codes = 1e3 * drawn(5, 3), 1e-3 * drawn(5, 3, seed=1)
    decoder = lambda z: jnp.sum(jnp.sin(z) * jnp.arange(15.0).reshape(5, 3))
    np.testing.assert_array_equal(straight_through(z, codes), codes)  # no rounding
    of_z, of_codes = jax.grad(lambda *a: decoder(straight_through(*a)), (0, 1))(z, codes)
    np.testing.assert_array_equal(of_z, jax.grad(decoder)(codes))
    np.testing.assert_array_equal(of_codes, 0.0)


def test_counts_and_perplexity():
    counts = code_counts(jnp.asarray([[0, 2], [2, 2]]), 4)
    np.testing.assert_array_equal(counts, [1, 0, 3, 0])
    p = np.array([0.25, 0.75])
    np.testing.assert_allclose(perplexity(counts), np.exp(-(p * np.log(p)).sum()), rtol=1e-6)
    np.testing.assert_allclose(perplexity(jnp.ones(7)), 7, rtol=1e-6)
    assert perplexity(jnp.asarray([0.0, 5.0])) == 1
    assert perplexity(jnp.zeros(3)) == 1


def test_two_steps_of_the_averages_equal_their_formula_in_numpy():
    codebook = new_codebook(drawn(4, 2), restart_below=1e-3)
    codes, counts = np.asarray(codebook.codes, np.float64), np.full(4, 1e-3)
    sums = counts[:, None] * codes
    for step in range(2):
        z = drawn(30, 2, seed=step + 1)
        indices = nearest_code(z, codebook.codes)
        hot = np.eye(4)[np.asarray(indices)]
        counts = 0.9 * counts + 0.1 * hot.sum(0)
        sums = 0.9 * sums + 0.1 * hot.T @ np.asarray(z, np.float64)
        codebook = move_codebook(KEY, codebook, z, indices, decay=0.9, restart_below=1e-4)
        np.testing.assert_allclose(codebook.counts, counts, rtol=1e-5)
        np.testing.assert_allclose(codebook.sums, sums, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(codebook.codes, sums / counts[:, None], rtol=1e-3)


def test_a_code_that_nothing_chose_stays_or_is_drawn_from_the_data():
    codes = jnp.asarray([[0.0, 0.0], [50.0, 50.0], [-50.0, 9.0]])
    z, indices = drawn(20, 2), jnp.zeros(20, jnp.int32)
    stays = move_codebook(KEY, new_codebook(codes), z, indices)
    np.testing.assert_array_equal(stays.codes[1:], codes[1:])
    np.testing.assert_allclose(stays.codes[0], z.mean(0), rtol=1e-3)
    start = new_codebook(codes, restart_below=0.1)
    moved = move_codebook(KEY, start, z, indices, restart_below=0.1)
    for code in np.asarray(moved.codes[1:]):
        assert (code == np.asarray(z)).all(1).any()
    np.testing.assert_allclose(moved.counts[1:], 1.0)
    np.testing.assert_allclose(moved.sums[1:], moved.codes[1:], rtol=1e-6)
    assert not (np.asarray(moved.codes[0]) == np.asarray(z)).all(1).any()  # in use: an average


def test_shares_on_devices_move_the_codebook_as_the_whole_minibatch_does():
    codebook = new_codebook(drawn(5, 3), restart_below=0.5)
    z = drawn(4, 8, 3, seed=1)

    def move(key, z, restart_below=0.0):
        indices = nearest_code(z, codebook.codes)
        options = {"decay": 0.7, "restart_below": restart_below}
        return move_codebook(key, codebook, z, indices, **options)

    keys = jax.random.split(KEY, 4)
    shares = jax.vmap(move, axis_name=DATA_AXIS)(keys, z)
    whole = move(KEY, z.reshape(32, 3))
    for share, of_whole in zip(shares, whole, strict=True):
        for device in share:
            np.testing.assert_allclose(device, of_whole, rtol=1e-5, atol=1e-6)
    # All codes dead: each device holds the same draws, vectors of the minibatch all of them.
    drawn_codes = jax.vmap(lambda k, z: move(k, z, 100.0), axis_name=DATA_AXIS)(keys, z).codes
    np.testing.assert_array_equal(drawn_codes, jnp.broadcast_to(drawn_codes[:1], (4, 5, 3)))
    for code in np.asarray(drawn_codes[0]):
        assert (code == np.asarray(z).reshape(-1, 3)).all(1).any()


def test_extremes_stay_finite():
    z = jnp.full((3, 2), 1e15)
    moved = move_codebook(KEY, new_codebook(drawn(4, 2)), z, jnp.zeros(3, jnp.int32), decay=0.0)
    assert all(np.isfinite(leaf).all() for leaf in moved)


def test_residual_networks_halve_and_restore_any_size():
    x = jnp.ones((2, 7, 5, 3))
    encoder, decoder = ResidualEncoder((4, 6), 8), ResidualDecoder((6, 4), (7, 5, 2))
    z, _ = jax.eval_shape(encoder.init_with_output, KEY, x)
    assert z.shape == (2, 2, 2, 8)
    assert jax.eval_shape(decoder.init_with_output, KEY, z)[0].shape == (2, 7, 5, 2)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: nearest_code(drawn(3, 2), drawn(4, 3)), r"needs \[..., D\]"),
        (lambda: straight_through(drawn(3, 2), drawn(3, 1)), "shapes must be equal"),
        (
            lambda: move_codebook(KEY, new_codebook(drawn(4, 2)), drawn(3, 2), jnp.zeros(2, int)),
            "needs z",
        ),
        (
            lambda: move_codebook(
                KEY, Codebook(drawn(4, 2), *drawn(2, 4)), drawn(3, 2), jnp.zeros(3, int), decay=1.0
            ),
            r"decay must be in \[0, 1\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
