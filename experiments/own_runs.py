"""What a model trains on, how long and with which options, where no flag names a data set.

Hyper-parameters default to the papers'; what a model needs besides to be seen working on two cores in
minutes stands here, a line each, and `--help` and docs/zoo.md say so.
"""

from typing import Any, NamedTuple

from absl import flags


class OwnRun(NamedTuple):
    """A run of a model's own.

    Attributes:
        dataset: as in `--dataset`.
        steps, batch_size, eval_every: as in the flags; None leaves the binary's default.
        set: hyper-parameters, as in `--set`.
        binarization: as in `--binarization`; None leaves the binary's default.
    """

    dataset: str
    steps: int | None = None
    batch_size: int | None = None
    eval_every: int | None = None
    set: tuple[str, ...] = ()
    binarization: str | None = None


OWN_RUNS: dict[str, OwnRun] = {
    "pix2pix": OwnRun("outlines"),
    "cyclegan": OwnRun("colour_worlds"),
    "text_to_image": OwnRun("sprites"),
    "srgan": OwnRun("pictures"),
    # A Pearson ratio of sharp images dies: r is 0 everywhere, and nothing moves it.
    "b_gan": OwnRun(
        "digits",
        steps=6000,
        eval_every=1500,
        set=(
            "divergence=gan",
            "generator_divergence=reverse_kl",
            "learning_rate=5e-4",
            "latent_dim=32",
        ),
    ),
    "bs_gan": OwnRun(
        "digits",
        steps=6000,
        eval_every=1500,
        set=("num_draws=10", "learning_rate=5e-4", "latent_dim=32"),
        binarization="threshold",
    ),
    "began": OwnRun(
        "digits",
        steps=10000,
        eval_every=2500,
        set=(
            "controller_rate=0.02",
            "learning_rate=5e-4",
            "diversity_ratio=0.7",
            "hidden=128,128",
            "latent_dim=32",
        ),
    ),
}


def apply() -> None:
    """Makes the own run of `--model` the default of every flag that is not given.

    Where `--dataset` is given nothing changes. What `--set` says comes after the run's own.
    """
    given = flags.FLAGS
    own = OWN_RUNS.get(given.model)
    if own is None or given["dataset"].present:
        return
    values: dict[str, Any] = own._asdict()
    options = values.pop("set")
    for name, value in values.items():
        if value is not None and not given[name].present:
            given.set_default(name, value)
    if options and not given.figure and "help" not in given["set"].value:
        given["set"].value = [*options, *given["set"].value]
