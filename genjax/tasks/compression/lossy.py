"""Codes of a lossy model, stored without loss by their probabilities."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Codes, Variables
from genjax.tasks.compression import ans


def encode(codes: Codes, variables: Variables, numbers: np.ndarray) -> np.ndarray:
    """Words in which the codes are stored, uint32.

    Args:
        codes: the model's.
        variables: the model's.
        numbers: what `codes.encode` gave, [N, K].
    """
    stack, table = ans.Stack(), _table(codes, variables)
    for row in numbers[::-1]:
        ans.push(stack, row + codes.limit, table)
    return stack.get_compressed()


def decode(codes: Codes, variables: Variables, words: np.ndarray, num: int) -> np.ndarray:
    """The codes [num, K] that `encode` stored in `words`.

    Raises:
        ValueError: if the words are no stack's.
    """
    stack, table = ans.Stack(words), _table(codes, variables)
    rows = [ans.pop(stack, table) - codes.limit for _ in range(num)]
    return np.asarray(rows, np.int32).reshape(num, math.prod(codes.shape))


def _table(codes: Codes, variables: Variables) -> np.ndarray:
    """p(k_d) of every code of every element, [K, 2 limit + 1]: what lies beyond goes to the ends."""

    @jax.jit
    def log_probs(variables):
        def of(number):
            return codes.log_prob(variables, jnp.full((1, *codes.shape), number)).reshape(-1)

        return jax.vmap(of, out_axes=1)(jnp.arange(-codes.limit, codes.limit + 1))

    return ans.probabilities(np.asarray(log_probs(variables)))
