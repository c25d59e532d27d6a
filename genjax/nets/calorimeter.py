"""CaloGAN's networks: locally connected maps of the layers of a calorimeter, deeper ones looking up.

A shower is a vector of cells, GeV, layer by layer; `incidence` [B, 2] is the energy of the particle
that comes in, GeV, and its class.
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.adversarial_mlp import linear_heads
from genjax.nets.locally_connected import LocallyConnected, window_patches
from genjax.nets.minibatch import minibatch_similarity
from genjax.nets.normalization import BatchNorm

_OWN = -10.0  # bias of the attention to the layer above, at the start: a layer begins as its own
# GeV: of the energy that is asked for, of a layer's, and of a gross error
_UNITS = (100.0, 10.0, 5.0)


class ShowerGenerator(nn.Module):
    """(z [B, Z], incidence [B, 2]) to a shower [B, sum of cells], at least 0.

    Noise is multiplied by the energy / 100 GeV, and by an embedding of the class; each layer makes a
    map of that: dense, 2x2 convolution, two locally connected layers. Then every layer but the first is
    a mixture, cell by cell, of its own map and of the one above, resized.

    Attributes:
        layers: (rows, columns) of each.
        num_classes: of particles; below 2, the class is not read.
        widths: channels of the dense layer's map, of the convolution, of the locally connected layer.
        hidden: units of the one dense layer that stands for these where it is given.
        dtype: of the computation; params stay float32.

    Reference: Paganini, de Oliveira and Nachman, 2017, arXiv:1705.02355, and its code.
    """

    layers: Sequence[tuple[int, int]]
    num_classes: int = 0
    widths: tuple[int, int, int] = (36, 16, 6)
    hidden: int | None = None
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array, incidence: jax.Array, *, train: bool) -> jax.Array:
        """z [B, Z], incidence [B, 2]."""
        h = z * (incidence[:, :1] / _UNITS[0])
        if self.num_classes > 1:
            embed = nn.Embed(self.num_classes, z.shape[1], name="particle")
            h = h * embed(incidence[:, 1].astype(jnp.int32))
        shower = []
        for number, (rows, columns) in enumerate(self.layers):
            own = self._map(h, rows, columns, train)
            if number:
                above = resize_cells(shower[-1], (rows, columns))
                own = attend(own, above, self.dtype, name=f"attention_{number}")
            shower.append(own)
        flat = jnp.concatenate([each.reshape(len(z), -1) for each in shower], axis=1)
        return nn.relu(flat.astype(jnp.float32))

    def _map(self, h, rows, columns, train):
        if self.hidden:
            x = nn.leaky_relu(nn.Dense(self.hidden, dtype=self.dtype)(h), 0.3)
            x = nn.Dense(rows * columns, dtype=self.dtype)(x)
            return x.reshape(len(x), rows, columns, 1)
        dense, convolved, local = self.widths
        x = nn.Dense((rows + 2) * (columns + 2) * dense, dtype=self.dtype)(h)
        x = _convolved(x.reshape(len(h), rows + 2, columns + 2, dense), convolved, self.dtype)
        x = BatchNorm(dtype=self.dtype)(nn.leaky_relu(x, 0.3), train=train)
        x = nn.leaky_relu(LocallyConnected(local, (2, 2), dtype=self.dtype)(x), 0.3)
        return LocallyConnected(1, (2, 2), use_bias=False, dtype=self.dtype)(x)


class ShowerDiscriminator(nn.Module):
    """(shower [B, sum of cells], incidence [B, 2]) to heads: `logit`, `class` if there are several.

    Beside what each layer's convolutions see stand numbers made by hand: the share of cells that are
    lit, the layers' energies, their sum, how far that is from the energy asked for, and whether that is
    more than 5 GeV; and how alike the minibatch's examples are in features, in lit cells, in energies.
    So real and fake minibatches must pass it one after the other.

    Attributes:
        layers, num_classes, dtype: as in `ShowerGenerator`.
        widths: channels of the convolution and of three locally connected layers.
        hidden: units of the one dense layer that stands for these where it is given.
        kernels: of minibatch discrimination, and the numbers in each.

    Reference: Paganini, de Oliveira and Nachman, 2017, arXiv:1705.02355, and its code.
    """

    layers: Sequence[tuple[int, int]]
    num_classes: int = 0
    widths: tuple[int, int, int, int] = (64, 16, 8, 8)
    hidden: int | None = None
    kernels: tuple[int, int] = (10, 10)
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, incidence: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, cells], incidence [B, 2]; `logit`, `energy` [B], `features` [B, F], `class` [B, K]."""
        maps = split_layers(x, self.layers)
        seen = [part for each in maps for part in self._look(each, train)]  # two of each layer
        energies = jnp.stack([each.sum((1, 2, 3)) for each in maps], axis=1)
        total = energies.sum(1, keepdims=True)
        error = jnp.abs(total - incidence[:, :1])
        gross = 10.0 * (error > _UNITS[2]).astype(x.dtype)
        alike = self._alike([*seen, energies])
        seen += [energies / _UNITS[1], total / _UNITS[0], error, gross, alike]
        heads = {"class": self.num_classes} if self.num_classes > 1 else None
        features = jnp.concatenate(seen, axis=1)
        return {**linear_heads(features, heads, self.dtype), "energy": total[:, 0]}

    def _look(self, x, train):
        """What is seen of one layer [B, r, c, 1]: features and the share of lit cells."""
        lit = (x > 0).mean((1, 2, 3), dtype=x.dtype)[:, None]
        features = self._dense(x) if self.hidden else self._local(x, train)
        return [features, lit]

    def _dense(self, x):
        flat = nn.Dense(self.hidden, dtype=self.dtype)(x.reshape(len(x), -1))
        return nn.leaky_relu(flat, 0.3).astype(jnp.float32)

    def _local(self, x, train):
        first, *others = self.widths
        x = nn.leaky_relu(_convolved(x, first, self.dtype), 0.3)
        windows = (((3, 3), (1, 2)), ((2, 2), (1, 1)), ((2, 2), (1, 2)))
        for width, (kernel, strides) in zip(others, windows, strict=True):
            x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            x = LocallyConnected(width, kernel, strides, dtype=self.dtype)(x)
            x = BatchNorm(dtype=self.dtype)(nn.leaky_relu(x, 0.3), train=train)
        return x.reshape(len(x), -1).astype(jnp.float32)

    def _alike(self, kinds):
        """tanh of minibatch discrimination of each [B, A] by itself: [B, len(kinds) * kernels]."""
        rows = [nn.Dense(math.prod(self.kernels))(kind) for kind in kinds]
        rows = [row.reshape(len(row), *self.kernels) for row in rows]
        # Kernels do not see each other: those of all kinds are compared at once.
        return jnp.tanh(minibatch_similarity(jnp.concatenate(rows, axis=1)))


def attend(own: jax.Array, above: jax.Array, dtype=jnp.float32, name: str | None = None):
    """w own + (1 - w) above, w [B, r, c, 1] by a 3x3 locally connected layer; nearly own at the start.

    Called inside a compact module.

    Args:
        own, above: [B, r, c, 1].
        dtype: of the computation.
        name: of the layer.
    """

    def bias(key, shape, dtype=jnp.float32):
        del key
        return jnp.zeros(shape, dtype).at[..., 1].set(_OWN)

    both = jnp.concatenate([own, above], axis=-1)
    padded = jnp.pad(both, ((0, 0), (1, 1), (1, 1), (0, 0)))
    scores = LocallyConnected(2, (3, 3), bias_init=bias, dtype=dtype, name=name)(padded)
    return (nn.softmax(scores, axis=-1) * both).sum(-1, keepdims=True)


def resize_cells(x: jax.Array, shape: tuple[int, int]) -> jax.Array:
    """Maps [B, r, c, C] on another grid [B, *shape, C], each cell the mean of what it covers."""
    for axis, size in enumerate(shape, start=1):
        common = math.lcm(x.shape[axis], size)
        x = jnp.repeat(x, common // x.shape[axis], axis=axis)
        x = x.reshape(*x.shape[:axis], size, common // size, *x.shape[axis + 1 :]).mean(axis + 1)
    return x


def split_layers(x: jax.Array, layers: Sequence[tuple[int, int]]) -> list[jax.Array]:
    """Showers [B, sum of cells] as one map [B, rows, columns, 1] a layer.

    Raises:
        ValueError: if the cells are not as many.
    """
    sizes = [rows * columns for rows, columns in layers]
    if x.shape[1] != sum(sizes):
        raise ValueError(f"layers of {layers} have {sum(sizes)} cells, got {x.shape[1]}")
    ends = [sum(sizes[: k + 1]) for k in range(len(sizes) - 1)]
    parts = zip(jnp.split(x, ends, axis=1), layers, strict=True)
    return [part.reshape(len(x), *shape, 1) for part, shape in parts]


def _convolved(x, features, dtype):
    """A 2x2 convolution that keeps the size, by patches: these maps are tiny, and they are many."""
    x = jnp.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    return nn.Dense(features, dtype=dtype)(window_patches(x, (2, 2)))
