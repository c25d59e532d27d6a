"""Rounds of a model on rows of a rendered set, in one compiled loop."""

import jax
import jax.numpy as jnp
from jax.tree_util import Partial


def play(model, state, key, rounds, draw):
    """The state after so many rounds, on the minibatches `draw(key)`; from the start for None."""
    draw = Partial(
        draw
    )  # its rows are arguments: as constants, a program's take minutes to compile
    if state is None:
        state = jax.jit(lambda key, draw: model.init(key, draw(key)))(key, draw)

    @jax.jit
    def loop(key, state, draw):
        def one(state, key):
            key_round, key_batch = jax.random.split(key)
            batch = jax.tree.map(lambda leaf: leaf[None], draw(key_batch))
            return model.update(key_round, state, batch)[0], None

        return jax.lax.scan(one, state, jax.random.split(key, rounds))[0]

    return loop(key, state, draw)


def drawing(rows, num, render):
    """`draw(key)`: a minibatch of `num` random rows, rendered."""

    def draw(rows, key):
        key_rows, key_render = jax.random.split(key)
        chosen = jax.random.randint(key_rows, (num,), 0, len(jax.tree.leaves(rows)[0]))
        return render(key_render, jax.tree.map(lambda leaf: leaf[chosen], rows))

    return Partial(draw, jax.tree.map(jnp.asarray, rows))
