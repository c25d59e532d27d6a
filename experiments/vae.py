"""Trains a variational autoencoder, evaluates it and draws what it learned.

python -m experiments.vae                                 digits, two latents: samples and manifold
python -m experiments.vae --figure=manifold               draws again from the trained run
python -m experiments.vae --dataset=file:faces.npz --set likelihood=gaussian
python -m experiments.vae --num_seeds=5 --workdir=runs/five
"""

from experiments import options, train

if __name__ == "__main__":
    train.define("vae", model="vae", steps=10_000)
    options.show_in_help()
    options.run(lambda: train.main("vae"))
