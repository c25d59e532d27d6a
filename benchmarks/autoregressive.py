"""Autoregressive models: sampling without computing twice, training, and p(image) in one pass.

    python -m benchmarks.autoregressive [--only=sampling,growth,training,inference] [--rounds=5]

sampling: a batch of images by `conditionals.draw`, against the same with `cached=False`, which runs
the network on whole images for every pixel, inside one compiled loop: no pixel waits for the host. It
takes minutes, so it is timed once, the other a median; `ratio` is one over the other. `one pass` is
the jitted network called alone, and `ratio to passes` what as many such calls as there are pixels
would take, over the cached draw. Params are moved at random, so that a pixel depends on those before.

growth: what a pixel of the cached draw costs in larger images. training: steps of `pixel_cnn` against
the same network in PyTorch, from the same params, then of a Diagonal BiLSTM against the same model
whose recurrence is a loop over places, both directions in each step. inference: log p of a batch.

What is compared is timed in turn in each round of one process, on the same threads; medians are
printed, and ratios taken round by round. All tables take about 15 minutes on two cores. `training`
needs PyTorch: exits with 2 where it is missing.
"""

import functools
import inspect
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from absl import app, flags, logging
from jax.flatten_util import ravel_pytree

from genjax.autoregressive import (
    bayesian_network,
    gated_pixel_cnn,
    made,
    multi_scale_pixel_rnn,
    nade,
    pixel_cnn,
    pixel_cnn_pp,
    pixel_rnn,
)
from genjax.core import Model, Spec
from genjax.data import ArraySource
from genjax.nets import DiagonalBiLstm
from genjax.nets.recurrent import lstm_cell
from genjax.training.feed import resident_feed
from genjax.training.placement import mesh_placement
from genjax.training.rounds import make_rounds

_TABLES = ["sampling", "growth", "training", "inference"]
_ONLY = flags.DEFINE_list("only", _TABLES, "Which tables.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "How often each is timed.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 10, "Training steps each time.", lower_bound=1)
_COMPILE = flags.DEFINE_bool("compile", True, "Time torch.compile too (it needs a C++ compiler).")
_QUICK = flags.DEFINE_bool("quick", False, "Tiny sizes, to see that it runs: no figures to quote.")
flags.register_validator(
    "only", lambda names: set(names) <= set(_TABLES), f"must be some of {','.join(_TABLES)}"
)

_NETWORK = "network"


class System(NamedTuple):
    """A system and its sizes: those of the table of samples, and tiny ones.

    Attributes:
        build: `(spec, **sizes) -> Model`.
        sampled: sizes in which it is drawn from pixel by pixel with and without a cache; elsewhere it
            has its defaults.
        quick: sizes that compile in seconds.
    """

    build: Callable[..., Model]
    sampled: dict
    quick: dict


_CNN = {"hidden": 4, "num_blocks": 1}
_RNN = {"hidden": 4, "num_layers": 1}
_DIAGONAL = functools.partial(pixel_rnn, layer="diagonal_bilstm")
_ROW = functools.partial(pixel_rnn, layer="row_lstm")
_PIXEL_SYSTEMS = {
    "gated_pixel_cnn": System(gated_pixel_cnn, {"hidden": 32, "num_blocks": 7}, _CNN),
    "pixel_cnn": System(pixel_cnn, {"hidden": 32, "num_blocks": 7}, _CNN),
    "pixel_cnn_pp": System(pixel_cnn_pp, {"hidden": 16, "num_blocks": 1}, _CNN),
    "row_lstm": System(_ROW, {"hidden": 16, "num_layers": 3}, _RNN),
    "diagonal_bilstm": System(_DIAGONAL, {"hidden": 16, "num_layers": 3}, _RNN),
}
_ELEMENT_SYSTEMS = {
    "made": System(made, {"hidden": (500,)}, {"hidden": (9,)}),
    "nade": System(nade, {"hidden": 500}, {"hidden": 9}),
}
_OTHERS = {
    "bayesian_network": System(bayesian_network, {}, {}),
    "multi_scale_pixel_rnn": System(multi_scale_pixel_rnn, {}, _RNN),
}


def _sizes(system: System) -> dict:
    """Its defaults, by name, or the tiny sizes."""
    if _QUICK.value:
        return system.quick
    parameters = inspect.signature(system.build).parameters
    return {name: parameters[name].default for name in system.quick}


def _bits(number: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (number, size, size, 1)).astype(np.float32)


def _initial(model: Model, x: np.ndarray, noise: float = 0.0):
    """Its variables before training, plus noise."""

    def start(x):
        variables = model.init(jax.random.key(0), {"image": x}).variables
        if not noise:
            return variables
        flat, unravel = ravel_pytree(variables)
        return unravel(flat + noise * jax.random.normal(jax.random.key(1), flat.shape))

    return jax.jit(start)(x)


def _seconds(function: Callable) -> float:
    """Wall-clock seconds of one call."""
    began = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - began


def _in_turn(columns: dict[str, Callable]) -> dict[str, list[float]]:
    """Seconds of each, round by round, after a call that warms up."""
    for run in columns.values():
        jax.block_until_ready(run())
    times = {name: [] for name in columns}
    for _ in range(_ROUNDS.value):
        for name, run in columns.items():
            times[name].append(_seconds(run))
    return times


def _ratio(values: list[float], others: list[float]) -> float:
    """The median of values / others, round by round."""
    return statistics.median(a / b for a, b in zip(values, others, strict=True))


def _listed(sizes: dict) -> str:
    return " ".join(f"{name}={value}" for name, value in sizes.items())


def _compiled_draw(model: Model, variables, x: np.ndarray, cached: bool) -> Callable:
    """A function that draws a whole batch, nothing known; compiled, but not run."""
    known, key = np.zeros(x.shape[1:], bool), jax.random.key(2)

    def draw(key, variables, x):
        return model.conditionals.draw(key, variables, x, known, cached=cached)

    compiled = jax.jit(draw).lower(key, variables, jnp.asarray(x)).compile()
    return lambda: compiled(key, variables, jnp.asarray(x))


def sampling() -> None:
    """Prints seconds for a batch of images, cached and not."""
    size, small, batches = (8, 2, (1, 3)) if _QUICK.value else (28, 16, (1, 16, 64))
    print(f"\nsampling, binary {size}x{size}: seconds a batch")
    print(
        f"{'':56}{'batch':>6}{'cached':>9}{'naive':>9}{'ratio':>8}{'one pass':>10}"
        f"{'ratio to passes':>17}  images"
    )
    rows = [("gated_pixel_cnn", batch) for batch in batches]
    systems = _PIXEL_SYSTEMS | _ELEMENT_SYSTEMS
    rows += [(name, small) for name in systems if name != "gated_pixel_cnn"]
    for name, batch in rows:
        system = systems[name]
        sizes = system.quick if _QUICK.value else system.sampled
        model, x = system.build(Spec((size, size, 1), 2), **sizes), _bits(batch, size)
        variables = _initial(model, x, noise=0.05)
        cached = _compiled_draw(model, variables, x, True)
        naive = _compiled_draw(model, variables, x, False)
        network = jax.jit(model.conditionals.parameters)
        columns = {"cached": cached, "one pass": functools.partial(network, variables, x)}
        times = {key: statistics.median(found) for key, found in _in_turn(columns).items()}
        began = time.perf_counter()
        expected = np.asarray(naive())
        recomputed = time.perf_counter() - began
        same = (np.asarray(cached()) == expected).all((1, 2, 3))
        verdict = "identical" if same.all() else f"{(~same).sum()} of {batch} differ"
        alone = size * size * times["one pass"]
        print(
            f"{f'{name} {_listed(sizes)}':56}{batch:6}{times['cached']:9.3f}{recomputed:9.2f}"
            f"{recomputed / times['cached']:8.0f}{times['one pass']:10.4f}"
            f"{alone / times['cached']:17.0f}  {verdict}",
            flush=True,
        )


def growth() -> None:
    """Prints microseconds for a pixel of the cached draw as images grow."""
    batch, sizes = (2, (4, 8, 16)) if _QUICK.value else (16, (16, 32, 64))
    print(f"\ngrowth, batch {batch}: microseconds a pixel of the cached draw")
    heads = "".join(f"{f'{size}x{size}':>10}" for size in sizes)
    print(f"{'':56}{heads}{'last over first':>17}")
    for name, system in _PIXEL_SYSTEMS.items():
        columns, options = {}, _sizes(system)
        for size in sizes:
            model, x = system.build(Spec((size, size, 1), 2), **options), _bits(batch, size)
            columns[size] = _compiled_draw(model, _initial(model, x), x, True)
        times = _in_turn(columns)
        pixels = {size: [t / size**2 for t in found] for size, found in times.items()}
        cells = "".join(f"{1e6 * statistics.median(pixels[size]):10.1f}" for size in sizes)
        last = _ratio(pixels[sizes[-1]], pixels[sizes[0]])
        print(f"{f'{name} {_listed(options)}':56}{cells}{last:17.2f}", flush=True)


def _unchanged(key, batch):
    del key
    return batch


def _genjax_steps(model: Model, images: np.ndarray, batch: int) -> Callable:
    """A function that trains some steps in one call of the compiled loop."""
    place = mesh_placement()
    feed = resident_feed(ArraySource({"image": images}), place, batch, 1)
    key = place.replicate(jax.random.key(0))
    state = place.replicate(jax.jit(model.init)(jax.random.key(0), {"image": images[:batch]}))
    data, count = next(feed.chunks([(0, _STEPS.value)])), jnp.int32(_STEPS.value)
    play = place.compile(make_rounds(model, feed, place, _unchanged, 1), (key, state, data, count))
    held = [state]

    def run():
        held[0], report = play(key, held[0], data, count)
        return report

    return run


def _torch_network(torch, params, num_blocks: int):
    """`PixelCnn` of grey images in PyTorch, [B, 1, H, W], with the params of the one in genjax.

    Kernels have the rows that a mask leaves, as there: PyTorch computes no more than genjax does.
    """
    functional = torch.nn.functional

    class Masked(torch.nn.Module):
        def __init__(self, layer, own: float):
            super().__init__()
            kernel = np.asarray(layer["kernel"])
            self.weight = torch.nn.Parameter(torch.tensor(kernel.transpose(3, 2, 0, 1)))
            self.bias = torch.nn.Parameter(torch.tensor(np.asarray(layer["bias"])))
            self.side = kernel.shape[1] // 2
            mask = torch.ones(1, 1, *kernel.shape[:2])
            mask[..., -1, self.side] = own
            mask[..., -1, self.side + 1 :] = 0
            self.register_buffer("mask", mask)
            self.pointwise = kernel.shape[:2] == (1, 1)

        def forward(self, x):
            if self.pointwise:
                return functional.conv2d(x, self.weight, self.bias)
            x = functional.pad(x, (self.side, self.side, self.weight.shape[2] - 1, 0))
            return functional.conv2d(x, self.weight * self.mask, self.bias)

    class PixelCnn(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Masked(params["CausalConv_0"], own=0)
            self.middle = torch.nn.ModuleList(
                Masked(params[f"CausalConv_{1 + k}"], own=1) for k in range(num_blocks)
            )
            self.ones = torch.nn.ModuleList(
                Masked(params[f"Conv_{k}"], own=1) for k in range(2 * num_blocks + 3)
            )

        def forward(self, x):
            h = self.first(x)
            for k, middle in enumerate(self.middle):
                y = middle(functional.relu(self.ones[2 * k](functional.relu(h))))
                h = h + self.ones[2 * k + 1](functional.relu(y))
            for one in self.ones[-3:]:
                h = one(functional.relu(h))
            return h

    return PixelCnn()


def _torch_nll(torch, logits, x):
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return loss(logits, x, reduction="sum") / len(x)


def _torch_steps(torch, network, images: np.ndarray, batch: int, *, compiled: bool) -> Callable:
    """A function that trains as many steps of it."""
    data = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    adam = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss_of = lambda x: _torch_nll(torch, network(x), x)
    loss_of = torch.compile(loss_of) if compiled else loss_of
    order = iter(())

    def run():
        nonlocal order
        for _ in range(_STEPS.value):
            rows = next(order, None)
            if rows is None:
                order = iter(torch.randperm(len(data)).split(batch))
                rows = next(order)
            adam.zero_grad(set_to_none=True)
            loss_of(data[rows]).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            adam.step()

    return run


def _print_steps(columns: dict[str, Callable]) -> None:
    """Times them; the first is genjax."""
    times = _in_turn(columns)
    ours = next(iter(times.values()))
    print(f"{'':28}{'steps/s':>10}{'ms/step':>10}{'genjax is faster by':>22}")
    for name, values in times.items():
        step = statistics.median(values) / _STEPS.value
        print(
            f"{name:28}{1 / step:10.1f}{1e3 * step:10.2f}{_ratio(values, ours):22.2f}", flush=True
        )


def training_pixel_cnn(torch) -> None:
    """Prints steps per second of `pixel_cnn` and of the same network in PyTorch."""
    size, batch, number = (8, 4, 12) if _QUICK.value else (28, 16, 640)
    sizes, images = _sizes(_PIXEL_SYSTEMS["pixel_cnn"]), _bits(number, size)
    model = pixel_cnn(Spec((size, size, 1), 2), **sizes)
    variables = _initial(model, images[:batch])
    params, x = variables[_NETWORK]["params"], images[:batch]
    build = lambda: _torch_network(torch, params, sizes["num_blocks"])
    network = build()
    ours = sum(leaf.size for leaf in jax.tree.leaves(params))
    theirs = sum(parameter.numel() for parameter in network.parameters())
    nll = -float(jax.jit(model.log_prob)(jax.random.key(0), variables, x).mean())
    with torch.no_grad():
        bits = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
        torch_nll = float(_torch_nll(torch, network(bits), bits))
    print(f"\ntraining, pixel_cnn {_listed(sizes)}, binary {size}x{size}, batch {batch}")
    print(f"params {ours} and {theirs}; nats before training {nll:.4f} and {torch_nll:.4f}")
    columns = {
        "genjax": _genjax_steps(model, images, batch),
        "PyTorch eager": _torch_steps(torch, network, images, batch, compiled=False),
    }
    if _COMPILE.value:
        columns["torch.compile"] = _torch_steps(torch, build(), images, batch, compiled=True)
    _print_steps(columns)


def _by_place(layer: DiagonalBiLstm, x: jax.Array) -> jax.Array:
    """The Diagonal BiLSTM as a loop over places, row by row, that needs no skewing."""
    params, (batch, _, width, _) = layer.variables["params"], x.shape
    maps = []
    for name, seen in (("left", x), ("right", x[:, :, ::-1])):
        inputs = params[f"input_to_{name}"]
        maps.append(seen @ inputs["kernel"][0, 0] + inputs["bias"][None, None, None])
    zero = jnp.zeros((2, batch, layer.features))

    def place(before, z_and_above):
        (h, c), (z, above) = before, z_and_above
        seen = jnp.concatenate([h, above], axis=-1)
        h, c = lstm_cell(z + jnp.einsum("dbi,dio->dbo", seen, params["state_to_state"]), c)
        return (h, c), h

    def row(above, z):
        h = jax.lax.scan(place, (zero, zero), (z, above))[1]
        return h, h

    z = jnp.stack(maps).transpose(2, 3, 0, 1, 4)  # [H, W, 2, B, 4 features]
    h = jax.lax.scan(row, jnp.zeros((width, *zero.shape)), z)[1]
    left, right = h[:, :, 0], h[:, ::-1, 1]
    right = jnp.concatenate([jnp.zeros_like(right[:1]), right[:-1]])
    return (left + right).transpose(2, 0, 1, 3)


def _without_skewing(function: Callable) -> Callable:
    """`function`, in whose networks every Diagonal BiLSTM is a loop over places."""

    def interceptor(call, arguments, options, context):
        if isinstance(context.module, DiagonalBiLstm) and context.method_name == "__call__":
            return _by_place(context.module, arguments[0])
        return call(*arguments, **options)

    def intercepted(*arguments):
        with nn.intercept_methods(interceptor):
            return function(*arguments)

    return intercepted


def training_diagonal_bilstm() -> None:
    """Prints steps per second of a Diagonal BiLSTM by skewing and by a loop over places."""
    size, batch, number = (8, 4, 12) if _QUICK.value else (28, 16, 640)
    sizes = {"hidden": 4 if _QUICK.value else 32, "num_layers": 1}
    model, images = _DIAGONAL(Spec((size, size, 1), 2), **sizes), _bits(number, size)
    variables, x = _initial(model, images[:batch], noise=0.1), images[:batch]
    loss = lambda variables: -model.log_prob(jax.random.key(0), variables, x).mean()
    skewed, by_place = loss, _without_skewing(loss)
    (value, slopes), (other, other_slopes) = (
        jax.jit(jax.value_and_grad(one))(variables) for one in (skewed, by_place)
    )
    largest = lambda tree: max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(tree))
    apart = jax.tree.map(jnp.subtract, slopes, other_slopes)
    print(f"\ntraining, diagonal_bilstm {_listed(sizes)}, binary {size}x{size}, batch {batch}")
    print(
        f"both at the same params: nats {value:.4f}, apart {abs(value - other):.1e}; largest gradient "
        f"{largest(slopes):.2e}, largest difference {largest(apart):.1e}"
    )
    looped = model._replace(update=_without_skewing(model.update))
    _print_steps(
        {
            "genjax, skewed": _genjax_steps(model, images, batch),
            "loop over places": _genjax_steps(looped, images, batch),
        }
    )


def inference() -> None:
    """Prints images per second of log p(image)."""
    size, batch = (8, 4) if _QUICK.value else (28, 100)
    print(f"\ninference, binary {size}x{size}, batch {batch}: log p(image) in one parallel pass")
    print(f"{'':56}{'images/s':>10}{'ms/batch':>10}")
    for name, system in (_PIXEL_SYSTEMS | _ELEMENT_SYSTEMS | _OTHERS).items():
        sizes, x = _sizes(system), jnp.asarray(_bits(batch, size))
        model = system.build(Spec((size, size, 1), 2), **sizes)
        call = functools.partial(jax.jit(model.log_prob), jax.random.key(0), _initial(model, x), x)
        step = statistics.median(_in_turn({name: call})[name])
        label = f"{name} {_listed(sizes)}"
        print(f"{label:56}{batch / step:10.0f}{1e3 * step:10.2f}", flush=True)


def main(argv) -> None:
    """Prints the tables."""
    if len(argv) > 1:
        raise app.UsageError(f"unexpected argument {argv[1]!r}")
    logging.set_verbosity(logging.ERROR)
    # What XLA takes as well; macOS does not tell the affinity.
    affinity = getattr(os, "sched_getaffinity", None)
    threads = len(affinity(0)) if affinity else os.cpu_count()
    torch = None
    if "training" in _ONLY.value:
        try:
            import torch
        except ImportError:
            print("error: training needs PyTorch: pip install 'genjax-models[benchmarks]'")
            sys.exit(2)
        torch.set_num_threads(threads)
    print(f"jax {jax.__version__}, {threads} threads, {_ROUNDS.value} rounds")
    if "sampling" in _ONLY.value:
        sampling()
    if "growth" in _ONLY.value:
        growth()
    if "training" in _ONLY.value:
        training_pixel_cnn(torch)
        training_diagonal_bilstm()
    if "inference" in _ONLY.value:
        inference()


if __name__ == "__main__":
    app.run(main)
