"""The gradient that a round follows, from the first moment that Adam keeps of it."""

import jax
import optax


def gradient(model, key, variables, batch):
    """By network, of the model's only player, whose optimizer has an Adam with b1 = 0.9."""
    state = model.init(jax.random.key(0), batch)._replace(variables=variables)
    one = jax.tree.map(lambda leaf: leaf[None], batch)
    after, _ = model.update(key, state, one)
    return jax.tree.map(lambda m: m / 0.1, optax.tree.get(after.opt_states[0], "mu"))
