"""The task `transfer`: what training without labels is worth where labels are few."""

import jax
import jax.numpy as jnp
import numpy as np
import sklearn

from experiments.tasks.given import Given, Outcome
from genjax.plots.transfer import label_curves
from genjax.tasks import transfer as tasks
from genjax.tasks.outliers import has_numbers_for_codes

_HEADLINE = 50  # labels of `test/accuracy`


def transfer(
    given: Given,
    *,
    labels: tuple[int, ...] = (10, 50, 100, 500),
    num_seeds: int = 5,
    steps: int = 300,
    learning_rate: float = 1e-3,
) -> Outcome:
    """Fine-tunes the model's encoder with a linear head on few labels, against training from scratch.

    All params that `encode` depends on are trained, down to the code layer: a model whose code is a
    bottleneck keeps it, so a wide code serves best. `scratch` is the same network, head, optimizer and
    steps from the model's fresh initialisation; `logistic_regression` sees pixels, and `frozen_codes`
    is a logistic regression on the codes as they were learned without labels. A seed draws the labelled
    examples, the same for all methods, and the first values of head and fresh network. The metrics
    are test/accuracy_N and test/accuracy_N_std for N labels, and the same under baseline/METHOD/;
    `test/accuracy` is at 50 labels, or at the first number where 50 is none of them.

    What pre-training gains depends on how hard the network is to train: the default's three layers of
    sigmoids, as in the paper, gain much more over the same from scratch than layers of ReLU do, and
    end where these do: --set activation=relu --set code_activation=relu shows it.

    Args:
        labels: how many labelled examples in all, several numbers with commas between.
        num_seeds: over which means and standard deviations (of the sample) are taken.
        steps: of fine-tuning and of training from scratch, on all labelled examples at once.
        learning_rate: of Adam in both.

    Raises:
        ValueError: for a number out of range, data without labels, or codes that are no numbers.
    """
    train, test, spec = given.examples("train"), given.examples("test"), given.spec
    _check(given, train, labels, {"num_seeds": num_seeds, "steps": steps})
    if not learning_rate > 0:
        raise ValueError(f"--option learning_rate must be above 0, got {learning_rate}")
    seeds = range(given.seed, given.seed + num_seeds)
    codes, codes_test = (given.each(given.model.encode, s[spec.entry]) for s in (train, test))
    found = {}
    for num in labels:
        rows = np.stack([tasks.labelled_rows(train["label"], num, seed) for seed in seeds])
        x, y = train[spec.entry][rows], train["label"][rows]
        found[num] = {"test": _tuned(given, seeds, x, y, test, steps, learning_rate, fresh=False)}
        found[num]["scratch"] = _tuned(given, seeds, x, y, test, steps, learning_rate, fresh=True)
        for name, known, asked in (
            ("logistic_regression", train[spec.entry], test[spec.entry]),
            ("frozen_codes", codes, codes_test),
        ):
            predicted = [
                tasks.logistic_regression(known[of_seed], train["label"][of_seed], asked, seed=seed)
                for of_seed, seed in zip(rows, seeds, strict=True)
            ]
            found[num][name] = [(each == test["label"]).mean() for each in predicted]
    headline = _HEADLINE if _HEADLINE in labels else labels[0]
    metrics, curves = {}, {}
    for name in found[headline]:
        prefix = "test" if name == "test" else f"baseline/{name}/test"
        measured = {num: tasks.mean_and_std(found[num][name]) for num in labels}
        metrics[f"{prefix}/accuracy"], metrics[f"{prefix}/accuracy_std"] = measured[headline]
        for num, (mean, std) in measured.items():
            metrics |= {f"{prefix}/accuracy_{num}": mean, f"{prefix}/accuracy_{num}_std": std}
        shown = "pre-trained, fine-tuned" if name == "test" else name.replace("_", " ")
        curves[shown] = tuple(zip(*(measured[num] for num in labels), strict=True))
    title = f"{given.run.name} on {given.dataset.name}, {len(train['label'])} unlabelled examples"
    label_curves(labels, curves, given.folder / "transfer.png", title=title)
    protocol = {
        "split": "test",
        "test_examples": len(test["label"]),
        "unlabelled_examples": len(train["label"]),
        "labelled_examples": "of the training split, stratified, the same for all methods",
        "accuracy_at": headline,
        "std": f"of the sample, over {num_seeds} seeds of labelled examples and initialisation",
        "fine_tuning": f"Adam at {learning_rate}, {steps} steps of all labelled examples; the same "
        "from scratch; all params of the encoder and a linear head",
        "logistic_regression": "standardised by the labelled examples, C of 13 from 1e-3 to 1e3 by up "
        "to 5 folds of them; C = 1 where a class has one",
        "scikit_learn": sklearn.__version__,
        "per_seed": {
            str(num): {name: list(map(float, values)) for name, values in found[num].items()}
            for num in labels
        },
    }
    return Outcome(metrics, protocol)


def _tuned(given: Given, seeds, x, y, test, steps, learning_rate, *, fresh: bool) -> np.ndarray:
    """Accuracies on test, [seeds], from fresh variables or the learned ones; all seeds at once."""
    model, spec = given.model, given.spec
    image, label = jnp.asarray(test[spec.entry]), jnp.asarray(test["label"])
    rows = np.resize(np.arange(x.shape[1]), given.batch_size)  # the shape of a minibatch

    def one(key, x, y, variables):
        key_model, key_head = jax.random.split(key)
        if fresh:
            batch = {spec.entry: x[rows], "label": y[rows]}
            variables = model.init(key_model, batch).variables
        classifier = tasks.fine_tune(
            model.encode,
            key_head,
            variables,
            x,
            y,
            spec.num_classes,
            steps=steps,
            learning_rate=learning_rate,
        )
        guess = tasks.logits(model.encode, classifier, image).argmax(-1)
        return (guess == label).mean()

    keys = jax.vmap(jax.random.key)(jnp.asarray(list(seeds)))
    of_seeds = jax.jit(jax.vmap(one, (0, 0, 0, None)))
    return np.asarray(of_seeds(keys, x, y, given.variables))


def _check(given: Given, train, labels, whole: dict[str, int]) -> None:
    if given.spec.num_classes is None or "label" not in train:
        raise ValueError(
            f"{given.dataset.name} has no labels, and transfer needs some: take a set with labels"
        )
    if not has_numbers_for_codes(given.model, given.spec, given.variables):
        raise ValueError(
            f"{given.run.name} has codes of indices, through which nothing can be fine-tuned: take a "
            "model whose codes are numbers"
        )
    for name, value in whole.items():
        if value < 1:
            raise ValueError(f"--option {name} must be at least 1, got {value}")
    if not labels or not all(1 <= num <= len(train["label"]) for num in labels):
        raise ValueError(
            f"--option labels must be numbers from 1 to {len(train['label'])}, got {labels}"
        )
