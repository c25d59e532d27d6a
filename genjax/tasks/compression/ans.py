"""A stack of bits: symbols are pushed by their probabilities, and popped in the reverse order.

The coder is the library `constriction`'s (asymmetric numeral systems: Duda, 2013, arXiv:1311.2540):
words of 32 bits under a head of 64, probabilities rounded to 24 bits, none of them to 0.
"""

import constriction
import numpy as np

Stack = constriction.stream.stack.AnsCoder
_CATEGORICAL = constriction.stream.model.Categorical(perfect=False)
_MOST_OFF = 1e-3  # of a sum of probabilities that float32 rounded


def push(stack: Stack, symbols: np.ndarray, probabilities: np.ndarray) -> None:
    """Puts symbols [n] on the stack, each by its row of `probabilities` [n, L]; the first is on top."""
    stack.encode_reverse(np.ascontiguousarray(symbols, np.int32), _CATEGORICAL, probabilities)


def pop(stack: Stack, probabilities: np.ndarray) -> np.ndarray:
    """Takes as many symbols off the stack as `probabilities` [n, L] has rows, the top first, [n]."""
    return stack.decode(_CATEGORICAL, probabilities)


def probabilities(log_probs: np.ndarray) -> np.ndarray:
    """Those of `log_probs` [n, L], float64, each row summing to 1.

    Raises:
        ValueError: if a row is not of probabilities: not a number, or of a density.
    """
    p = np.exp(np.asarray(log_probs, np.float64))
    total = p.sum(-1, keepdims=True)
    off = np.abs(total - 1)
    if not (off < _MOST_OFF).all():  # nan is not below anything
        worst = float(total.reshape(-1)[np.argmax(np.nan_to_num(off, nan=np.inf))])
        raise ValueError(
            f"probabilities of the values of an element sum to {worst:.4g} and not to 1: the model "
            "has a density, not a likelihood of discrete data, or is not trained"
        )
    return p / total


def random_words(num: int) -> np.ndarray:
    """Words for the bottom of a stack, always the same ones, as good as random, [num] uint32."""
    # From 1, for a stack's last word is never 0.
    return np.random.Generator(np.random.PCG64(0)).integers(1, 2**32, num, np.uint32)
