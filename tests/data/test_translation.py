"""The toy language pair: its rule by hand, and that no source is in two splits."""

import jax
import numpy as np
import pytest

from genjax.core.spec import Spec
from genjax.data import caption_to_text, load, translation


def test_the_rule_by_hand():
    """d e a -> counterparts of a, e, d, and the suffix that agrees with a."""
    text = np.stack([caption_to_text(words, 6) for words in ("dea", "aabbgh", "fff")])
    target = translation.translate(text)
    assert translation.symbols(target) == ["DEH+", "FCGGDD+", "AAA+"]
    np.testing.assert_array_equal(target[0], [4, 5, 8, 9, 0, 0, 0, 0])
    for words in ("xyz", ""):
        with pytest.raises(ValueError, match="a source has words 'abcdefgh', got"):
            translation.translate(caption_to_text(words, 6)[None])


def test_rows_are_pairs_and_splits_share_no_source():
    dataset = load("toy_translation")
    assert dataset.spec == Spec((8, 11), 2, None, {"text": (6,)})
    rows = np.arange(50, dtype=np.int32)
    batch = jax.jit(dataset.eval_transform)(
        jax.random.key(0), {**dataset.test[rows], "index": rows}
    )
    assert {name: each.shape for name, each in batch.items()} == {
        "text": (50, 6),
        "sequence": (50, 8, 11),
        "index": (50,),
    }
    assert batch["text"].dtype == np.int32 and batch["sequence"].dtype == np.float32
    tokens = np.asarray(batch["sequence"].argmax(-1))
    np.testing.assert_array_equal(tokens, translation.translate(np.asarray(batch["text"])))
    assert len(set(map(len, translation.symbols(tokens)))) > 1  # of several lengths
    every = np.concatenate([source.arrays()["text"] for source in dataset[2:5]])
    assert len(np.unique(every, axis=0)) == len(every) == 9728
    with pytest.raises(ValueError, match="toy_translation holds sentences"):
        load("toy_translation", image_size=8)
