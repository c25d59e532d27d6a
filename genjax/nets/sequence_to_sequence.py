"""A translator with attention, and a judge of pairs of sentences."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv
from genjax.nets.normalization import BatchNorm


class Translator(nn.Module):
    """RNNSearch: a GRU reads the source in both directions, another writes and attends to it.

    Attributes:
        num_source: symbols of the source; 0 is padding.
        num_symbols: V, of the target; 0 ends it.
        embedding_dim: numbers for each symbol.
        width: units of each GRU, of the attention, and of the maxout layer (in pairs).

    Reference: Bahdanau, Cho and Bengio, 2015, arXiv:1409.0473, appendix A.
    """

    num_source: int
    num_symbols: int
    embedding_dim: int = 512
    width: int = 512

    def setup(self):
        self.source_embedding = nn.Embed(self.num_source, self.embedding_dim)
        self.target_embedding = nn.Embed(self.num_symbols + 1, self.embedding_dim)  # and a start
        self.forward = nn.RNN(nn.GRUCell(self.width))
        self.backward = nn.RNN(nn.GRUCell(self.width), reverse=True, keep_order=True)
        self.start = nn.Dense(self.width)
        self.keys = nn.Dense(self.width)
        self.query = nn.Dense(self.width, use_bias=False)
        self.energy = nn.Dense(1, use_bias=False)
        self.cell = nn.GRUCell(self.width)
        self.readout = nn.Dense(2 * self.width)
        self.output = nn.Dense(self.num_symbols)

    def __call__(self, source: jax.Array, previous: jax.Array, *, train: bool = False):
        """One step from the start: what gives all parameters their shapes."""
        del train
        return self.step(self.encode(source), previous)

    def encode(self, source: jax.Array) -> dict[str, jax.Array]:
        """The carry of the first step: source [B, S] int32, zeros after its last word."""
        x, lengths = self.source_embedding(source), (source != 0).sum(1)
        ahead, back = (rnn(x, seq_lengths=lengths) for rnn in (self.forward, self.backward))
        read = jnp.concatenate([ahead, back], axis=-1)
        state = jnp.tanh(self.start(back[:, 0]))
        return {"state": state, "read": read, "keys": self.keys(read), "there": source != 0}

    def step(self, carry: dict[str, jax.Array], previous: jax.Array):
        """(carry, logits [B, V]) after the target's tokens `previous` [B]."""
        state, x = carry["state"], self.target_embedding(previous)
        energy = self.energy(jnp.tanh(self.query(state)[:, None] + carry["keys"]))[..., 0]
        weights = jax.nn.softmax(jnp.where(carry["there"], energy, -1e9), axis=-1)
        context = jnp.einsum("bs,bsf->bf", weights, carry["read"])
        state, _ = self.cell(state, jnp.concatenate([x, context], axis=-1))
        read = self.readout(jnp.concatenate([state, context, x], axis=-1))
        read = read.reshape(len(read), self.width, 2).max(-1)
        return {**carry, "state": state}, self.output(read)


class SentenceFeatures(nn.Module):
    """Convolutions of several windows over a sentence, their maxima over time, and a highway layer.

    Attributes:
        num_symbols: that there are.
        embedding_dim: numbers for each.
        windows: widths of the convolutions, at most the sentence's length.
        maps: of each window.

    Reference: Yang, Chen, Wang and Xu, 2018, arXiv:1703.04887, section 3.2; highway: Srivastava, Greff
    and Schmidhuber, 2015, arXiv:1505.00387.
    """

    num_symbols: int
    embedding_dim: int
    windows: Sequence[int]
    maps: Sequence[int]

    @nn.compact
    def __call__(self, tokens: jax.Array, *, train: bool) -> jax.Array:
        """tokens [B, T] int32 -> [B, sum of maps]."""
        x = nn.Embed(self.num_symbols, self.embedding_dim)(tokens)
        found = []
        for window, features in zip(self.windows, self.maps, strict=True):
            y = Conv(features, (window,), padding="VALID")(x)
            found.append(nn.relu(BatchNorm()(y, train=train)).max(1))
        x = jnp.concatenate(found, axis=-1)
        return highway(nn.Dense(x.shape[-1])(x), nn.Dense(x.shape[-1], bias_init=_carry)(x), x)


class PairDiscriminator(nn.Module):
    """D(x, y): features of both sentences side by side, and a linear map to one logit.

    Attributes:
        source, target: of the two sentences.
    """

    source: nn.Module
    target: nn.Module

    @nn.compact
    def __call__(
        self, source: jax.Array, target: jax.Array, *, train: bool
    ) -> dict[str, jax.Array]:
        """source [B, S], target [B, T] int32; `logit` [B], that of a softmax of two."""
        found = [self.source(source, train=train), self.target(target, train=train)]
        return {"logit": nn.Dense(1)(jnp.concatenate(found, axis=-1))[:, 0]}


def highway(transformed: jax.Array, gate: jax.Array, x: jax.Array) -> jax.Array:
    """t relu(h) + (1 - t) x, t = sigmoid(gate): arrays of one shape."""
    weight = jax.nn.sigmoid(gate)
    return weight * jax.nn.relu(transformed) + (1 - weight) * x


def _carry(key, shape, dtype=jnp.float32):
    """A gate that starts nearly shut, so that the layer starts near the identity."""
    del key
    return jnp.full(shape, -2.0, dtype)
