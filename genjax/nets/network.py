"""A linen module as two pure functions, its collections beside params handed on by themselves."""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp


class Network(NamedTuple):
    """What a game needs of a network.

    Attributes:
        start: `(key, batch) -> variables`, for `game`; the batch is not looked at.
        apply: `(variables, *inputs, train, key=None) -> (outputs, updates)`: with `train`, updates are
            new values of the collections beside params (batch statistics, vectors of power iteration);
            else they are {}. The key is for dropout and noise. Outputs are float32 whatever the module
            computes in, for losses are.
    """

    start: Callable[..., Any]
    apply: Callable[..., tuple[Any, Any]]


_STREAMS = ("dropout", "noise")


def network(module: nn.Module, *inputs: Any) -> Network:
    """The pure functions of a module that is called as `module(*inputs, train=...)`.

    Args:
        module: of linen.
        *inputs: arrays of the right shapes, to start it with.
    """

    def start(key, batch=None):
        del batch
        key_params, *keys = jax.random.split(key, 1 + len(_STREAMS))
        rngs = {"params": key_params, **dict(zip(_STREAMS, keys, strict=True))}
        return module.init(rngs, *inputs, train=False)

    def apply(variables, *inputs, train, key=None):
        keys = [] if key is None else jax.random.split(key, len(_STREAMS))
        rngs = dict(zip(_STREAMS, keys, strict=False))
        others = [name for name in variables if name != "params"]
        if not train or not others:
            return _in_float32(module.apply(variables, *inputs, train=train, rngs=rngs)), {}
        outputs, updates = module.apply(variables, *inputs, train=True, rngs=rngs, mutable=others)
        return _in_float32(outputs), dict(updates)

    return Network(start, apply)


def _in_float32(outputs):
    floating = lambda leaf: jnp.issubdtype(leaf.dtype, jnp.floating)
    return jax.tree.map(lambda x: x.astype(jnp.float32) if floating(x) else x, outputs)
