"""Pictures of a model that draws element by element: completions, surprise, a drawing as it is made."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from experiments.subject import (
    Subject,
    Unsuitable,
    condition,
    pictures,
    require_pictures,
    save,
    test_batch,
)
from genjax import plots

EXAMPLES, CONTINUATIONS = 8, 8
SURPRISES = 20
DRAWINGS, STAGES = 6, 12
_UNKNOWN = 0.5  # the grey of what is not drawn yet


def completions(subject: Subject, key, path: Path) -> None:
    """Test images, their upper halves, and eight continuations of each: a row an image.

    van den Oord et al., 2016, arXiv:1601.06759, Figure 1.
    """
    require_pictures(subject, "conditionals")
    batch = test_batch(subject, EXAMPLES)
    x = np.asarray(batch[subject.spec.entry])
    known = np.zeros(subject.spec.shape, bool)
    known[: max(1, len(known) // 2)] = True
    given = tuple(np.repeat(each, CONTINUATIONS, axis=0) for each in condition(subject, batch))
    repeated = np.repeat(x, CONTINUATIONS, axis=0)
    drawn = _draw(subject, key, repeated, known, given).reshape(len(x), CONTINUATIONS, *x.shape[1:])
    half = np.where(known, x, _UNKNOWN)
    rows = np.concatenate([x[:, None], half[:, None], drawn], axis=1)
    save(path, plots.image_grid(rows.reshape(-1, *x.shape[1:]), columns=2 + CONTINUATIONS))


def surprise(subject: Subject, key, path: Path) -> None:
    """Test images, each above -log p of its places, given those before: white is the largest of all."""
    require_pictures(subject, "conditionals")
    batch = test_batch(subject, SURPRISES)
    x = batch[subject.spec.entry]
    log_probs = jax.jit(subject.model.conditionals.log_prob)
    values = -np.asarray(log_probs(subject.variables, x, *condition(subject, batch)))
    values = values.reshape(*x.shape[:3], -1).sum(-1, keepdims=True)
    if not np.isfinite(values).all():
        raise Unsuitable("some of these images are impossible under this model: nothing to compare")
    values = (values - values.min()) / max(np.ptp(values), 1e-12)
    save(path, plots.pairs_grid(pictures(x), np.broadcast_to(values, x.shape)))


def drawing(subject: Subject, key, path: Path) -> None:
    """Samples as they are drawn, element by element: a row a sample, grey what is not drawn yet."""
    require_pictures(subject, "conditionals")
    order = subject.model.conditionals.order
    if order is None:
        raise Unsuitable(
            "this figure needs a model that draws in one order, and this one has several"
        )
    shape = subject.spec.shape
    given = ()
    if subject.model.condition is not None:
        given = condition(subject, test_batch(subject, DRAWINGS))
    num = len(given[0]) if given else DRAWINGS
    drawn = _draw(subject, key, np.zeros((num, *shape), np.float32), np.zeros(shape, bool), given)
    ends = np.linspace(0, order.max() + 1, STAGES).round()
    frames = np.where(order[None] < ends.reshape(-1, 1, 1, 1), drawn[:, None], _UNKNOWN)
    save(path, plots.image_grid(frames.reshape(-1, *shape), columns=STAGES))


def _draw(subject: Subject, key, x, known, given) -> np.ndarray:
    """Pictures of x with what is not known drawn; Unsuitable where the model cannot."""
    draw = subject.model.conditionals.draw
    try:
        drawn = jax.jit(lambda key, v, x, *given: draw(key, v, x, known, *given))(
            key, subject.variables, jnp.asarray(x), *given
        )
    except ValueError as error:
        raise Unsuitable(str(error)) from error
    return pictures(drawn)
