"""Trains a variational autoencoder, evaluates it and draws what it learned.

python -m experiments.vae                       trains on digits with two latents, in runs/vae_digits
python -m experiments.vae --figure=manifold     draws of that run again, and trains nothing
python -m experiments.vae --list_models         lists the others
python -m experiments.vae --model=iwae --set num_samples=50
python -m experiments.vae --set help            lists the hyper-parameters
python -m experiments.vae --set latent_dim=10 --workdir=runs/ten
python -m experiments.vae --dataset=file:faces.npz --set likelihood=gaussian
python -m experiments.vae --dataset=mnist --binarization=dynamic --precision=bf16
python -m experiments.vae --num_seeds=5 --workdir=runs/five

The same command goes on where a run was stopped. Its folder then holds config.json, metrics.jsonl,
tensorboard/, checkpoints/, samples/*.png and results.json; experiments.sample and experiments.evaluate
need that folder and nothing else.
"""

from experiments import command, train

if __name__ == "__main__":
    command.run(lambda: train.define("vae", model="vae", steps=10_000), lambda: train.main("vae"))
