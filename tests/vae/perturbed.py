"""A small system whose params are not at their start, for tests that write its algebra out."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Spec

KEY = jax.random.key(3)
IMAGE = Spec((4, 4, 1), 2, 3)


def perturbed(model, spec=IMAGE, scale=0.3):
    """Its variables, and a batch of 5."""
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.integers(0, 2, (5, *spec.shape)), jnp.float32)
    batch = {spec.entry: x, "label": jnp.asarray(rng.integers(0, spec.num_classes or 2, 5))}

    @jax.jit
    def variables(key):
        def noisy(leaf):
            return leaf + scale * jax.random.normal(jax.random.fold_in(KEY, leaf.size), leaf.shape)

        start = jax.jit(model.init)(key, batch).variables
        return {
            name: {**net, "params": jax.tree.map(noisy, net["params"])} if "params" in net else net
            for name, net in start.items()
        }

    return variables(KEY), batch


def one_round(model, variables, batch):
    """Metrics of a round from these variables, and the state after it."""

    @jax.jit
    def play(variables, batch):
        state = jax.jit(model.init)(KEY, batch)._replace(variables=variables)
        return jax.jit(model.update)(KEY, state, jax.tree.map(lambda leaf: leaf[None], batch))

    state, metrics = play(variables, batch)
    return metrics, state


def dense(layer, x):
    """A dense layer in NumPy."""
    return x @ np.asarray(layer["kernel"], np.float64) + np.asarray(layer["bias"], np.float64)


def mlp(params, x):
    """A tanh network of one or more hidden layers in NumPy."""
    for i in range(len(params) - 1):
        x = np.tanh(dense(params[f"Dense_{i}"], x))
    return dense(params[f"Dense_{len(params) - 1}"], x)


def bits_log_prob(logits, x):
    """log p(x) of independent bits, [B]."""
    x = np.asarray(x, np.float64).reshape(len(x), -1)
    return (x * logits - np.logaddexp(0, logits)).sum(1)
