"""BLEU of sentences against values computed by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import sentence_bleu
from genjax.metrics import sentence_bleu as same

REFERENCE = [1, 2, 3, 4, 5, 0, 0]
# candidate -> (matches and n-grams of orders 1 to 4, brevity)
CASES = {
    (1, 2, 3, 4, 5, 0, 0): (((5, 5), (4, 4), (3, 3), (2, 2)), 1.0),
    (1, 2, 3, 6, 0, 0, 0): (((3, 4), (2, 3), (1, 2), (0, 1)), np.exp(1 - 5 / 4)),
    (2, 2, 2, 2, 2, 2, 0): (((1, 6), (0, 5), (0, 4), (0, 3)), 1.0),  # clipped: the has one 2
    (5, 4, 3, 2, 1, 0, 3): (((5, 5), (0, 4), (0, 3), (0, 2)), 1.0),  # nothing after the end counts
    (4, 5, 0, 0, 0, 0, 0): (((2, 2), (1, 1), (0, 0), (0, 0)), np.exp(1 - 5 / 2)),
}


@pytest.mark.parametrize("smoothing", [1.0, 0.5])
def test_values_by_hand(smoothing):
    found = sentence_bleu(
        jnp.asarray(list(CASES)), jnp.asarray([REFERENCE] * len(CASES)), smoothing=smoothing
    )
    want = []
    for counts, brevity in CASES.values():
        extras = (0, smoothing, smoothing, smoothing)
        shares = [(m + e) / (n + e) for (m, n), e in zip(counts, extras, strict=True)]
        want.append(brevity * np.prod(shares) ** 0.25)
    np.testing.assert_allclose(found, want, rtol=1e-5)
    assert same is sentence_bleu


def test_repeated_ngrams_count_as_often_as_the_reference_has_them():
    """1 2 1 2 1 against 1 2 1 3 1 2: bigrams 12 twice of twice, 21 once of twice: 3 of 4."""
    found = sentence_bleu(
        jnp.asarray([[1, 2, 1, 2, 1, 0]]),
        jnp.asarray([[1, 2, 1, 3, 1, 2]]),
        max_order=2,
        smoothing=0,
    )
    np.testing.assert_allclose(found, np.exp(1 - 6 / 5) * np.sqrt(5 / 5 * 3 / 4), rtol=1e-5)


def test_what_has_no_words_or_no_match_has_none():
    empty, wrong = [0, 1, 2, 3, 4], [9, 9, 9, 9, 9]
    found = sentence_bleu(jnp.asarray([empty, wrong]), jnp.asarray([REFERENCE] * 2))
    np.testing.assert_array_equal(found, [0.0, 0.0])
    half = sentence_bleu(jnp.asarray([[5, 4, 3, 2, 1]]), jnp.asarray([REFERENCE]), smoothing=0)
    np.testing.assert_array_equal(half, [0.0])


@pytest.mark.parametrize(
    "shapes, options, message",
    [
        (((2, 3), (3, 3)), {}, r"got shapes \(2, 3\) and \(3, 3\)"),
        (((2, 3), (2, 3)), {"max_order": 0}, "max_order must be at least 1, got 0"),
    ],
)
def test_what_does_not_fit_is_refused(shapes, options, message):
    with pytest.raises(ValueError, match=message):
        sentence_bleu(*(jnp.ones(shape, int) for shape in shapes), **options)
