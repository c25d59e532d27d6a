"""Trains an autoregressive model, evaluates it exactly and draws from it.

python -m experiments.autoregressive                      a PixelCNN of the digits, in runs/pixel_cnn_digits
python -m experiments.autoregressive --figure=completions draws of that run again, and trains nothing
python -m experiments.autoregressive --list_models        lists the others
python -m experiments.autoregressive --set help           lists the hyper-parameters

The same command goes on where a run was stopped. See experiments.vae for what is in its folder.
"""

from experiments import command, train

if __name__ == "__main__":
    command.run(
        lambda: train.define("autoregressive", model="pixel_cnn", steps=3000),
        lambda: train.main("autoregressive"),
    )
