"""Images and helpers that the tests of image-to-image systems share."""

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
