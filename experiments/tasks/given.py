"""What a task works on, and what it gives back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from experiments import runs
from genjax.core import Model, Spec, variables_for_sampling
from genjax.data import Dataset
from genjax.training import Config, fit

_AT_A_TIME = 500


class Outcome(NamedTuple):
    """What a task measured.

    Attributes:
        metrics: `split/name`, and the same under `baseline/NAME/`: `test/roc_auc`,
            `baseline/isolation_forest/test/roc_auc`. `_std` at the end: over seeds.
        protocol: how, for whoever wants to compare.
    """

    metrics: dict[str, float]
    protocol: dict[str, Any]


class Given(NamedTuple):
    """A trained model with its data, and where a task may write.

    Attributes:
        run: the system, its hyper-parameters and its data.
        variables: what it learned, of the first seed; None where the task brings its own data.
        dataset: the run's; None where the task brings its own.
        folder: of the task's pictures, there already.
        seed: root of the task's draws.
        steps, batch_size: that the run was trained with, or that the flags ask for.
    """

    run: runs.Run
    variables: Any
    dataset: Dataset
    folder: Path
    seed: int
    steps: int
    batch_size: int

    @property
    def model(self) -> Model:
        """The model that the run ends with."""
        return self.run.model

    @property
    def spec(self) -> Spec:
        """Of the data."""
        return self.run.spec

    @property
    def key(self) -> jax.Array:
        """The root key of the task."""
        return jax.random.key(self.seed)

    def examples(self, split: str, most: int | None = None) -> dict[str, np.ndarray]:
        """The first `most` examples of a split, or all, as evaluation sees them, on the host.

        Returns:
            The batch by entry: `image` or `vector`, and `label` where there are labels.
        """
        return examples(self.dataset, split, most)

    def each(self, function: Callable[..., Any], *arrays: np.ndarray) -> Any:
        """`function(key, variables, *arrays)` over all rows of `arrays`, some at a time, jitted.

        Args:
            function: a capability of the model (`model.encode`, `model.log_prob`, ...) or another
                with its arguments; it returns arrays [B, ...] or a tree of them.
            *arrays: [N, ...] each.

        Returns:
            The same on the host, [N, ...].
        """
        return each(function, self.key, self.variables, *arrays)

    def refit(self, dataset: Dataset, seed: int) -> Any:
        """Variables of the run's system trained anew, on another set of the same shape of examples.

        Nothing is written. What is learned last counts, not what validates best.

        Args:
            dataset: what it learns from.
            seed: of the training.
        """
        size = min(self.batch_size, len(dataset.train))
        settings = Config(steps=self.steps, batch_size=size, seed=seed, eval_every=self.steps)
        return variables_for_sampling(fit(self.run.system, dataset, settings).state)


def examples(dataset: Dataset, split: str, most: int | None = None) -> dict[str, np.ndarray]:
    """As `Given.examples`, of any set."""
    source = getattr(dataset, split)
    num = len(source) if most is None else min(most, len(source))
    transform, parts = jax.jit(dataset.eval_transform), []
    for start in range(0, num, _AT_A_TIME):
        rows = np.arange(start, min(start + _AT_A_TIME, num))
        raw = {**source[rows], "index": rows.astype(np.int32)}
        parts.append(jax.device_get(transform(jax.random.key(0), raw)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def each(function: Callable[..., Any], key, variables, *arrays: np.ndarray) -> Any:
    """As `Given.each`, of any variables."""
    num, parts, of_some = len(arrays[0]), [], jax.jit(function)
    size = min(num, _AT_A_TIME)
    for number, start in enumerate(range(0, num, size)):
        rows = np.minimum(np.arange(start, start + size), num - 1)  # one shape, one program
        some = jax.random.fold_in(key, number)
        found = jax.device_get(of_some(some, variables, *(array[rows] for array in arrays)))
        parts.append(jax.tree.map(lambda leaf, start=start: leaf[: num - start], found))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
