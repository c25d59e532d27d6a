"""What a person sees of a run: a bar on a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from tqdm import tqdm


class Progress:
    """Shows steps, rate, time left and losses on stderr; silent in all but the first process."""

    def __init__(self, steps: int, log_every: int):
        """For a run of `steps` rounds; without a terminal a line every `log_every`."""
        self._steps, self._log_every = steps, log_every
        self._quiet = jax.process_index() != 0
        self._bar = None
        self._shown = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()

    def say(self, message: str) -> None:
        """Prints one line of news."""
        if not self._quiet:
            tqdm.write(message, file=sys.stderr)

    def start(self, step: int) -> None:
        """Begins at `step`."""
        self._shown = step
        if not self._quiet:
            self._bar = tqdm(
                total=self._steps,
                initial=step,
                unit="step",
                dynamic_ncols=True,
                disable=not sys.stderr.isatty(),
            )

    def update(self, step: int, metrics: Mapping[str, Any], seconds_per_step: float) -> None:
        """Moves on to `step`."""
        if self._quiet:
            return
        figures = {name: float(np.mean(value)) for name, value in metrics.items()}
        if not self._bar.disable:
            shown = {k: f"{v:.4g}" for k, v in figures.items() if k.endswith("/loss")}
            self._bar.set_postfix(shown, refresh=False)
            self._bar.update(step - self._bar.n)
        elif step // self._log_every > self._shown // self._log_every or step == self._steps:
            text = "  ".join(f"{name} {value:.5g}" for name, value in figures.items())
            self.say(f"step {step}/{self._steps}  {text}  {1 / seconds_per_step:.1f} steps/s")
            self._shown = step
