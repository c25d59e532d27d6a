"""Games against a generator that stands still, whose discriminator's optimum is known."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy import stats

HIDDEN = (64, 64)  # of both networks
GRID = np.linspace(-9.0, 10.0, 4001)


def standing_generator(dim, shift):
    """Variables of an `MlpGenerator` of hidden (64, 64) that adds `shift` [dim] to z [B, dim].

    z = relu(z) - relu(-z), and a second layer that hands both on.
    """
    split = np.zeros((dim, HIDDEN[0]), np.float32)
    split[:, :dim], split[:, dim : 2 * dim] = np.eye(dim), -np.eye(dim)
    through = np.eye(HIDDEN[0], HIDDEN[1], dtype=np.float32)
    join = np.zeros((HIDDEN[1], dim), np.float32)
    join[:dim], join[dim : 2 * dim] = np.eye(dim), -np.eye(dim)
    kernels = {"Dense_0": split, "Dense_1": through, "Dense_2": join}
    biases = {name: np.zeros(kernel.shape[1], np.float32) for name, kernel in kernels.items()}
    biases["Dense_2"] = np.asarray(shift, np.float32)
    return {
        "params": {
            name: {"kernel": jnp.asarray(kernels[name]), "bias": jnp.asarray(biases[name])}
            for name in kernels
        }
    }


def falling(rates, turns):
    """A schedule: each learning rate for so many turns, one after the other."""
    ends = [turns * (number + 1) for number in range(len(rates) - 1)]
    return optax.join_schedules([optax.constant_schedule(rate) for rate in rates], ends)


def train(model, draw, seeds, rounds, batch_size, generators=None, entry="vector"):
    """The last state of the model, after so many rounds on minibatches draw(key, num), and metrics.

    `entry` is what is drawn. One run a seed, side by side: every leaf of what is returned has that
    axis. Where `generators` are given, one a seed, they are put back before each round.
    """

    def start(seed):
        key_init, key_rounds = jax.random.split(jax.random.key(seed))
        return model.init(key_init, {entry: draw(key_init, 2)}), key_rounds

    def run(state, key_rounds, generator):
        def play(state, key):
            key_data, key_round = jax.random.split(key)
            keys = jax.random.split(key_data, model.num_batches)
            batches = {entry: jax.vmap(lambda key: draw(key, batch_size))(keys)}
            if generator is not None:
                state = state._replace(variables={**state.variables, "generator": generator})
            return model.update(key_round, state, batches)

        keys = jax.random.split(jax.random.fold_in(key_rounds, 0), rounds)
        return jax.lax.scan(play, state, keys)

    if generators is not None:
        generators = jax.tree.map(lambda *leaves: jnp.stack(leaves), *generators)
    # Apart, for many checks start alike, and what one compiled another finds.
    started = jax.jit(jax.vmap(start))(jnp.asarray(seeds))
    return jax.jit(jax.vmap(run))(*started, generators)


def first(tree):
    """Of the first seed."""
    return jax.tree.map(lambda leaf: leaf[0], tree)


def logits_on_grid(model, state, grid=GRID):
    """f on a grid of the line, float64."""
    values = jax.jit(model.evaluate)(
        jax.random.key(0), state.variables, {"vector": jnp.asarray(grid, jnp.float32)[:, None]}
    )
    return np.asarray(values["logit"], np.float64)


def expectation(values, mean=0.0, std=1.0, grid=GRID):
    """Of values on a grid under a normal distribution, by the trapezoid rule."""
    return np.trapezoid(values * stats.norm.pdf(grid, mean, std), grid)


def normal(mean=0.0, std=1.0, dim=1):
    """`draw(key, num)` of N(mean, std^2 I), for `train`."""
    return lambda key, num: mean + std * jax.random.normal(key, (num, dim))
