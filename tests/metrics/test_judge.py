"""The judge: what it learns, that a key fixes it, and that a file gives back the same one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.metrics import judged, load_judge, save_judge, train_judge
from genjax.metrics.judge import JudgeNet, digest, padded

KEY = jax.random.key(0)
SHORT = {"steps": 60, "batch_size": 32, "learning_rate": 1e-2}


def stripes(num, seed, height=8, width=8):
    """Images with a bright row (of 3 places) and a bright column (of 2), in noise; and which ones."""
    rng = np.random.default_rng(seed)
    row, column = rng.integers(0, 3, num), rng.integers(0, 2, num)
    images = 0.2 * rng.uniform(size=(num, height, width, 1))
    images[np.arange(num), 1 + 2 * row] += 0.5
    images[np.arange(num), :, 2 + 3 * column] += 0.3
    return images.astype(np.float32), {"row": row, "column": column}


@pytest.fixture(scope="module")
def judge():
    return train_judge(KEY, *stripes(300, 0), *stripes(100, 1), **SHORT)


def test_it_names_several_factors_at_once(judge):
    """What it states is the share of right answers on what it was not shown."""
    assert set(judge.accuracy) == {"row", "column"} and min(judge.accuracy.values()) > 0.95
    images, truth = stripes(250, 2)
    found = judged(judge, images, batch_size=100)  # the last minibatch is half full
    assert found.features.shape == (250, 64)
    for name, num in judge.num_classes.items():
        p = found.probabilities[name]
        assert p.shape == (250, num)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        assert (p.argmax(axis=1) == truth[name]).mean() > 0.95
    assert np.square(found.features).mean() == pytest.approx(1, rel=0.1)
    np.testing.assert_allclose(judge.features(images[-100:]), found.features[-100:], atol=1e-5)
    logits = judge.logits(images[:100])["row"]
    np.testing.assert_allclose(jax.nn.softmax(logits), found.probabilities["row"][:100], atol=1e-5)
    held_out, answers = stripes(100, 1)
    right = judged(judge, held_out).probabilities["row"].argmax(axis=1) == answers["row"]
    assert judge.accuracy["row"] == right.mean()


def test_it_is_fixed_by_its_key_and_stamped(judge):
    again = train_judge(KEY, *stripes(300, 0), *stripes(100, 1), **SHORT)
    jax.tree.map(np.testing.assert_array_equal, again.variables, judge.variables)
    assert again.version == judge.version
    assert judge.version.startswith("genjax-judge-1 row:3,column:2 8x8x1 ")
    changed = jax.tree.map(lambda leaf: leaf + (leaf.ndim == 4) * np.float32(1e-6), judge.variables)
    assert digest(changed) != digest(judge.variables) == judge.version.split()[-1]


def test_a_file_gives_it_back(judge, tmp_path):
    path = tmp_path / "judge.npz"
    save_judge(path, judge)
    assert [file.name for file in tmp_path.iterdir()] == ["judge.npz"]
    again = load_judge(path)
    assert again.version == judge.version and again.accuracy == judge.accuracy
    images, _ = stripes(100, 3)
    np.testing.assert_array_equal(judged(again, images).features, judged(judge, images).features)


def test_a_file_is_whole_or_refused(judge, tmp_path, monkeypatch):
    path = tmp_path / "judge.npz"
    save_judge(path, judge)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        save_judge(path, judge)
    monkeypatch.undo()
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
    path.write_bytes(before[:-100])
    with pytest.raises(ValueError, match="train one anew"):
        load_judge(path)
    with pytest.raises(ValueError, match="train one anew"):
        load_judge(tmp_path / "none.npz")
    with np.load(_written(path, before)) as file:
        arrays = dict(file)
    arrays["params/Dense_0/bias"] = arrays["params/Dense_0/bias"] + 1
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="train one anew"):
        load_judge(path)


def _written(path, content):
    path.write_bytes(content)
    return path


def test_images_without_labels_are_told_by_their_rotation(tmp_path):
    """Of images that are no squares, whose bright row is never in the middle."""
    images, _ = stripes(300, 0, height=8, width=6)
    judge = train_judge(KEY, images, None, stripes(60, 1, height=8, width=6)[0], None, **SHORT)
    assert judge.accuracy["rotation"] > 0.6 and "rotation:4 8x6x1" in judge.version
    for turns in range(4):
        logits = judge.logits(np.rot90(images[:100], turns, axes=(1, 2)))["rotation"]
        assert (logits.argmax(axis=1) == turns).mean() > 0.5
    features = judged(judge, images[:20]).features
    save_judge(tmp_path / "judge.npz", judge)
    again = judged(load_judge(tmp_path / "judge.npz"), images[:20]).features
    np.testing.assert_array_equal(again, features)


def test_vectors():
    rng = np.random.default_rng(0)
    x = 100 + 50 * rng.normal(size=(400, 2)).astype(np.float32)
    label = (x[:, 0] > 100).astype(int) + 2 * (x[:, 1] > 100)
    judge = train_judge(KEY, x[:300], label[:300], x[300:], label[300:], **SHORT)
    assert judge.accuracy["label"] > 0.9 and judge.num_classes == {"label": 4}


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (64, 64, 3), (160, 90, 3), (5, 3)])
def test_every_shape_has_features(shape):
    module = JudgeNet((("label", 7),))
    init = lambda key: module.init_with_output(key, jnp.zeros((2, *shape)))
    (features, logits), _ = jax.eval_shape(init, KEY)
    assert features.shape == (2, 64) and logits["label"].shape == (2, 7)


def test_padding_is_even():
    image = padded(jnp.ones((1, 2, 5, 1)))[0, ..., 0]
    np.testing.assert_array_equal(image.sum(axis=1), [0, 5, 5, 0, 0])


@pytest.mark.parametrize(
    "examples, labels, held_labels, message",
    [
        (np.zeros((8, 3), np.float32), None, None, "only images can be rotated"),
        (np.zeros((8, 3), np.uint8), np.zeros(8, int), np.zeros(8, int), "are floats"),
        (
            np.zeros((8, 3), np.float32),
            np.zeros(7, int),
            np.zeros(8, int),
            r"integers from 0, \[8\]",
        ),
        (np.zeros((8, 3), np.float32), np.zeros(8), np.zeros(8), "integers from 0"),
        (np.zeros((8, 3), np.float32), {"a": np.zeros(8, int)}, np.zeros(8, int), r"\['a'\]"),
        (np.zeros((8, 3), np.float32), {}, {}, "no factor"),
    ],
)
def test_what_cannot_be_learned_is_refused(examples, labels, held_labels, message):
    with pytest.raises(ValueError, match=message):
        train_judge(KEY, examples, labels, examples, held_labels, **SHORT)


def test_examples_of_another_shape_are_refused(judge):
    with pytest.raises(ValueError, match="this judge is of"):
        judged(judge, np.zeros((3, 9, 9, 1), np.float32))
