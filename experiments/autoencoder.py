"""Trains an autoencoder, evaluates it and draws what it learned.

python -m experiments.autoencoder                           trains on digits, in runs/autoencoder_digits
python -m experiments.autoencoder --list_models             lists the others
python -m experiments.autoencoder --set help                lists the hyper-parameters
python -m experiments.autoencoder --model=denoising_autoencoder --set noise=0.3
python -m experiments.autoencoder --figure=reconstructions  draws of that run again, trains nothing

The digits keep their grey (--binarization=none). The same command goes on where a run was stopped. See
experiments.vae for what is in its folder, and experiments.task for what one does with it.
"""

from absl import flags

from experiments import command, train


def define() -> None:
    """Defines the flags."""
    train.define("autoencoder", model="autoencoder", steps=5000)
    flags.FLAGS.set_default("binarization", "none")


if __name__ == "__main__":
    command.run(define, lambda: train.main("autoencoder"))
