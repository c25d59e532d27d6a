"""Training steps per second of Kingma and Welling's VAE (784-500-20, batch 100), against PyTorch.

    python -m benchmarks.vae [--rounds=7] [--steps=200]

Both train the same network (tanh, Bernoulli, analytic KL, Adam) on the same 10,000 random binary
images that lie in memory, shuffled anew each epoch. All are timed in turn in each round of one
process, on the same number of threads; medians are printed, and the ratio to eager PyTorch round by
round. Also: what the host adds to a step, and the share of the machine's own matrix-product rate
that a step reaches. Exits with 2 where PyTorch is missing.
"""

import statistics
import sys
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np
from absl import app, flags, logging

from genjax.core import Spec
from genjax.data import ArraySource, Dataset
from genjax.training import Config, fit
from genjax.training.feed import resident_feed
from genjax.training.placement import mesh_placement
from genjax.training.rounds import make_rounds
from genjax.vae import vae

_ROUNDS = flags.DEFINE_integer("rounds", 7, "How often each is timed.", lower_bound=1)
_STEPS = flags.DEFINE_integer("steps", 200, "Training steps each time.", lower_bound=1)
_COMPILE = flags.DEFINE_bool("compile", True, "Time torch.compile too (it needs a C++ compiler).")

BATCH, LATENTS, HIDDEN, PIXELS, SIZE = 100, 20, 500, 784, 10_000
# Multiply-adds of the four weight matrices, two operations each, forward and backward for weights
# and inputs; the first layer's input needs no gradient.
_WEIGHTS = PIXELS * HIDDEN + HIDDEN * 2 * LATENTS + LATENTS * HIDDEN + HIDDEN * PIXELS
FLOPS_PER_STEP = 2 * BATCH * (3 * _WEIGHTS - PIXELS * HIDDEN)


def _unchanged(key, batch):
    del key
    return batch


def _dataset(bits) -> Dataset:
    source = ArraySource({"vector": bits})
    return Dataset("bits", Spec((PIXELS,), 2), source, source, source, _unchanged, _unchanged)


def genjax_steps(bits, steps: int):
    """A function that trains `steps` steps in one call of the compiled loop."""
    place, model = mesh_placement(), vae(Spec((PIXELS,), 2), latent_dim=LATENTS, hidden=(HIDDEN,))
    feed = resident_feed(ArraySource({"vector": bits}), place, BATCH, 1)
    key = place.replicate(jax.random.key(0))
    state = place.replicate(model.init(jax.random.key(1), {"vector": bits[:BATCH]}))
    data, count = next(feed.chunks([(0, steps)])), jnp.int32(steps)
    play = place.compile(make_rounds(model, feed, place, _unchanged, 1), (key, state, data, count))
    held = [state]

    def run():
        held[0], report = play(key, held[0], data, count)
        jax.block_until_ready(report)

    return run


def torch_steps(torch, bits, steps: int, *, compiled: bool):
    """A function that trains `steps` steps of the same model in PyTorch."""
    nn, functional = torch.nn, torch.nn.functional
    encoder = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2 * LATENTS))
    decoder = nn.Sequential(nn.Linear(LATENTS, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, PIXELS))
    data = torch.from_numpy(bits)
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)

    def loss_of(x):
        mean, log_variance = encoder(x).chunk(2, -1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        cross_entropy = functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_variance - mean**2 - torch.exp(log_variance))
        return (cross_entropy + kl) / len(x)

    loss_of = torch.compile(loss_of) if compiled else loss_of
    order = iter(())

    def run():
        nonlocal order
        for _ in range(steps):
            rows = next(order, None)
            if rows is None:
                order = iter(torch.randperm(SIZE).split(BATCH))
                rows = next(order)
            adam.zero_grad(set_to_none=True)
            loss_of(data[rows]).backward()
            adam.step()

    return run


def seconds(function) -> float:
    """Wall-clock seconds of one call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def matrix_rate() -> float:
    """Float32 operations a second of a 1024 x 1024 matrix product, the best of several."""
    a = jnp.ones((1024, 1024))
    product = jax.jit(lambda a: a @ a)
    product(a).block_until_ready()
    best = min(seconds(lambda: product(a).block_until_ready()) for _ in range(20))
    return 2 * 1024**3 / best


def host_overhead(bits, steps: int) -> float:
    """Seconds that `fit` adds to a step beside the compiled call: two runs, so that starts cancel."""
    dataset, times, compiled = _dataset(bits), [], []
    model = vae(Spec((PIXELS,), 2), latent_dim=LATENTS, hidden=(HIDDEN,))
    for count in (steps, 5 * steps):
        with tempfile.TemporaryDirectory() as folder:
            config = Config(
                steps=count,
                eval_every=10**9,
                log_every=10**9,
                workdir=folder,
            )
            began = time.perf_counter()
            fitted = fit(model._replace(evaluate=None), dataset, config)
            times.append(time.perf_counter() - began - fitted.compile_seconds)
            compiled.append(fitted.seconds_per_step * count)
    return ((times[1] - times[0]) - (compiled[1] - compiled[0])) / (4 * steps)


def main(argv) -> None:
    """Prints the figures."""
    if len(argv) > 1:
        raise app.UsageError(f"unexpected argument {argv[1]!r}")
    logging.set_verbosity(logging.ERROR)
    try:
        import torch
    except ImportError:
        print("error: this benchmark needs PyTorch: pip install 'genjax-models[benchmarks]'")
        sys.exit(2)
    steps = _STEPS.value
    bits = np.random.default_rng(0).integers(0, 2, (SIZE, PIXELS)).astype(np.float32)
    columns = {
        "genjax": genjax_steps(bits, steps),
        "PyTorch eager": torch_steps(torch, bits, steps, compiled=False),
    }
    if _COMPILE.value:
        columns["torch.compile"] = torch_steps(torch, bits, steps, compiled=True)
    for run in columns.values():
        run()  # compiles, warms up
    times = {name: [] for name in columns}
    for _ in range(_ROUNDS.value):
        for name, run in columns.items():
            times[name].append(seconds(run) / steps)
    print(f"threads {torch.get_num_threads()}, rounds {_ROUNDS.value}, {steps} steps each")
    print(f"{'':16}{'steps/s':>10}{'ms/step':>10}{'genjax is faster by':>22}")
    for name, values in times.items():
        median = statistics.median(values)
        ratios = [other / ours for other, ours in zip(values, times["genjax"], strict=True)]
        print(f"{name:16}{1 / median:10.1f}{1e3 * median:10.2f}{statistics.median(ratios):22.2f}")
    rate, step = matrix_rate(), statistics.median(times["genjax"])
    share = FLOPS_PER_STEP / step / rate
    print(f"matrix product of 1024: {rate / 1e9:.0f} GFLOP/s; a step reaches {share:.0%} of it")
    print(f"host overhead: {1e6 * host_overhead(bits, steps):.0f} us a step")


if __name__ == "__main__":
    app.run(main)
