"""Training rounds of DCGAN, WGAN-GP, pix2pix and SNGAN, against the same networks in PyTorch.

    python -m benchmarks.gan [--only=dcgan,wgan_gp,pix2pix,sngan] [--rounds=5] [--steps=2]
        [--width=...] [--batch=...] [--nomemory]

A round is what it is in each paper: DCGAN 64x64, one turn each; WGAN-GP 28x28, five of the critic with
its penalty; pix2pix 64x64; SNGAN's ResNet 32x32, five of the discriminator, and twice the fakes for
the generator. Both sides have as many numbers in each of their params, the same optimizers, and random
images that lie in memory, shuffled anew each epoch. They are timed in turn in each round of one
process on as many threads; medians are printed, the ratio round by round, and compile time apart. The
peak of memory is of a process for each side, importing, compiling and both sets of params included.

The widths are chosen so that two CPU cores take about a second for a round, and three to four for
DCGAN's. Other work on the machine slows the two sides unequally, so it has to be idle. The papers' are
--only=dcgan --width=128, --only=pix2pix --width=64, and for SNGAN 256 in the generator and 128 in the
discriminator, where --width is for both. Exits with 2 where PyTorch is missing.

    python -m benchmarks.gan --device_report [--batch=256] [--steps=20]

DCGAN of 64x64 and BigGAN of 32x32 at the papers' widths, in float32 and bf16, on JAX's default device:
real images a second, and the share of the rate of a matrix product of that precision there. It is
meant for a GPU, and has not been measured on one.
"""

import functools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from absl import app, flags, logging

from genjax.core import Model, Spec
from genjax.data import ArraySource
from genjax.gan import biggan, dcgan, pix2pix, sngan, wgan_gp
from genjax.nets import DcganDiscriminator, DcganGenerator, ResnetDiscriminator, ResnetGenerator
from genjax.training.feed import resident_feed
from genjax.training.placement import mesh_placement
from genjax.training.rounds import make_rounds


class System(NamedTuple):
    """A system and its sizes.

    Attributes:
        build: `(spec, width=...) -> Model`.
        shape: of its images.
        width, batch: where none is given.
    """

    build: Callable[..., Model]
    shape: tuple[int, int, int]
    width: int
    batch: int


SYSTEMS = {
    "dcgan": System(dcgan, (64, 64, 3), 64, 64),
    "wgan_gp": System(wgan_gp, (28, 28, 1), 64, 64),
    "pix2pix": System(pix2pix, (64, 64, 3), 32, 8),
    "sngan": System(sngan, (32, 32, 3), 32, 64),
}
_SIDES = ("genjax", "PyTorch eager")
_ONLY = flags.DEFINE_list("only", list(SYSTEMS), "Which systems.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "How often each side is timed.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 2, "Training rounds each time.", lower_bound=1)
_WIDTH = flags.DEFINE_integer("width", None, "Of the networks, instead of each system's own.")
_BATCH = flags.DEFINE_integer("batch", None, "Examples of a turn, instead of each system's own.")
_MEMORY = flags.DEFINE_bool("memory", True, "Measure the peak of memory too.")
_ALONE = flags.DEFINE_bool("alone", False, "Only train by genjax; print this process's peak in MB.")
_DEVICE_REPORT = flags.DEFINE_bool("device_report", False, "Throughput on JAX's default device.")
flags.register_validator(
    "only", lambda names: set(names) <= set(SYSTEMS), f"must be some of {','.join(SYSTEMS)}"
)


def _unchanged(key, batch):
    del key
    return batch


def genjax_steps(model: Model, data: dict[str, np.ndarray], batch: int, steps: int):
    """Compiles; (a function that trains `steps` rounds in one call, sizes of params, seconds)."""
    place = mesh_placement()
    feed = resident_feed(ArraySource(data), place, batch, model.num_batches)
    key = place.replicate(jax.random.key(0))
    example = {name: array[:batch] for name, array in data.items()}
    state = place.replicate(jax.jit(model.init)(jax.random.key(1), example))
    sizes = [
        leaf.size
        for network in state.variables.values()
        for leaf in jax.tree.leaves(network["params"])
    ]
    arrays, count = next(feed.chunks([(0, steps)])), jnp.int32(steps)
    began = time.perf_counter()
    rounds = make_rounds(model, feed, place, _unchanged, 1)
    play = place.compile(rounds, (key, state, arrays, count))
    compiled = time.perf_counter() - began
    held = [state]

    def run():
        held[0], report = play(key, held[0], arrays, count)
        jax.block_until_ready(report)

    return run, sizes, compiled


def _sizes(name: str) -> tuple[System, int, int]:
    """The system with its width and batch."""
    system = SYSTEMS[name]
    return system, _WIDTH.value or system.width, _BATCH.value or system.batch


def _model_and_data(name: str) -> tuple[Model, dict[str, np.ndarray], int]:
    system, width, batch = _sizes(name)
    paired = system.build is pix2pix
    extras = {"target": system.shape} if paired else {}
    model = system.build(Spec(system.shape, extras=extras), width=width)
    rng = np.random.default_rng(0)
    number = 2 * batch * model.num_batches
    draw = lambda: rng.random((number, *system.shape), np.float32)
    return model, {"image": draw(), **({"target": draw()} if paired else {})}, batch


def _torch_side(torch, name: str, data, batch: int, sizes: list[int]) -> Callable[[], None]:
    """The same in PyTorch.

    Raises:
        ValueError: if the params of the two sides do not have the same sizes.
    """
    from benchmarks import gan_torch

    rounds = gan_torch.Rounds(name, _sizes(name)[1])
    others = [parameter.numel() for part in rounds.parameters for parameter in part]
    if sorted(others) != sorted(sizes):
        raise ValueError(f"{name}: params of {sum(sizes)} and {sum(others)} numbers differ")
    moved = {
        entry: torch.from_numpy(np.moveaxis(array, -1, 1).copy()) for entry, array in data.items()
    }
    return gan_torch.torch_steps(rounds, moved, batch, _STEPS.value)


def _peaks(name: str) -> list[float]:
    """Megabytes of a process that trains by genjax, and of one by PyTorch."""
    _, width, batch = _sizes(name)
    sizes = [f"--width={width}", f"--batch={batch}", f"--steps={_STEPS.value}"]
    commands = [
        ["benchmarks.gan", "--alone", f"--only={name}"],
        ["benchmarks.gan_torch", f"--system={name}"],
    ]
    peaks = []
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", *command, *sizes], capture_output=True, text=True, check=True
        )
        peaks.append(float(done.stdout.split()[-1]))
    return peaks


def _seconds(function: Callable[[], None]) -> float:
    """Wall-clock seconds of one call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def compare(torch, name: str, peaks: list[float] | None) -> None:
    """Times one system and prints its lines."""
    model, data, batch = _model_and_data(name)
    ours, sizes, compiled = genjax_steps(model, data, batch, _STEPS.value)
    columns = dict(zip(_SIDES, [ours, _torch_side(torch, name, data, batch, sizes)], strict=True))
    for run in columns.values():
        run()  # warms up
    times = {side: [] for side in columns}
    for _ in range(_ROUNDS.value):
        for side, run in columns.items():
            times[side].append(_seconds(run) / _STEPS.value)
    width = _sizes(name)[1]
    shape = "x".join(map(str, SYSTEMS[name].shape))
    print(f"\n{name} {shape}, width {width}, batch {batch}, {model.num_batches} turns, ", end="")
    print(f"{sum(sizes):,} params, compiled in {compiled:.1f} s")
    print(f"{'':16}{'rounds/s':>10}{'ms/round':>10}{'peak MB':>10}{'genjax is faster by':>22}")
    for index, (side, values) in enumerate(times.items()):
        median = statistics.median(values)
        ratio = statistics.median(b / a for a, b in zip(times[_SIDES[0]], values, strict=True))
        peak = f"{peaks[index]:10.0f}" if peaks else f"{'':10}"
        print(f"{side:16}{1 / median:10.2f}{1e3 * median:10.0f}{peak}{ratio:22.2f}", flush=True)


def _forward_flops(module, *inputs) -> float:
    """Operations of one example's way through a network, by XLA's count before it optimises."""
    keys = {name: jax.random.key(0) for name in ("params", "dropout")}
    call = functools.partial(module.init, train=False)
    variables = jax.eval_shape(call, keys, *inputs)
    apply = lambda variables, *inputs: module.apply(variables, *inputs, train=False)
    return jax.jit(apply).lower(variables, *inputs).cost_analysis()["flops"]


def _report_systems() -> dict:
    """Name -> (spec, `precision -> Model`, generator, discriminator, their inputs for one example).

    The networks are made a second time, in the systems' own sizes, for their operations to be counted.
    """
    large, small = Spec((64, 64, 3)), Spec((32, 32, 3), num_classes=10)
    channels, label = (256,) * 4, jnp.zeros(1, jnp.int32)
    options = {"num_classes": 10, "num_iterations": 1}
    return {
        "dcgan": (
            large,
            functools.partial(dcgan, large),
            (DcganGenerator(large.shape, 128), jnp.zeros((1, 100))),
            (DcganDiscriminator(128), jnp.zeros((1, *large.shape))),
        ),
        "biggan": (
            small,
            functools.partial(biggan, small),
            (
                ResnetGenerator(small.shape, channels, embedding_dim=128, **options),
                jnp.zeros((1, 80)),
                label,
            ),
            (ResnetDiscriminator(channels, 2, **options), jnp.zeros((1, *small.shape)), label),
        ),
    }


def _matrix_rate(dtype) -> float:
    """Operations a second of a square matrix product, the best of several."""
    side = 1024 if jax.default_backend() == "cpu" else 8192
    a = jnp.ones((side, side), dtype)
    product = jax.jit(lambda a: a @ a)
    product(a).block_until_ready()
    return 2 * side**3 / min(_seconds(lambda: product(a).block_until_ready()) for _ in range(10))


def device_report() -> None:
    """Prints images a second and the share of a matrix product's rate.

    A round is counted as G + 6 D for each example of a discriminator's turn (two ways forward, and
    back for twice as much) and 3 G + 2 D for each of the generator's, of networks that take G and D
    forward; whatever else there is to compute is not counted.
    """
    batch = _BATCH.value or 64
    print(f"{jax.devices()[0].device_kind}, batch {batch}, {_STEPS.value} rounds each time")
    print(f"{'':24}{'images/s':>10}{'ms/round':>10}{'TFLOP/s':>10}{'matrices':>10}{'share':>8}")
    for name, (spec, build, generator, discriminator) in _report_systems().items():
        up, down = _forward_flops(*generator), _forward_flops(*discriminator)
        rng = np.random.default_rng(0)
        for precision, dtype in (("float32", jnp.float32), ("bf16", jnp.bfloat16)):
            model = build(precision=precision)
            turns = model.num_batches
            number = 2 * batch * turns
            data = {"image": rng.random((number, *spec.shape), np.float32)}
            if spec.num_classes:
                data["label"] = rng.integers(0, spec.num_classes, number, np.int32)
            run, _, _ = genjax_steps(model, data, batch, _STEPS.value)
            run()  # warms up
            seconds = statistics.median(_seconds(run) for _ in range(_ROUNDS.value)) / _STEPS.value
            rate = batch * (turns * (up + 6 * down) + 3 * up + 2 * down) / seconds
            most = _matrix_rate(dtype)
            print(
                f"{f'{name} {precision}':24}{batch * turns / seconds:10.0f}{1e3 * seconds:10.1f}"
                f"{rate / 1e12:10.2f}{most / 1e12:10.2f}{rate / most:8.0%}",
                flush=True,
            )


def main(argv) -> None:
    """Prints the figures."""
    if len(argv) > 1:
        raise app.UsageError(f"unexpected argument {argv[1]!r}")
    logging.set_verbosity(logging.ERROR)
    if _DEVICE_REPORT.value:
        device_report()
        return
    if _ALONE.value:
        import resource

        model, data, batch = _model_and_data(_ONLY.value[0])
        genjax_steps(model, data, batch, _STEPS.value)[0]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(peak / (1e6 if sys.platform == "darwin" else 1e3))  # bytes there, kilobytes here
        return
    try:
        import torch
    except ImportError:
        print("error: this benchmark needs PyTorch: pip install 'genjax-models[benchmarks]'")
        sys.exit(2)
    # What XLA takes as well; macOS does not tell the affinity.
    affinity = getattr(os, "sched_getaffinity", None)
    threads = len(affinity(0)) if affinity else os.cpu_count()
    torch.set_num_threads(threads)
    # Before this process grows: a child's peak starts at its parent's.
    peaks = {name: _peaks(name) if _MEMORY.value else None for name in _ONLY.value}
    print(
        f"jax {jax.__version__}, torch {torch.__version__}, {threads} threads, {_ROUNDS.value} "
        f"rounds of {_STEPS.value} steps"
    )
    for name in _ONLY.value:
        compare(torch, name, peaks[name])


if __name__ == "__main__":
    app.run(main)
