"""The task `completion`: missing pixels, drawn by any model that can."""

import jax
import numpy as np
from skimage.restoration import inpaint_biharmonic
from sklearn.impute import KNNImputer

from experiments.tasks.given import Given, Outcome
from genjax import plots
from genjax.tasks import completion as tasks

_ROWS, _SHOWN = 8, 4
_NEIGHBOURS = 5


def completion(
    given: Given,
    *,
    missing: str = "bottom",
    share: float = 0.5,
    num_draws: int = 20,
    num_rounds: int = 50,
    examples: int = 200,
) -> Outcome:
    """Completes test examples of which a part is missing.

    `test/psnr` is that of the mean of the draws, the best guess by squared error, over the missing
    elements of all examples (of their mean squared error, for all bits of one may be right); for bits
    `test/accuracy` is the share of missing ones that the mean has on the right side of one half. Where
    the model's order has what is known first, `test/bits_per_dim` is -log2 p(missing | known) of the
    truth, exact, over the number of missing elements.

    Baselines: the mean of the training examples, the mean of the 5 nearest by what is known
    (scikit-learn), and for images biharmonic inpainting (scikit-image).

    Args:
        missing: what is: `bottom`, `right`, `centre` or `random`. An autoregressive model of images
            can do `bottom`, and any if its order is free (made with num_masks=0 and order=random).
        share: of the example that is missing, above 0 and below 1.
        num_draws: completions of each example.
        num_rounds: of a latent model's chain, or of an autoencoder's reconstructions.
        examples: of the test split, the first so many.

    Raises:
        ValueError: for a mask that is none, or that the model's order does not allow.
    """
    for name, value in (
        ("num_draws", num_draws),
        ("num_rounds", num_rounds),
        ("examples", examples),
    ):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    spec, model = given.spec, given.model
    known = tasks.mask_of(missing, spec.shape, share, given.seed)
    batch, train = given.examples("test", examples), given.examples("train")
    x, condition = batch[spec.entry], ()
    if model.condition is not None:
        condition = (batch[model.condition],)
    complete = tasks.completer(model, num_rounds)
    of_one = jax.jit(lambda key, variables: complete(key, variables, x, known, *condition))
    draws = np.stack(
        [
            np.asarray(of_one(jax.random.fold_in(given.key, n), given.variables))
            for n in range(num_draws)
        ]
    )
    guesses = {"test": draws.mean(axis=0), **_baselines(x, train[spec.entry], known)}
    metrics = {}
    for name, guess in guesses.items():
        prefix = "test" if name == "test" else f"baseline/{name}/test"
        error = np.square(np.clip(guess, 0, 1) - x)[:, known == 0].mean()
        metrics[f"{prefix}/psnr"] = -10 * np.log10(max(error, 1e-12))
        if spec.num_levels == 2:
            metrics[f"{prefix}/accuracy"] = ((guess > 0.5) == (x > 0.5))[:, known == 0].mean()
    if _exact(model, known):
        log_prob = lambda key, variables, x, *given: tasks.conditional_log_prob(
            model, variables, x, known, *given
        )
        nats = -given.each(log_prob, x, *condition).mean()
        metrics["test/bits_per_dim"] = nats / np.log(2) / (known == 0).sum()
    if spec.entry == "image" and spec.shape[-1] in (1, 3):
        _draw(given.folder / "completion.png", x, known, draws, guesses, metrics)
    protocol = {
        "split": "test",
        "examples": len(x),
        "missing_elements": int((known == 0).sum()),
        "elements": int(known.size),
        "how": _how(model),
        "psnr": "of the mean squared error over all missing elements, peak 1",
        "nearest_neighbours": _NEIGHBOURS,
    }
    return Outcome(metrics, protocol)


def _baselines(x, train, known) -> dict[str, np.ndarray]:
    """What one would fill in without a model, [B, *shape] each, by name."""
    flat = lambda values: values.reshape(len(values), -1)
    mean = np.where(known[None], x, train.mean(axis=0)[None])
    # All training examples are whole, so neighbours are sought by the known elements alone.
    spoilt = np.where(known.ravel()[None], flat(x), np.nan)
    imputer = KNNImputer(n_neighbors=min(_NEIGHBOURS, len(train))).fit(flat(train))
    found = {"mean": mean, "nearest_neighbours": imputer.transform(spoilt).reshape(x.shape)}
    if x.ndim == 4:
        fill = lambda image: inpaint_biharmonic(image, ~known[..., 0], channel_axis=-1)
        found["biharmonic"] = np.stack([fill(image) for image in np.where(known[None], x, 0.0)])
    return found


def _exact(model, known) -> bool:
    if model.conditionals is None or model.conditionals.order is None:
        return False
    order = model.conditionals.order
    return order[known].max() < order[~known].min()


def _how(model) -> str:
    if model.complete is not None:
        return "the model's own completions"
    if model.conditionals is not None:
        return "exact draws, element by element"
    latents = model.latents
    if latents is not None and latents.draw is not None and latents.posterior is not None:
        return "a chain z ~ q(z|x), x_missing ~ p(x|z) from grey"
    return "reconstructions again and again, from grey"


def _draw(path, x, known, draws, guesses, metrics) -> None:
    """A row an example: whole, known, the mean of the draws, some draws, and the baselines."""
    told = lambda name, prefix: f"{name}\n{metrics[f'{prefix}/psnr']:.1f} dB"
    columns = {"whole": x, "known": np.where(known[None], x, 0.5)}
    columns[told("mean of draws", "test")] = guesses["test"]
    columns |= {f"draw {number}": draw for number, draw in enumerate(draws[:_SHOWN], 1)}
    for name in list(guesses)[1:]:
        columns[told(name.replace("_", " "), f"baseline/{name}/test")] = guesses[name]
    plots.image_columns({name: images[:_ROWS] for name, images in columns.items()}, path)
