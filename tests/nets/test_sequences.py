"""Drawing, scoring and searching sequences of a policy whose every probability is known."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import beam_search, draw_sequence, log_probs_of

KEY = jax.random.key(0)
# p(token | token before), start last; 0 ends. Greedy goes 1 (.5), 2 (.4): the likeliest is 2, 2, 2.
P = np.array([[1 / 3, 1 / 3, 1 / 3], [0.3, 0.3, 0.4], [0.04, 0.06, 0.9], [0.1, 0.5, 0.4]])


def step(carry, previous):
    """A Markov chain; the carry counts steps."""
    return carry + 1, jnp.log(jnp.asarray(P))[previous]


def probability(sequence):
    p, before = 1.0, 3
    for token in sequence:
        p, before = p * P[before, token], token
        if token == 0:
            break
    return p


ENDED = [s for s in itertools.product(range(3), repeat=3) if 0 not in s or not any(s[s.index(0) :])]


def test_draws_are_as_frequent_as_they_are_likely_and_end_in_zeros():
    draw = jax.jit(lambda key: draw_sequence(key, step, jnp.zeros(20000), 20000, 3, 3))
    drawn = [tuple(row) for row in np.asarray(draw(KEY)).tolist()]
    assert set(drawn) <= set(ENDED) and len(ENDED) == 15
    for sequence in ENDED:
        assert abs(drawn.count(sequence) / 20000 - probability(sequence)) < 0.015
    assert sum(map(probability, ENDED)) == pytest.approx(1.0)


def test_log_probabilities_stop_at_the_end():
    found = log_probs_of(step, jnp.zeros(len(ENDED)), jnp.asarray(ENDED), 3)
    np.testing.assert_allclose(np.exp(found.sum(1)), [probability(s) for s in ENDED], rtol=1e-5)
    np.testing.assert_array_equal(found[ENDED.index((0, 0, 0)), 1:], [0.0, 0.0])


def test_known_tokens_stay_and_what_follows_is_drawn_given_them():
    known = jnp.tile(jnp.asarray([[2, 1, 1]]), (5000, 1))

    @jax.jit
    def draw(num_known):
        return draw_sequence(
            KEY, step, jnp.zeros(5000), 5000, 3, 3, known=known, num_known=num_known
        )

    one, two = np.asarray(draw(1)), np.asarray(draw(2))
    assert (one[:, 0] == 2).all() and (two[:, :2] == [2, 1]).all()
    assert abs((one[:, 1] == 2).mean() - 0.9) < 0.02
    assert abs((two[:, 2] == 2).mean() - 0.4) < 0.03


def test_beams_find_what_greed_misses():
    greedy = draw_sequence(None, step, jnp.zeros(2), 2, 3, 3)
    np.testing.assert_array_equal(greedy, [[1, 2, 2]] * 2)
    one, _ = beam_search(step, jnp.zeros(2), 2, 3, 3, beam_size=1)
    np.testing.assert_array_equal(one, greedy)
    for beam_size in (2, 27):
        tokens, log_p = beam_search(step, jnp.zeros(2), 2, 3, 3, beam_size=beam_size)
        best = max(ENDED, key=probability)
        np.testing.assert_array_equal(tokens, [best] * 2)
        np.testing.assert_allclose(np.exp(log_p), probability(best), rtol=1e-5)
    assert best == (2, 2, 2)
    with pytest.raises(ValueError, match="beam_size must be at least 1, got 0"):
        beam_search(step, jnp.zeros(2), 2, 3, 3, beam_size=0)


def test_an_ended_sequence_keeps_its_score_among_the_beams():
    """The end at once, .9, beats all that goes on."""
    p = jnp.asarray([[0.2, 0.4, 0.4]] * 3 + [[0.9, 0.05, 0.05]])
    tokens, log_p = beam_search(
        lambda c, previous: (c, jnp.log(p)[previous]), jnp.zeros(1), 1, 3, 3, beam_size=2
    )
    np.testing.assert_array_equal(tokens, [[0, 0, 0]])
    np.testing.assert_allclose(np.exp(log_p), [0.9], rtol=1e-5)
