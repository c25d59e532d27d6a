"""Training without labels helps where labels are few: digits, 50 labels, five seeds."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax import data
from genjax.autoencoders import denoising_autoencoder
from genjax.tasks import transfer as tasks
from genjax.training import Config, fit


def test_50_labels_are_worth_5_points_more_after_pre_training():
    """The same labelled digits, network, head and optimizer; Vincent et al., 2010, section 6, in small.

    Sees an encoder that fine-tuning starts anew or does not reach (as good as scratch), and labelled
    digits that differ between the two.
    """
    dataset = data.load("digits", binarization="none")
    model = denoising_autoencoder(
        dataset.spec,
        corruption="gaussian",
        noise=0.5,
        hidden=(256, 256),
        activation="sigmoid",
        code_activation="sigmoid",
    )
    fitted = fit(model, dataset, Config(steps=3000, eval_every=3000))
    train, test = (
        jax.device_get(dataset.eval_transform(None, s.arrays()))
        for s in (dataset.train, dataset.test)
    )
    rows = np.stack([tasks.labelled_rows(train["label"], 50, seed) for seed in range(5)])
    assert all((np.bincount(train["label"][each]) == 5).all() for each in rows)
    x, y = train["image"][rows], train["label"][rows]

    def accuracies(fresh):
        def one(key, x, y):
            key_model, key_head = jax.random.split(key)
            start = model.init(key_model, {"image": x}).variables if fresh else learned
            tuned = tasks.fine_tune(model.encode, key_head, start, x, y, 10)
            guess = tasks.logits(model.encode, tuned, jnp.asarray(test["image"])).argmax(-1)
            return (guess == test["label"]).mean()

        keys = jax.random.split(jax.random.key(0), 5)
        return np.asarray(jax.jit(jax.vmap(one))(keys, x, y))

    learned = fitted.state.variables
    tuned, scratch = accuracies(False), accuracies(True)
    print(f"pre-trained {tuned.mean():.4f} {tuned}, from scratch {scratch.mean():.4f} {scratch}")
    assert tuned.mean() - scratch.mean() > 0.05
    assert (tuned > scratch).all()
    assert scratch.mean() > 0.75  # no straw man: chance is 0.1
