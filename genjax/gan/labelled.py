"""What the semi-supervised systems share: the few training examples whose labels are shown."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from genjax.core import Batch, Model, Spec, Stage, State, Variables, check_at_least

_MOST_EXAMPLES = 10_000  # that the labelled ones are chosen from


class Labelled(NamedTuple):
    """A memory of labelled examples, the network `labelled` of a game, which nobody trains.

    Attributes:
        networks: `{"labelled": how it starts}`, empty.
        draw: `(key, variables, num) -> (x [num, *shape], label [num])`, rows of it at random.
        enter: `(key, state, examples) -> State`, which chooses what it remembers, of each class alike.
    """

    networks: dict[str, Callable[..., Any]]
    draw: Callable[[jax.Array, Variables, int], tuple[jax.Array, jax.Array]]
    enter: Callable[[jax.Array, State, Batch], State]


def labelled_examples(spec: Spec, per_class: int) -> Labelled:
    """A memory of `per_class` examples of each class.

    Raises:
        ValueError: for fewer than one.
    """
    check_at_least(1, labels_per_class=per_class)
    num = per_class * spec.num_classes

    def start(key, batch):
        del key, batch
        x, label = jnp.zeros((num, *spec.shape)), jnp.zeros(num, jnp.int32)
        return {"memory": {"x": x, "label": label}}

    def draw(key, variables, size):
        memory = variables["labelled"]["memory"]
        rows = jax.random.randint(key, (size,), 0, num)
        return memory["x"][rows], memory["label"][rows]

    def enter(key, state, examples):
        rows = labelled_rows(key, examples["label"], spec.num_classes, per_class)
        memory = {"x": examples[spec.entry][rows], "label": examples["label"][rows]}
        return state._replace(variables={**state.variables, "labelled": {"memory": memory}})

    return Labelled({"labelled": start}, draw, enter)


def with_labels(labelled: Labelled, model: Model) -> tuple[Stage, ...]:
    """The curriculum of a model that begins with a look at the data, up to 10,000 examples of it."""
    return Stage(model, 0), Stage(model, enter=labelled.enter, num_examples=_MOST_EXAMPLES)


def labelled_rows(key: jax.Array, label: jax.Array, num_classes: int, per_class: int) -> jax.Array:
    """Rows of `per_class` examples of each class, drawn at random: int32 [num_classes * per_class].

    A class of fewer examples is filled up with others, which keep their own labels.

    Args:
        key: typed key.
        label: int [N].
        num_classes, per_class: see above.
    """
    order = jax.random.uniform(key, label.shape)
    others = label[None] != jnp.arange(num_classes)[:, None]
    rows = jnp.argsort(jnp.where(others, 2.0, 0.0) + order[None], axis=1)
    return rows[:, jnp.arange(per_class) % len(label)].reshape(-1)
