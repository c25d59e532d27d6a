"""Few labels: an encoder that was trained without any, fine-tuned with a linear head.

    loss = -log softmax(W encode(x) + b)_label,

minimised by Adam over the head and over all params that the codes depend on, from the pre-trained ones
or from fresh ones. What is fine-tuned is the whole encoder, down to its code layer, whatever its width
is: a bottleneck of two numbers stays one, and models for transfer have wide codes.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

_INVERSE_PENALTIES = np.logspace(-3, 3, 13)  # C of logistic regression
_MAX_FOLDS = 5

Encode = Callable[..., jax.Array]  # (key, variables, x) -> z [B, ...], as `Model.encode`


class Classifier(NamedTuple):
    """An encoder with a linear head.

    Attributes:
        variables: of the encoder's model.
        kernel: of the head, [D, K].
        bias: of the head, [K].
    """

    variables: Any
    kernel: jax.Array
    bias: jax.Array


def labelled_rows(label: np.ndarray, num: int, seed: int) -> np.ndarray:
    """Rows of `num` examples, as many of each class as can be; the rest are of classes at random.

    Args:
        label: of all that there are to choose from, [N].
        num: how many, 1 to N.
        seed: of the choice.

    Returns:
        [num], different rows, in random order.

    Raises:
        ValueError: if there are not so many.
    """
    label = np.asarray(label)
    if not 1 <= num <= len(label):
        raise ValueError(f"needs 1 to {len(label)} labelled examples, got {num}")
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(label))
    place = np.empty(len(label), np.int64)  # among those of its class, in this order
    rank = {c: generator.random() for c in np.unique(label)}  # which classes get one more
    for c in rank:
        rows = order[label[order] == c]
        place[rows] = np.arange(len(rows))
    first = sorted(order, key=lambda row: (place[row], rank[label[row]]))
    return generator.permutation(np.array(first[:num]))


def fine_tune(
    encode: Encode,
    key: jax.Array,
    variables: Any,
    x: jax.Array,
    label: jax.Array,
    num_classes: int,
    *,
    steps: int = 300,
    learning_rate: float = 1e-3,
) -> Classifier:
    """Trains a head and all params below it on all of x at every step; pure, to be jitted and vmapped.

    Args:
        encode: `Model.encode`, whose codes are numbers and differentiable.
        key: of the head's initialisation.
        variables: to start from. Collections other than `params` stay as they are.
        x: [B, *shape].
        label: [B], integers.
        num_classes: K.
        steps, learning_rate: of Adam.
    """
    code = jax.eval_shape(encode, key, variables, x)
    width = code.size // code.shape[0]
    kernel = jax.random.normal(key, (width, num_classes)) / np.sqrt(width)
    params, rest = _split(variables)
    optimizer = optax.adam(learning_rate)

    def loss(trained):
        params, kernel, bias = trained
        given = logits(encode, Classifier(_join(params, rest), kernel, bias), x)
        return optax.softmax_cross_entropy_with_integer_labels(given, label).mean()

    def step(carry, _):
        trained, state = carry
        updates, state = optimizer.update(jax.grad(loss)(trained), state)
        return (optax.apply_updates(trained, updates), state), None

    trained = (params, kernel, jnp.zeros(num_classes))
    (trained, _), _ = lax.scan(step, (trained, optimizer.init(trained)), None, steps)
    params, kernel, bias = trained
    return Classifier(_join(params, rest), kernel, bias)


def logits(encode: Encode, classifier: Classifier, x: jax.Array) -> jax.Array:
    """[B, K]: what the head makes of the codes of x [B, *shape]."""
    z = encode(jax.random.key(0), classifier.variables, x)
    return z.reshape(len(x), -1) @ classifier.kernel + classifier.bias[None]


def logistic_regression(
    train: np.ndarray, label: np.ndarray, test: np.ndarray, *, seed: int = 0
) -> np.ndarray:
    """Labels that scikit-learn's logistic regression predicts, [M].

    C is chosen by cross-validation on the labelled examples alone: 5 folds, or as many as the rarest
    class has examples; with fewer than 2 of some class it is 1. Features are standardised by
    the labelled examples.

    Args:
        train: [N, ...].
        label: [N].
        test: [M, ...].
        seed: of the folds.

    Raises:
        ValueError: if lengths or shapes do not fit.
    """
    if len(train) != len(label) or train.shape[1:] != test.shape[1:]:
        raise ValueError(f"shapes do not fit: {train.shape}, {np.shape(label)} and {test.shape}")
    train, test = (np.asarray(a, np.float64).reshape(len(a), -1) for a in (train, test))
    kinds, counts = np.unique(label, return_counts=True)
    if len(kinds) == 1:
        return np.full(len(test), kinds[0])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    if counts.min() >= 2:
        folds = StratifiedKFold(min(_MAX_FOLDS, counts.min()), shuffle=True, random_state=seed)
        grid = {"logisticregression__C": _INVERSE_PENALTIES}
        model = GridSearchCV(model, grid, cv=folds)
    return model.fit(train, label).predict(test)


def mean_and_std(accuracies: Sequence[float]) -> tuple[float, float]:
    """Over seeds; the deviation is of the sample (n - 1), 0 of a single one."""
    values = np.asarray(accuracies, np.float64)
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _split(variables):
    """The params by network, and all else."""
    params = {n: v["params"] for n, v in variables.items() if "params" in v}
    rest = {n: {k: c for k, c in v.items() if k != "params"} for n, v in variables.items()}
    return params, rest


def _join(params, rest):
    return {n: {**v, **({"params": params[n]} if n in params else {})} for n, v in rest.items()}
