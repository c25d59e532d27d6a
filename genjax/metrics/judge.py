"""A small independent judge: a classifier of the real data whose features and labels score samples.

It is trained here, offline, from a key, in one compiled loop; where a set has no labels it learns to
tell by how many quarter turns an image was rotated.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from genjax.nets import Conv

VERSION = 1  # of the networks and the training below; another one makes other features
NUM_FEATURES = 64
_WIDTHS = (16, 32, 64, 64)  # of the last convolutions; earlier ones have the first
_DENSE = (256, 256)  # hidden layers before the features of a vector
_TO_SCALE = 2000  # examples that tell how large features are
_SMALLEST = 4  # maps are halved until no side is longer

Labels = np.ndarray | Mapping[str, np.ndarray] | None


class Judge(NamedTuple):
    """A feature network, with what it says of classes.

    Attributes:
        version: task, shape and a digest of the variables: figures of two judges compare only where
            these are equal.
        variables: its weights.
        apply: `(variables, x) -> (features [B, F], {factor: logits [B, K]})`, compiled. Of a judge that
            was trained, features have a mean square of 1.
        num_classes: K, by factor.
        accuracy: share of held-out examples whose class it names, by factor; {} where nobody measured.
        shape: of an example; None for RGB or grey images of any size.
    """

    version: str
    variables: Any
    apply: Callable[[Any, jax.Array], tuple[jax.Array, Mapping[str, jax.Array]]]
    num_classes: Mapping[str, int]
    accuracy: Mapping[str, float]
    shape: tuple[int, ...] | None

    def features(self, x: jax.Array) -> jax.Array:
        """[B, ...] to [B, F]."""
        return self.apply(self.variables, x)[0]

    def logits(self, x: jax.Array) -> Mapping[str, jax.Array]:
        """[B, ...] to {factor: [B, K]}."""
        return self.apply(self.variables, x)[1]


class Judged(NamedTuple):
    """What a judge says of N examples, on the host.

    Attributes:
        features: float32 [N, F].
        probabilities: by factor, [N, K].
    """

    features: np.ndarray
    probabilities: Mapping[str, np.ndarray]


class JudgeNet(nn.Module):
    """Convolutions of stride 2 (dense layers for vectors), features, and a linear head for each factor.

    Attributes:
        num_classes: (factor, K) pairs.
        square: whether images are padded with zeros to squares, as rotations need them.
    """

    num_classes: tuple[tuple[str, int], ...]
    square: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        """x [B, D] or [B, *spatial, C] to features [B, F] and logits {factor: [B, K]}."""
        x = padded(x) if self.square else x
        mean = self.variable("moments", "mean", jnp.zeros, x.shape[-1])
        std = self.variable("moments", "std", jnp.ones, x.shape[-1])
        lead = (1,) * (x.ndim - 1) + (-1,)
        x = (x - mean.value.reshape(lead)) / std.value.reshape(lead)
        if x.ndim == 2:
            for width in _DENSE:
                x = nn.relu(nn.Dense(width)(x))
        else:
            num = max(1, math.ceil(math.log2(max(x.shape[1:-1]) / _SMALLEST)))
            widths = (_WIDTHS[0],) * (num - len(_WIDTHS)) + _WIDTHS[-num:]
            rank = x.ndim - 2
            x = nn.relu(Conv(_WIDTHS[1], (3,) * rank)(x)) if num == 1 else x
            for width in widths:
                x = nn.relu(Conv(width, (3,) * rank, strides=(2,) * rank)(x))
            x = x.reshape(len(x), -1)
        x = nn.relu(nn.Dense(NUM_FEATURES)(x))
        scale = self.variable("moments", "features", jnp.ones, ())
        logits = {name: nn.Dense(num, name=f"head_{name}")(x) for name, num in self.num_classes}
        return x / scale.value, logits


def train_judge(
    key: jax.Array,
    examples: np.ndarray,
    labels: Labels,
    held_out: np.ndarray,
    held_out_labels: Labels,
    *,
    steps: int = 800,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
) -> Judge:
    """A judge of the classes of `examples`, or of the four rotations of an image without labels.

    The same key and examples give the same judge on the same machine. Adam, its rate falling to 0 along
    a cosine; the loss is the sum of the factors' cross-entropies.

    Args:
        key: one typed key.
        examples: floats: images in [0, 1] [N, H, W, C] (voxels and sequences too), or vectors [N, D].
        labels: classes from 0, integers [N]; or those of several factors, by name; or None, for
            rotations.
        held_out: examples that it is not shown, [M, ...].
        held_out_labels: theirs, of the same form.
        steps: minibatches.
        batch_size: examples in one; a quarter of them each way up where it learns rotations.
        learning_rate: at the start.

    Returns:
        A judge whose `accuracy` is that on `held_out`.

    Raises:
        ValueError: if shapes or labels do not fit each other, or there is nothing to learn: vectors
            without labels.

    Rotations: Gidaris, Singh and Komodakis, 2018, arXiv:1803.07728.
    """
    if steps < 1 or batch_size < 4 or batch_size % 4:
        raise ValueError(f"needs a step and a batch_size of fours, got {steps} and {batch_size}")
    _check_examples(examples, held_out)
    train = jnp.asarray(examples), _as_dict(labels, len(examples))
    test = held_out, _as_dict(held_out_labels, len(held_out))
    if set(train[1]) != set(test[1]):
        raise ValueError(f"labels are {sorted(train[1])}, those held out {sorted(test[1])}")
    if not train[1] and train[0].ndim != 4:
        raise ValueError(f"no labels: only images can be rotated, got shape {train[0].shape}")
    num_classes = {
        name: 1 + int(max(each.max(), test[1][name].max())) for name, each in train[1].items()
    }
    module = JudgeNet(tuple((num_classes or {"rotation": 4}).items()), square=not num_classes)
    optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))
    variables = _fit(module, optimizer, steps, batch_size, key, train)
    judge = _scaled(module, jax.device_get(variables), np.asarray(examples[:_TO_SCALE]))
    return judge._replace(accuracy=_accuracy(judge, *test))


def judged(judge: Judge, examples: np.ndarray, *, batch_size: int = 500) -> Judged:
    """Features and probabilities of all of `examples`, a minibatch at a time.

    Args:
        judge: of `train_judge`, `load_judge` or `load_inception`.
        examples: in the range that the judge knows, [N, *shape].
        batch_size: examples at once.

    Raises:
        ValueError: if there is none, or they have another shape than the judge's.
    """
    if not len(examples) or judge.shape not in (None, examples.shape[1:]):
        raise ValueError(f"this judge is of [N, *{judge.shape}], got shape {examples.shape}")
    size = min(batch_size, len(examples))
    features, probabilities = [], {name: [] for name in judge.num_classes}
    for start in range(0, len(examples), size):
        batch = np.asarray(examples[start : start + size], np.float32)
        num = len(batch)
        # The last is filled up, so that one size is compiled.
        batch = np.pad(batch, [(0, size - num)] + [(0, 0)] * (batch.ndim - 1))
        found, logits = judge.apply(judge.variables, batch)
        features.append(np.asarray(found)[:num])
        for name, each in logits.items():
            probabilities[name].append(np.asarray(jax.nn.softmax(each))[:num])
    joined = {name: np.concatenate(each) for name, each in probabilities.items()}
    return Judged(np.concatenate(features), joined)


def judge_of(
    module: JudgeNet, shape: tuple[int, ...], variables: Any, accuracy: Mapping[str, float] = {}
) -> Judge:
    """The Judge of a network and its variables.

    Args:
        module: the network.
        shape: of an example.
        variables: of the network, host arrays.
        accuracy: by factor.
    """
    task = ",".join(f"{name}:{num}" for name, num in module.num_classes)
    size = "x".join(map(str, shape))
    return Judge(
        f"genjax-judge-{VERSION} {task} {size} {digest(variables)}",
        variables,
        partial(_apply, module),
        dict(module.num_classes),
        accuracy,
        tuple(shape),
    )


def digest(variables: Any) -> str:
    """The first 12 hexadecimal digits of SHA-256 of every weight, in the order of the tree."""
    sha = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(variables):
        leaf = np.ascontiguousarray(leaf)
        sha.update(f"{jax.tree_util.keystr(path)} {leaf.dtype} {leaf.shape}".encode())
        sha.update(leaf.tobytes())
    return sha.hexdigest()[:12]


def padded(images: jax.Array) -> jax.Array:
    """Images [B, H, W, C] in the middle of black squares."""
    height, width = images.shape[1:3]
    gaps = [max(height, width) - side for side in (height, width)]
    return jnp.pad(images, [(0, 0), *((gap // 2, gap - gap // 2) for gap in gaps), (0, 0)])


@partial(jax.jit, static_argnums=0)
def _apply(module, variables, x):
    return module.apply(variables, x)


def _fit(module, optimizer, steps, batch_size, key, train):
    """The variables after `steps` minibatches, in one compiled loop."""

    def loss(params, moments, x, labels):
        _, logits = module.apply({"params": params, "moments": moments}, x)
        each = optax.softmax_cross_entropy_with_integer_labels
        return sum(each(logits[name], labels[name]).mean() for name in logits)

    @jax.jit
    def run(key, examples, labels):
        axes = tuple(range(examples.ndim - 1))
        moments = {"mean": examples.mean(axes), "std": jnp.maximum(examples.std(axes), 1e-3)}
        moments["features"] = jnp.ones(())
        key_start, key_steps = jax.random.split(key)
        params = module.init(key_start, examples[:1])["params"]

        def step(carry, key):
            params, state = carry
            rows = jax.random.randint(key, (batch_size,), 0, len(examples))
            x, y = examples[rows], {name: each[rows] for name, each in labels.items()}
            if not labels:
                x, y = _rotated(jnp.split(padded(x), 4))
            gradients = jax.grad(loss)(params, moments, x, y)
            change, state = optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, change), state), None

        keys = jax.random.split(key_steps, steps)
        (params, _), _ = lax.scan(step, (params, optimizer.init(params)), keys)
        return {"params": params, "moments": moments}

    return run(key, *train)


def _scaled(module, variables, examples):
    """The judge whose features have a mean square of 1 over `examples`: KID is cubic in their size."""
    features = judged(judge_of(module, examples.shape[1:], variables), examples).features
    scale = np.sqrt(np.mean(np.square(features, dtype=np.float64)))
    moments = {**variables["moments"], "features": np.float32(max(scale, 1e-6))}
    return judge_of(module, examples.shape[1:], {**variables, "moments": moments})


def _rotated(parts):
    """Part i rotated by i quarter turns, and how many they were."""
    turned = [jnp.rot90(part, i, axes=(1, 2)) for i, part in enumerate(parts)]
    turns = jnp.repeat(jnp.arange(4), len(parts[0]), total_repeat_length=4 * len(parts[0]))
    return jnp.concatenate(turned), {"rotation": turns}


def _accuracy(judge, held_out, labels):
    if not labels:
        images, labels = _rotated([padded(jnp.asarray(held_out))] * 4)
        judge, held_out = judge._replace(shape=images.shape[1:]), np.asarray(images)
    found = judged(judge, held_out).probabilities
    truth = {name: np.asarray(labels[name]) for name in found}
    return {name: float((p.argmax(axis=1) == truth[name]).mean()) for name, p in found.items()}


def _as_dict(labels, num):
    """Labels by factor, int32 [N] each; {} where there are none."""
    if labels is None:
        return {}
    labels = dict(labels) if isinstance(labels, Mapping) else {"label": labels}
    for name, each in labels.items():
        each = np.asarray(each)
        if each.shape != (num,) or not np.issubdtype(each.dtype, np.integer) or each.min() < 0:
            raise ValueError(
                f"labels of {name!r} must be integers from 0, [{num}], "
                f"got {each.dtype} of shape {each.shape}"
            )
        labels[name] = each.astype(np.int32)
    if not labels:
        raise ValueError("no factor in labels: give None where there is nothing to name")
    return labels


def _check_examples(examples, held_out):
    for values in (examples, held_out):
        if values.ndim < 2 or not len(values) or not jnp.issubdtype(values.dtype, jnp.floating):
            raise ValueError(
                f"a judge's examples are floats, [N, ...], got {values.dtype} of shape {values.shape}"
            )
    if examples.shape[1:] != held_out.shape[1:]:
        raise ValueError(f"examples {examples.shape} but held out {held_out.shape}")
