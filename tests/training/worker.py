"""One process of a run, started by test_distributed.py: trains a small VAE and saves what came out."""

import sys

import jax
import numpy as np


def main(process, num_processes, port, num_devices, parallel, limit, steps, path):
    """Trains as process `process` of `num_processes`, with `num_devices` devices of its own."""
    jax.config.update("jax_num_cpu_devices", int(num_devices))
    from genjax.training import Config, TrainingError, distributed, fit

    if int(num_processes) > 1:
        distributed.join(f"localhost:{port}", int(num_processes), int(process))
    from tests.training.test_fit import dataset, model

    config = Config(
        steps=int(steps),
        batch_size=8,
        chunk=10,
        eval_every=10,
        parallel=parallel,
        device_data_limit_mb=int(limit),
        workdir=None if path == "none" else path,
    )
    try:
        fitted = fit(model(), dataset(), config, on_evaluation=lambda *_: print("step", flush=True))
    except TrainingError as error:
        sys.exit(f"error: {error}")
    if path != "none" and jax.process_index() == 0:
        leaves = jax.tree.leaves(fitted.state)
        np.savez(f"{path}/final.npz", **{str(i): leaf for i, leaf in enumerate(leaves)})


if __name__ == "__main__":
    main(*sys.argv[1:])
