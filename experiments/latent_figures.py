"""Pictures of what a model's codes mean: lines, planes and axes between them, and their use."""

from pathlib import Path

import jax
import numpy as np

from experiments.subject import (
    Subject,
    Unsuitable,
    code_of,
    condition,
    decode,
    encode,
    is_discrete,
    num_classes,
    pictures,
    require,
    require_pictures,
    save,
    test_batch,
    test_codes,
)
from genjax import nets, plots

LINES, STOPS = 8, 10
MANIFOLD_SIDE = 20
CLASS_MANIFOLDS, CLASS_MANIFOLD_SIDE = 10, 10
AXES, MOVES, REACH = 10, 11, 3.0
EXEMPLARS = 100
_MEASURED = 1000  # test codes whose variance orders the axes
_DRAWS = 10_000  # of the prior, for its moments
_COUNTED = 10_000  # test examples whose codes are counted


def interpolations(subject: Subject, key, path: Path) -> None:
    """Rows of straight lines in latent space, from one test image's code to another's.

    A conditional model decodes all of a line as the class of its first image.
    """
    require_pictures(subject, "encode", "decode")
    _refuse_discrete(code_of(subject, key), "a line between codes")
    key_encode, key_decode = jax.random.split(key)
    batch = test_batch(subject, 2 * LINES)
    if len(batch[subject.spec.entry]) < 2:
        raise Unsuitable("a line needs two images")
    codes = encode(subject, key_encode, batch)
    lines = len(codes) // 2
    start, end = codes[:lines, None], codes[lines : 2 * lines, None]
    steps = np.linspace(0.0, 1.0, STOPS, dtype=np.float32)
    steps = steps.reshape(1, -1, *(1,) * (codes.ndim - 1))
    latents = ((1 - steps) * start + steps * end).reshape(-1, *codes.shape[1:])
    given = tuple(np.repeat(each[:lines], STOPS, axis=0) for each in condition(subject, batch))
    save(path, plots.image_grid(decode(subject, key_decode, latents, given), columns=STOPS))


def manifold(subject: Subject, key, path: Path) -> None:
    """The decoded grid of a two-dimensional latent space (Kingma & Welling, 2013, Figure 4).

    A conditional model has one for each class, about the prior of that class; the first ten are drawn.
    Where codes have no prior, the grid is that of a Gaussian with the moments of the test codes.
    """
    require_pictures(subject, "encode", "decode")
    code = code_of(subject, key)
    _refuse_discrete(code, "a plane of codes")
    if code.shape != (2,):
        raise Unsuitable(
            "--figure=manifold needs 2 latents, and this model has "
            f"{'x'.join(map(str, code.shape))}: train one with --set latent_dim=2 in another --workdir"
        )
    if subject.model.condition is None:
        latents = plots.unit_square_latents(MANIFOLD_SIDE)
        if subject.model.latents is None:  # codes have no prior: where those of test examples lie
            codes = test_codes(subject, key, _MEASURED)
            latents = codes.mean(axis=0) + codes.std(axis=0) * latents
        images = decode(subject, key, latents)
        save(path, plots.manifold_figure(images, MANIFOLD_SIDE))
        return
    plane = plots.unit_square_latents(CLASS_MANIFOLD_SIDE)
    planes = []
    for label in range(min(CLASS_MANIFOLDS, num_classes(subject))):
        labels = (np.full(len(plane), label, np.int32),)
        mean, std = _prior_moments(subject, key, (2,), labels) or (0.0, 1.0)
        images = decode(subject, key, mean + std * plane, labels)
        planes.append(plots.manifold_figure(images, CLASS_MANIFOLD_SIDE))
    save(path, plots.image_grid(np.stack(planes) / 255.0, columns=min(5, len(planes)), padding=2))


def traversals(subject: Subject, key, path: Path) -> None:
    """The first test image with one latent at a time moved from -3 to 3, a row each.

    In standard deviations of that latent under the prior, about the prior's mean (of the codes where
    the model has no prior over them). Rows are the ten latents whose codes vary most over test images,
    the most first: what collapsed onto the prior comes last (Higgins et al., 2017, Figure 7).
    """
    require_pictures(subject, "encode", "decode")
    code = code_of(subject, key)
    _refuse_discrete(code, "a step along a latent")
    if len(code.shape) != 1:
        raise Unsuitable(
            f"traversals need a code that is a vector, and this model's has shape {code.shape}"
        )
    key_encode, key_prior, key_decode = jax.random.split(key, 3)
    codes = test_codes(subject, key_encode, _MEASURED)
    given = condition(subject, test_batch(subject, 2))
    prior = _prior_moments(subject, key_prior, code.shape, given)
    mean, std = prior or (codes.mean(axis=0), codes.std(axis=0))
    rows = np.argsort(-codes.var(axis=0), kind="stable")[:AXES]
    moved = np.tile(codes[0], (len(rows), MOVES, 1))
    for row, axis in enumerate(rows):
        moved[row, :, axis] = mean[axis] + std[axis] * np.linspace(-REACH, REACH, MOVES)
    given = tuple(np.repeat(each[:1], len(rows) * MOVES, axis=0) for each in given)
    images = decode(subject, key_decode, moved.reshape(-1, *code.shape), given)
    save(path, plots.image_grid(images, columns=MOVES))


def codebook(subject: Subject, key, path: Path) -> None:
    """How often each discrete code is used on the test set, with the perplexity of that use."""
    require(subject, "encode")
    if not is_discrete(code_of(subject, key)):
        raise Unsuitable("--figure=codebook needs discrete codes, and this model's are numbers")
    codes = test_codes(subject, key, _COUNTED).ravel()
    counts = np.bincount(codes, minlength=_num_codes(subject.variables))
    plots.code_usage(counts, float(nets.perplexity(counts.astype(np.float32))), path)


def exemplars(subject: Subject, key, path: Path) -> None:
    """The examples that the model has learned (pseudo-inputs), the first hundred."""
    require_pictures(subject, "exemplars")
    learned = jax.jit(subject.model.exemplars)(subject.variables)
    save(path, plots.image_grid(pictures(learned[:EXEMPLARS])))


def _refuse_discrete(code, what: str) -> None:
    if is_discrete(code):
        raise Unsuitable(f"{what} needs codes that are numbers, and this model's are discrete")


def _num_codes(variables) -> int:
    """The rows of a network `codebook`'s `codes`, used or not; 0 where none goes by that name."""
    collections = variables.get("codebook", {}).values()
    return max((len(each["codes"]) for each in collections if "codes" in each), default=0)


def _prior_moments(subject: Subject, key, shape: tuple, given: tuple):
    """Mean and standard deviation of each latent under the prior, given the first condition.

    From draws, for a prior may be a mixture; None where the model has none over codes of this shape.
    """
    latents = subject.model.latents
    if latents is None or tuple(latents.shape) != shape:
        return None
    given = tuple(np.repeat(each[:1], _DRAWS, axis=0) for each in given)
    draw = jax.jit(latents.prior, static_argnums=2)
    draws = np.asarray(draw(key, subject.variables, _DRAWS, *given))
    return draws.mean(axis=0), draws.std(axis=0)
