"""Milliseconds for one gradient of a convolution, by lax, by genjax and by PyTorch.

    python -m benchmarks.convolution [--rounds=9] [--slow] [--rows=3x3]

Each gradient is of sum(y²) / 2 with respect to the input and the kernel, the forward pass included.
Inside a scan every iteration takes a small step along the last gradient, so that nothing can be
left out or moved out of the loop. All columns are timed in turn in each round of one process, on
the same number of threads; the table shows medians. The last column is genjax inside a scan over
eager PyTorch. Exits with 2 where PyTorch is missing.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from absl import app, flags, logging
from jax import lax

from genjax.nets.convolution import conv, conv_transpose

_ROUNDS = flags.DEFINE_integer("rounds", 9, "how often each column is timed", lower_bound=1)
_LENGTH = flags.DEFINE_integer("length", 3, "iterations of a scan", lower_bound=1)
_SLOW = flags.DEFINE_bool("slow", False, "also time lax inside a scan, once: seconds a gradient")
_ROWS = flags.DEFINE_string("rows", "", "only the rows whose name contains this")

_STEP = 1e-9  # small enough that the values stay what they are, large enough to be computed


class Row(NamedTuple):
    name: str
    size: int
    features_in: int
    features_out: int
    window: int
    stride: int = 1
    transposed: bool = False
    padding: str = "SAME"
    rank: int = 2


_BATCH = 64
_TABLE = (
    Row("3x3", 16, 128, 128, 3),
    Row("4x4 stride 2", 16, 128, 128, 4, 2),
    Row("4x4 stride 2 transposed", 8, 128, 128, 4, 2, True),
    Row("1x1", 16, 128, 128, 1),
    Row("7x7 to 3 features", 32, 64, 3, 7),
    Row("first layer, 5x5 stride 2", 28, 1, 64, 5, 2),
    Row("last layer, 4x4 stride 2 transposed", 14, 64, 1, 4, 2, True),
    Row("first layer of a generator, 4x4 transposed", 1, 100, 512, 4, 1, True, "VALID"),
    Row("last layer of a critic, 4x4", 4, 512, 1, 4, 1, False, "VALID"),
    Row("1-D, 5 stride 1", 256, 128, 128, 5, rank=1),
    Row("3-D, 4x4x4 stride 2", 16, 32, 64, 4, 2, rank=3),
    Row("3-D, 4x4x4 stride 2 transposed", 8, 64, 32, 4, 2, True, rank=3),
)


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"unexpected arguments {argv[1:]}")
    try:
        import torch
    except ImportError:
        print("benchmarks.convolution: PyTorch is not installed (pip install torch)")
        sys.exit(2)
    logging.set_verbosity(logging.ERROR)
    # What XLA takes as well; macOS does not tell the affinity.
    affinity = getattr(os, "sched_getaffinity", None)
    threads = len(affinity(0)) if affinity else os.cpu_count()
    torch.set_num_threads(threads)
    print(f"jax {jax.__version__}, torch {torch.__version__}, {threads} threads, batch {_BATCH}")
    names = ["lax", "ours", "ours in scan", "PyTorch", "ratio"] + _SLOW.value * ["lax in scan"]
    print(f"{'ms a gradient':46}" + "".join(f"{name:>13}" for name in names))
    for row in _TABLE:
        if _ROWS.value in row.name:
            columns = _measure(row, torch)
            columns["ratio"] = columns["ours in scan"] / columns["PyTorch"]
            cells = (f"{columns[name]:13.2f}" for name in names)
            print(f"{row.name:46}" + "".join(cells), flush=True)


def _measure(row: Row, torch) -> dict[str, float]:
    """The median milliseconds of one gradient, for each column."""
    spatial, window = (row.size,) * row.rank, (row.window,) * row.rank
    rng = np.random.default_rng(0)
    x = rng.normal(size=(_BATCH, *spatial, row.features_in)).astype(np.float32)
    kernel = rng.normal(size=(*window, row.features_in, row.features_out)).astype(np.float32)
    kernel /= np.sqrt(row.features_in * row.window**row.rank)
    lax_gradient, our_gradient = _gradient(_by_lax(row)), _gradient(_by_genjax(row))
    length = _LENGTH.value
    scanned = jax.jit(_scanned(our_gradient, length))
    arrays = jnp.asarray(x), jnp.asarray(kernel)
    columns = {
        "lax": (_called(jax.jit(lax_gradient), arrays), 1),
        "ours": (_called(jax.jit(our_gradient), arrays), 1),
        "ours in scan": (_called(scanned, arrays), length),
        "PyTorch": (_torch_gradient(row, torch, x, kernel), 1),
    }
    times = {name: [] for name in columns}
    for _ in range(_ROUNDS.value + 1):
        for name, (call, iterations) in columns.items():
            times[name].append(_milliseconds(call) / iterations)
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    if _SLOW.value:
        medians["lax in scan"] = _milliseconds(_called(jax.jit(_scanned(lax_gradient, 1)), arrays))
    return medians


def _by_lax(row: Row) -> Callable:
    axes = "012"[: row.rank]
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    function = lax.conv_transpose if row.transposed else lax.conv_general_dilated
    strides = (row.stride,) * row.rank
    return lambda x, kernel: function(x, kernel, strides, row.padding, dimension_numbers=numbers)


def _by_genjax(row: Row) -> Callable:
    function = conv_transpose if row.transposed else conv
    return lambda x, kernel: function(x, kernel, row.stride, row.padding)


def _gradient(function: Callable) -> Callable:
    return jax.grad(lambda x, kernel: jnp.sum(function(x, kernel) ** 2) / 2, argnums=(0, 1))


def _scanned(gradient: Callable, length: int) -> Callable:
    def step(arrays, _):
        return jax.tree.map(lambda a, da: a - _STEP * da, arrays, gradient(*arrays)), None

    return lambda *arrays: lax.scan(step, arrays, length=length)[0]


def _called(function: Callable, arrays: tuple[jax.Array, ...]) -> Callable[[], None]:
    jax.block_until_ready(function(*arrays))  # compiles
    return lambda: jax.block_until_ready(function(*arrays))


def _torch_gradient(row: Row, torch, x: np.ndarray, kernel: np.ndarray) -> Callable[[], None]:
    """Eager PyTorch in its own layout, with the padding that gives the same output shape."""
    kind = "conv_transpose" if row.transposed else "conv"
    function = getattr(torch.nn.functional, f"{kind}{row.rank}d")
    # PyTorch's transposed kernels are [I, O, ...], the others [O, I, ...].
    features = (-2, -1) if row.transposed else (-1, -2)
    inputs = torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True)
    weights = np.moveaxis(kernel, features, (0, 1)).copy()
    weights = torch.tensor(weights, requires_grad=True)
    padding = (row.window - 1) // 2 if row.padding == "SAME" else 0

    def call():
        y = function(inputs, weights, stride=row.stride, padding=padding)
        torch.autograd.grad((y**2).sum() / 2, (inputs, weights))

    return call


def _milliseconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - start)


if __name__ == "__main__":
    app.run(main)
