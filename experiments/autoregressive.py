"""Trains an autoregressive model, evaluates it exactly and draws from it.

python -m experiments.autoregressive                        trains on digits, in runs/pixel_cnn_digits
python -m experiments.autoregressive --figure=completions   draws of that run again, trains nothing
python -m experiments.autoregressive --list_models          lists the others
python -m experiments.autoregressive --set help             lists the hyper-parameters
python -m experiments.autoregressive --prior_for=runs/vq_vae_digits
                                                            learns the prior of a VQ-VAE's codes

The same command goes on where a run was stopped. See experiments.vae for what is in its folder.
"""

from absl import flags

from experiments import command, train


def define() -> None:
    """Defines the flags."""
    train.define("autoregressive", model="pixel_cnn", steps=3000)
    flags.DEFINE_string(
        "prior_for",
        None,
        "The workdir of a trained vq_vae: learn the prior of its codes, instead of a data set; "
        "experiments.sample then draws whole images.",
    )


if __name__ == "__main__":
    command.run(define, lambda: train.main("autoregressive"))
