"""Recurrent networks that play games of sequences: one that hears itself, and two that judge.

All steps run in one compiled scan: the cost of compiling does not grow with the length.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.minibatch import MinibatchDiscrimination

CELLS = {"lstm": nn.OptimizedLSTMCell, "gru": nn.GRUCell}


class FeedbackRnn(nn.Module):
    """Step t is given noise and what came out at step t - 1, or what truly was there; linear output.

    Attributes:
        features: numbers a step that come out.
        hidden: units of each layer.
        num_layers: cells on top of one another.
        cell: `lstm` or `gru`.
        embed: whether noise and last output pass a dense layer of `hidden` ReLUs first.
    """

    features: int
    hidden: int = 350
    num_layers: int = 2
    cell: str = "lstm"
    embed: bool = True

    @nn.compact
    def __call__(
        self, z: jax.Array, told: jax.Array | None = None, num_told: int = 0, *, train: bool
    ) -> jax.Array:
        """[B, T, features]: step t from z_t and the step before; before the first there are zeros.

        Args:
            z: noise [B, T, K], K from 0 on.
            told: a sequence [B, t, features]; its first `num_told` steps are given in place of the
                outputs (teacher forcing where these are all), and what is told of step t is given to
                step t + 1, never to t.
            num_told: see above, 0 to t.
            train: for the sake of the interface.

        Raises:
            ValueError: if z is no sequence, or told does not fit it.
        """
        del train
        if z.ndim != 3:
            raise ValueError(f"noise is [B, T, K], got shape {z.shape}")
        batch, length, _ = z.shape
        before = jnp.zeros((batch, length, self.features), z.dtype)
        if num_told:
            if told is None or told.shape[::2] != (batch, self.features):
                raise ValueError(
                    f"what is told is [B, t, {self.features}] with B of z {z.shape}, got "
                    f"{None if told is None else told.shape}"
                )
            kept = min(num_told, length - 1)
            if told.shape[1] < kept:
                raise ValueError(f"{num_told} steps cannot be told of {told.shape[1]}")
            before = before.at[:, 1 : 1 + kept].set(told[:, :kept])
        given = jnp.arange(length) <= num_told  # step 0 always: there it is the zeros
        cells = tuple(
            CELLS[self.cell](self.hidden, name=f"cell_{number}")
            for number in range(self.num_layers)
        )
        steps = nn.scan(
            _FeedbackStep,
            variable_broadcast="params",
            split_rngs={"params": False},
            in_axes=(1, 1, 0),
            out_axes=1,
        )(cells, self.features, self.hidden if self.embed else 0)
        states = tuple(c.initialize_carry(jax.random.key(0), (batch, 1)) for c in cells)
        return steps((states, before[:, 0]), z, before, given)[1].astype(jnp.float32)


class _FeedbackStep(nn.Module):
    """One step of all layers: (states, last output) -> the same, and the output."""

    cells: Sequence[nn.Module]
    features: int
    embedding: int

    @nn.compact
    def __call__(self, carry, noise, before, given):
        states, output = carry
        x = jnp.concatenate([noise, jnp.where(given, before, output)], axis=-1)
        if self.embedding:
            x = nn.relu(nn.Dense(self.embedding, name="embedding")(x))
        new = []
        for cell, state in zip(self.cells, states, strict=True):
            state, x = cell(state, x)
            new.append(state)
        output = nn.Dense(self.features, name="output")(x)
        return (tuple(new), output), output


class BidirectionalDiscriminator(nn.Module):
    """Layers of two recurrences each, one either way; every step decides, and D is the mean decision.

        D(x) = 1/T sum_t sigmoid(f_t)

    The mean is of probabilities, not of logits or of their logarithms. `logit` is that of D(x), so
    that losses of logits are those of D, however sure the steps are.

    Attributes:
        hidden: units of each direction.
        num_layers: on top of one another.
        cell: `lstm` or `gru`.
        minibatch_kernels: of minibatch discrimination, of the states' means over the steps, which
            every decision is told; 0 for none.

    Reference: Mogren, 2016, arXiv:1611.09904, section 3.
    """

    hidden: int = 350
    num_layers: int = 2
    cell: str = "lstm"
    minibatch_kernels: int = 0

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, T, F] -> `logit` [B], `steps` [B, T], the f_t, and `features` [B, T, 2 hidden]."""
        del train
        for _ in range(self.num_layers):
            there, back = (nn.RNN(CELLS[self.cell](self.hidden)) for _ in range(2))
            x = nn.Bidirectional(there, back)(x)
        seen = x
        if self.minibatch_kernels:
            others = MinibatchDiscrimination(self.minibatch_kernels)(x.mean(axis=1))
            others = others[:, None, x.shape[-1] :]
            others = jnp.broadcast_to(others, (*x.shape[:2], others.shape[-1]))
            seen = jnp.concatenate([x, others], axis=-1)
        steps = nn.Dense(1, name="logit_head")(seen)[..., 0].astype(jnp.float32)
        return {"logit": mean_decision(steps), "steps": steps, "features": x}


class ContextDiscriminator(nn.Module):
    """A GRU that has read what truly came before step t is shown a candidate for step t.

    Attributes:
        hidden: its units.

    Reference: Ghosh et al., 2017, arXiv:1609.09444.
    """

    hidden: int = 400

    @nn.compact
    def __call__(
        self, x: jax.Array, candidate: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        """Logits [B, T]: the t-th of candidate_t given x_1 .. x_{t-1}, of x_t itself if there is none.

        Args:
            x: what truly happened, [B, T, F].
            candidate: [B, T, F]; one that is judged never becomes context.
            train: for the sake of the interface.

        Raises:
            ValueError: if their shapes differ.
        """
        del train
        if candidate is not None and candidate.shape != x.shape:
            raise ValueError(f"candidates for {x.shape} have shape {candidate.shape}")
        cell = nn.GRUCell(self.hidden, name="cell")
        read = nn.RNN(cell)(x)
        if candidate is not None:  # all steps at once: none waits for another
            before = jnp.pad(read, ((0, 0), (1, 0), (0, 0)))[:, :-1]
            read = cell(before, candidate)[1]
        return nn.Dense(1, name="logit_head")(read)[..., 0].astype(jnp.float32)


def mean_decision(steps: jax.Array) -> jax.Array:
    """The logit of mean_t sigmoid(f_t): log(mean sigmoid(f)) - log(mean sigmoid(-f)).

    Args:
        steps: f, [B, T].

    Returns:
        [B].

    Raises:
        ValueError: for another rank.
    """
    if steps.ndim != 2:
        raise ValueError(f"decisions of steps are [B, T], got shape {steps.shape}")
    log_mean = lambda f: jax.nn.logsumexp(jax.nn.log_sigmoid(f), axis=1)
    return log_mean(steps) - log_mean(-steps)
