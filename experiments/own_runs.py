"""What a model trains on, how long and with which options, where no flag names a data set.

Hyper-parameters default to the papers'; what a model needs besides to be seen working on two cores in
minutes stands here.
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
    "ali": OwnRun(
        "digits",
        steps=4000,
        set=(
            "latent_dim=16",
            "norm=none",
            "input_dropout_rate=0",
            "dropout_rate=0.2",
            "learning_rate=5e-4",
            "ema_decay=0.999",
        ),
    ),
    "bigan": OwnRun(
        "digits",
        steps=5000,
        set=(
            "latent_dim=16",
            "norm=none",
            "dropout_rate=0.2",
            "learning_rate=5e-4",
            "ema_decay=0.999",
        ),
    ),
    "aegan": OwnRun(
        "digits",
        steps=8000,
        set=("latent_dim=16", "hidden=128,128", "gan_rounds=4000", "learning_rate=1e-3"),
    ),
    "anogan": OwnRun("scans", steps=4000, eval_every=1000, set=("latent_dim=16", "width=16")),
    "cvae_gan": OwnRun(
        "digits",
        steps=4000,
        eval_every=1000,
        set=("latent_dim=16", "kl_weight=1", "hidden=128,128", "learning_rate=1e-3"),
    ),
    "age_cgan": OwnRun(
        "faces",
        steps=5000,
        eval_every=1000,
        set=("latent_dim=32", "identity_rounds=600", "adversarial_rounds=3000"),
    ),
    # With dynamic labels two digits of ten are missing.
    "am_gan": OwnRun(
        "digits",
        steps=5000,
        eval_every=1000,
        set=(
            "labelling=predefined",
            "hidden=128,128",
            "latent_dim=32",
            "dropout_rate=0",
            "learning_rate=1e-3",
        ),
    ),
    "artgan": OwnRun(
        "digits",
        steps=5000,
        eval_every=1000,
        set=("hidden=128,128", "learning_rate=1e-3"),
    ),
    "catgan": OwnRun(
        "digits",
        steps=10000,
        batch_size=100,
        eval_every=1000,
        set=("hidden=128,128", "latent_dim=32", "learning_rate=5e-4"),
    ),
    "ccgan": OwnRun(
        "digits",
        steps=5000,
        eval_every=1000,
        set=("hidden=128,128", "labels_per_class=5", "learning_rate=5e-4"),
    ),
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
    # A generator that is too weak for the ring alone.
    "adagan": OwnRun(
        "ring",
        steps=4000,
        batch_size=64,
        eval_every=2000,
        set=(
            "num_components=3",
            "component_rounds=1000",
            "classifier_rounds=500",
            "latent_dim=2",
            "hidden=64,64",
            "learning_rate=1e-3",
            "discriminator_learning_rate=2e-3",
            "classifier_learning_rate=2e-3",
        ),
    ),
    "bayesian_gan": OwnRun(
        "ring",
        steps=3000,
        batch_size=64,
        eval_every=1000,
        set=(
            "latent_dim=2",
            "hidden=64,64",
            "num_examples=16000",
            "num_generators=2",
            "warmup_rounds=1000",
            "warmup_rate=1e-3",
            "warmup_moment=0",
        ),
    ),
    "lfvi": OwnRun(
        "line",
        steps=6000,
        batch_size=40,
        eval_every=2000,
        set=(
            "simulator=line",
            "hidden=32",
            "learning_rate=2e-3",
            "ratio_learning_rate=5e-3",
            "ema_decay=0.998",
        ),
    ),
    "cs_gan": OwnRun(
        "toy_translation",
        steps=300,
        batch_size=64,
        eval_every=100,
        set=(
            "embedding_dim=32",
            "width=48",
            "windows=1,2,3",
            "maps=24",
            "pretraining_rounds=60",
            "discriminator_rounds=40",
            "discriminator_turns=1",
            "num_rollouts=4",
            "pretraining_learning_rate=3e-3",
            "learning_rate=3e-4",
            "discriminator_learning_rate=1e-3",
        ),
    ),
    "affgan": OwnRun(
        "sprites",
        steps=1500,
        batch_size=32,
        eval_every=500,
        set=(
            "guide=adversarial",
            "num_blocks=2",
            "channels=16",
            "discriminator_turns=1",
            "noise_rounds=1000",
            "learning_rate=1e-3",
        ),
    ),
    "c_rnn_gan": OwnRun(
        "melodies",
        steps=1300,
        batch_size=128,
        eval_every=400,
        set=(
            "hidden=48",
            "num_layers=1",
            "cell=gru",
            "optimizer=adam",
            "learning_rate=3e-4",
            "discriminator_learning_rate=1e-3",
            "pretraining_learning_rate=3e-3",
            "pretraining_rounds=400",
            "minibatch_kernels=4",
            "ema_decay=0.995",
        ),
    ),
    "context_rnn_gan": OwnRun(
        "progressions",
        steps=2000,
        batch_size=64,
        eval_every=500,
        set=("hidden=96", "discriminator_hidden=64"),
    ),
    "calogan": OwnRun(
        "showers",
        steps=2000,
        batch_size=32,
        eval_every=1000,
        set=(
            "latent_dim=128",
            "architecture=mlp",
            "kernels=4,4",
            "learning_rate=1e-3",
            "discriminator_learning_rate=1e-3",
        ),
    ),
    "al_cgan": OwnRun(
        "scenes",
        steps=1500,
        batch_size=32,
        eval_every=500,
        set=("width=16", "latent_dim=8", "learning_rate=2e-3", "ema_decay=0.98"),
    ),
    "gan_3d": OwnRun(
        "voxels",
        steps=5000,
        batch_size=32,
        eval_every=1000,
        set=(
            "architecture=mlp",
            "learning_rate=1e-3",
            "discriminator_learning_rate=1e-3",
            "ema_decay=0.998",
        ),
    ),
    "cogan": OwnRun(
        "digit_negatives",
        steps=3000,
        batch_size=32,
        eval_every=1500,
        set=(
            "latent_dim=16",
            "prior=normal",
            "width=16",
            "learning_rate=1e-3",
            "ema_decay=0.99",
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
