"""Rounds of a model on rows of a rendered set, in one compiled loop."""

import jax
import jax.numpy as jnp


def play(model, state, key, rounds, draw):
    """The state after so many rounds, on the minibatches `draw(key)`; from the start for None."""
    if state is None:
        state = jax.jit(lambda key: model.init(key, draw(key)))(key)
    return playing(model, rounds, draw)(key, state)


def playing(model, rounds, draw):
    """`(key, state) -> state` after so many rounds, compiled once."""

    def loop(key, state):
        def one(state, key):
            key_round, key_batch = jax.random.split(key)
            batch = jax.tree.map(lambda leaf: leaf[None], draw(key_batch))
            return model.update(key_round, state, batch)[0], None

        return jax.lax.scan(one, state, jax.random.split(key, rounds))[0]

    return jax.jit(loop)


def drawing(rows, num, render):
    """`draw(key)`: a minibatch of `num` random rows, rendered."""
    rows = jax.tree.map(jnp.asarray, rows)
    total = len(jax.tree.leaves(rows)[0])

    def draw(key):
        key_rows, key_render = jax.random.split(key)
        chosen = jax.random.randint(key_rows, (num,), 0, total)
        return render(key_render, jax.tree.map(lambda leaf: leaf[chosen], rows))

    return draw
