"""Age-cGAN on digits at three contrasts: whose digit it is stays, and the contrast is the asked one."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import LogisticRegression

from genjax import data
from genjax.core import Spec
from genjax.gan import age_cgan
from tests.acceptance.rounds import drawing, play

SEEDS = 2
CONTRASTS = np.array([1.0, 0.7, 0.4], np.float32)  # the ages
SPEC = Spec((8, 8, 1), None, 3, {"identity": (10,)})
SEARCHES = {
    "encoder": {"search_steps": 0},
    "pixels": {"search": "pixels"},
    "identity": {"search": "identity"},
}
ROUNDS = (400, 2400, 1600)  # of the three stages


def aged(digits, split):
    """Every digit at every contrast: its image, its contrast as `label`, its class as `identity`."""
    batch = digits.eval_transform(None, split.arrays())
    x = np.concatenate([np.asarray(batch["image"]) * contrast for contrast in CONTRASTS])
    label = np.repeat(np.arange(3, dtype=np.int32), len(batch["label"]))
    return {"image": x, "label": label, "identity": np.eye(10)[np.tile(batch["label"], 3)]}


def test_the_identity_survives_another_age_and_best_by_the_identity_preserving_search():
    """By logistic regressions of real digits; means of two seeds, of the digits asked for another age.

    Measured: identity 0.89 and 0.86 by the identity-preserving search, 0.74 and 0.61 by that of pixels,
    0.73 and 0.49 by the encoder alone, as the paper orders them; the age is the asked one of 0.89 and
    0.83. Sees a discriminator that is not told the age (0.08).
    """
    digits = data.load("digits", binarization="none")
    train, test = aged(digits, digits.train), aged(digits, digits.test)
    flat = lambda x: np.asarray(x).reshape(-1, 64)
    who = lambda rows: rows["identity"].argmax(1)
    fit = lambda x, label: LogisticRegression(max_iter=2000, C=10).fit(x, label)
    person, age = fit(flat(train["image"]), who(train)), fit(flat(train["image"]), train["label"])
    x, own = jnp.asarray(test["image"], jnp.float32), jnp.asarray(test["label"])
    target = (own + 1 + jnp.arange(len(own)) % 2) % 3  # another age for each
    draw = drawing(train, 64, lambda key, rows: rows)

    def curriculum(**options):
        return age_cgan(SPEC, latent_dim=16, hidden=(96, 96), **options)

    def one(key):
        state, found = None, {}
        for number, (stage, rounds) in enumerate(zip(curriculum(), ROUNDS, strict=True)):
            key_stage = jax.random.fold_in(key, number)
            if number:
                state = stage.enter(key_stage, state)
            state = play(stage.model, state, key_stage, rounds, draw)
        for name, options in SEARCHES.items():
            model = curriculum(**options)[-1].model
            z, _ = model.search(key, state.variables, x, own)
            found[name] = model.decode(None, state.variables, z, target)
        return found

    found = jax.device_get(jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), SEEDS)))
    same, asked = {}, {}
    for name, drawn in found.items():
        same[name] = [person.score(flat(each), who(test)) for each in drawn]
        asked[name] = [age.score(flat(each), target) for each in drawn]
        print(f"{name}: identity {np.round(same[name], 3)}, age {np.round(asked[name], 3)}")
    same, asked = ({name: np.mean(v) for name, v in each.items()} for each in (same, asked))
    assert same["identity"] >= same["encoder"] + 0.03
    assert same["identity"] > same["pixels"]
    assert asked["identity"] >= 0.75
