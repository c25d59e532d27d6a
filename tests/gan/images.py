"""Images and helpers that the tests of image-to-image systems share."""

import contextlib
import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

KEY = jax.random.key(0)


def images(shape, seed=0):
    """float32 in [0, 1]."""
    return jnp.asarray(np.random.default_rng(seed).random(shape), jnp.float32)


def moved(before, after):
    """Names of the networks of which anything changed."""
    changed = jax.tree.map(lambda a, b: (a != b).any(), before, after)
    return {name for name, tree in changed.items() if any(jax.tree.leaves(tree))}


def told(variables, name, layer, bias):
    """Variables with a network that gives a constant: all zero but the bias of its last layer."""
    flat = jax.tree.map(jnp.zeros_like, variables[name])
    flat["params"][layer]["bias"] = jnp.asarray(bias, jnp.float32)
    return {**variables, name: flat}


@contextlib.contextmanager
def watched(kind):
    """What modules of this kind are given and give, once the programs traced within have run.

    A dict whose values, in the order of the calls, are (inputs, output).
    """
    calls, count = {}, itertools.count()

    def watch(next_method, args, kwargs, context):
        out = next_method(*args, **kwargs)
        if isinstance(context.module, kind) and context.method_name == "__call__":
            number = next(count)
            keep = lambda args, out: calls.__setitem__(number, jax.tree.map(np.array, (args, out)))
            jax.debug.callback(keep, args, out)
        return out

    with nn.intercept_methods(watch):
        yield calls
    jax.effects_barrier()
    in_order = {number: calls[number] for number in sorted(calls)}
    calls.clear()
    calls.update(in_order)


def softplus(x):
    """log(1 + e^x), float64."""
    return np.logaddexp(0.0, np.asarray(x, np.float64))
