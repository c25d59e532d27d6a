"""Entropy coding with the exact probabilities of a model that is a product of factors.

An element costs -log2 p(x_d | what comes before d) bits. The sender does what the receiver has to do:
the same compiled program, at the same shapes, is given the examples with all that is not decoded yet
left at zero. Two programs for the same numbers would differ in their last bits, and one bit is enough
to decode nothing but noise from there on.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from genjax.core import Conditionals, Spec, Variables
from genjax.tasks.compression import ans

_AT_A_TIME = (
    500  # examples; part of the format, like the next one, for it is a shape of the program
)
_MOST_NUMBERS = 2**26  # probabilities held at a time


def encode(
    conditionals: Conditionals, spec: Spec, variables: Variables, levels: np.ndarray
) -> np.ndarray:
    """Words in which the levels are stored.

    Args:
        conditionals: the model's, of one factor for each element.
        spec: of discrete data.
        variables: the model's.
        levels: 0 to L - 1, [N, D].

    Returns:
        uint32.

    Raises:
        ValueError: if the channels of a place share a factor, or a factor is no distribution.
    """
    order, program = sequence(conditionals, spec, variables), _program(conditionals, spec)
    stack, size = ans.Stack(), _batch_size(len(levels), spec)
    for start in reversed(range(0, len(levels), size)):  # what is pushed last is popped first
        some = levels[start : start + size]
        tables = []

        def known(table, element, some=some, tables=tables):
            tables.append(table.astype(np.float32))
            return some[:, element]

        _walk(program, variables, order, spec, len(some), size, known)
        for element, table in zip(order[::-1], tables[::-1], strict=True):
            ans.push(stack, some[:, element], table)
    return stack.get_compressed()


def decode(
    conditionals: Conditionals, spec: Spec, variables: Variables, words: np.ndarray, num: int
) -> np.ndarray:
    """The levels [num, D] that `encode` stored in `words`.

    Raises:
        ValueError: as `encode`, or if the words are no stack's.
    """
    order, program = sequence(conditionals, spec, variables), _program(conditionals, spec)
    stack, size = ans.Stack(words), _batch_size(num, spec)
    draw = lambda table, element: ans.pop(stack, table.astype(np.float32))
    parts = [np.zeros((0, len(order)), np.int32)]
    for start in range(0, num, size):
        some = min(size, num - start)
        parts.append(_walk(program, variables, order, spec, some, size, draw))
    return np.concatenate(parts)


def sequence(conditionals: Conditionals, spec: Spec, variables: Variables) -> np.ndarray:
    """The elements in the order in which they are coded, [D].

    Raises:
        ValueError: if several are drawn together.
    """
    order = conditionals.order
    if order is None:
        order = jax.jit(conditionals.factor_order)(variables)
    order = np.asarray(order).reshape(-1)
    if len(np.unique(order)) != math.prod(spec.shape):
        raise ValueError(
            "compression needs a factor for each element, and here the channels of a place share one: "
            "take grey images, or a likelihood of single channels (--set likelihood=categorical)"
        )
    return np.argsort(order)


def _walk(
    program: Callable[..., jax.Array],
    variables: Variables,
    order: np.ndarray,
    spec: Spec,
    num: int,
    size: int,
    symbols_of: Callable[[np.ndarray, int], np.ndarray],
) -> np.ndarray:
    """Levels [num, D], element by element; `symbols_of(probabilities [num, L], element)` gives each."""
    levels = np.zeros((size, len(order)), np.int32)
    x = np.zeros((size, len(order)), np.float32)
    for element in order:
        table = ans.probabilities(program(variables, x, element)[:num])
        levels[:num, element] = symbols_of(table, element)
        x[:, element] = levels[:, element] / np.float32(spec.num_levels - 1)
    return levels[:num]


def _program(conditionals: Conditionals, spec: Spec) -> Callable[..., jax.Array]:
    """`(variables, x [B, D], d) -> [B, L]`: log p(x_d = v | before d) of every level v."""
    most = spec.num_levels - 1

    @jax.jit
    def log_probs(variables, x, d):
        def of(level):
            whole = x.at[:, d].set(level / most).reshape(len(x), *spec.shape)
            return conditionals.log_prob(variables, whole).reshape(len(x), -1)[:, d]

        if most == 1:  # one pass says all of a bit
            one = of(1.0)
            return jnp.stack([jnp.log(-jnp.expm1(one)), one], axis=1)
        return lax.map(of, jnp.arange(spec.num_levels, dtype=x.dtype)).T

    return log_probs


def _batch_size(num: int, spec: Spec) -> int:
    fitting = _MOST_NUMBERS // (math.prod(spec.shape) * spec.num_levels)
    return max(1, min(num, _AT_A_TIME, fitting))
