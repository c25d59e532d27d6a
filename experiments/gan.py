r"""Trains an adversarial model, compares its samples with the data and draws what it learned.

python -m experiments.gan                               trains on digits, in runs/gan_digits
python -m experiments.gan --list_models                 lists the others
python -m experiments.gan --set help                    lists the hyper-parameters
python -m experiments.gan --model=wgan_gp --dataset=ring          points of the plane, as they move
python -m experiments.gan --dataset=ring --set latent_dim=2 --set hidden=64,64 --set first_moment=0 \
    --set learning_rate=5e-4 --set discriminator_learning_rate=1e-3 --batch_size=128 --steps=4000
                                                        all eight; with the defaults a gan collapses
python -m experiments.gan --model=sngan --dataset=file:cifar.npz --flip
python -m experiments.gan --figure=truncation           draws of that run again, trains nothing
python -m experiments.gan --features=weights.npz        FID as it is published, by Inception's weights

Images keep their grey (--binarization=none). A run writes samples/*.png at fixed latents as it goes on,
samples/training.gif of them, valid/fid and valid/kid in metrics.jsonl, and test/fid and its like in
results.json: by the judge, a classifier that is trained on the set once and kept. Warnings on stderr
tell of collapse, of a discriminator too strong to teach, and of divergence. The same command goes on
where a run was stopped. See experiments.vae for what else is in its folder.
"""

from absl import flags

from experiments import command, own_runs, train, watch


def define() -> None:
    """Defines the flags."""
    train.define("gan", model="gan", steps=10_000, batch_size=64)
    flags.FLAGS.set_default("binarization", "none")
    watch.define()


def main() -> None:
    """Carries out what the flags ask for, on the model's own data where they name none."""
    own_runs.apply()
    train.main("gan")


if __name__ == "__main__":
    command.run(define, main)
