"""The judge of the digits knows them, and every figure by its features says that noise is no digit."""

import jax
import numpy as np

from genjax import data
from genjax.metrics import judged, set_metrics, train_judge


def test_the_judge_knows_digits_and_noise_from_reals():
    """Noise of 0.1, which the eye hardly sees, lies further off than 397 reals from 397 others."""
    digits = data.load("digits", binarization="none")
    batches = [digits.eval_transform(None, split.arrays()) for split in (digits.train, digits.test)]
    (train, train_label), (test, test_label) = (
        (np.asarray(each["image"]), each["label"]) for each in batches
    )
    key = jax.random.key(0)
    judge = train_judge(key, train, train_label, test, test_label, steps=400)
    assert judge.accuracy["label"] >= 0.95
    reals = judged(judge, test)
    others = judged(judge, train[: len(test)])
    of_reals = set_metrics(
        reals.features, others.features, fake_probabilities=others.probabilities["label"]
    )
    print(judge.version, judge.accuracy, "reals", of_reals)
    fids = [of_reals["fid"]]
    for strength in (0.1, 0.3, 1.0):
        noise = strength * np.random.default_rng(0).normal(size=test.shape)
        spoiled = judged(judge, np.clip(train[: len(test)] + noise, 0, 1).astype(np.float32))
        found = set_metrics(
            reals.features, spoiled.features, fake_probabilities=spoiled.probabilities["label"]
        )
        print("noise", strength, found)
        fids.append(found["fid"])
    assert fids == sorted(fids) and fids[-1] > 10 * fids[0]
    assert found["kid"] > of_reals["kid"] + 5 * (found["kid_stderr"] + of_reals["kid_stderr"])
    for name in ("precision", "recall", "density", "coverage", "inception_score"):
        assert found[name] < of_reals[name], name
