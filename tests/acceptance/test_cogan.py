"""CoGAN on digits and the negatives of other digits: one z is one digit in both domains."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

from genjax import data
from genjax.gan import cogan
from tests.acceptance.rounds import play

ROUNDS, BATCH = 2000, 32
SMALL = {"latent_dim": 16, "prior": "normal", "width": 16, "learning_rate": 1e-3}


def judge():
    """A logistic regression of real digits."""
    dataset = data.load("digits", binarization="none")
    batch = dataset.eval_transform(jax.random.key(0), dataset.train.arrays())
    return LogisticRegression(max_iter=1000).fit(flat(batch["image"]), batch["label"])


def flat(x):
    """[N, 64]."""
    return np.asarray(x).reshape(len(x), -1)


def paired(rounds, **options):
    """(share of pairs of one label, their L1 over that of pairs that are none, number of labels)."""
    dataset = data.load("digit_negatives")
    known = dataset.eval_transform(jax.random.key(0), dataset.train.arrays())
    known = {name: jnp.asarray(known[name]) for name in ("image", "unpaired")}
    model = cogan(dataset.spec, **SMALL, **options)

    def draw(key):  # each domain in an order of its own
        rows = jax.random.randint(key, (2, BATCH), 0, len(known["image"]))
        return {name: each[at] for (name, each), at in zip(known.items(), rows, strict=True)}

    state = play(model, None, jax.random.key(0), rounds, draw)
    sample = jax.jit(model.sample_pairs, static_argnums=2)
    x, y = sample(jax.random.key(1), state.variables, 1000)
    x, y = flat(x), 1 - flat(y)
    of_pairs, of_none = (np.abs(x - other).mean() for other in (y, np.roll(y, 1, axis=0)))
    judged = judge()
    first, second = judged.predict(x), judged.predict(y)
    agreement, kinds = (first == second).mean(), len(np.unique(first))
    print(
        f"{options}: agreement {agreement:.3f}, L1 {of_pairs:.3f} of {of_none:.3f}, {kinds} labels"
    )
    return agreement, of_pairs / of_none, kinds


def test_one_latent_is_one_digit_in_both_domains_and_not_without_common_layers():
    """Labels of a pair agree in at least .8, its L1 is at most .3 of a chance pair's, all ten appear.

    Measured .911, .028 of .231, 10; with no common layers in the generators .081 and .249 of .243 after
    half the rounds. Which end of the discriminators is common is looked at by the networks' tests.
    """
    agreement, distance, kinds = paired(ROUNDS)
    assert agreement >= 0.8 and distance <= 0.3 and kinds == 10
    agreement, _, _ = paired(ROUNDS // 2, generator_shared=0)
    assert agreement <= 0.2
