"""The text encoder reads order and ignores padding; text joins the image's features at each place."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import ImageTrunk, TextDiscriminator, TextEncoder

KEY = jax.random.key(0)


def codes(*captions, length=18):
    return jnp.asarray([list(c.encode().ljust(length, b"\0")) for c in captions], jnp.int32)


def test_order_counts_and_the_symbol_of_padding_does_not():
    encoder = TextEncoder(5, width=4)
    text = codes("ab cd", "cd ab", "ab cd")
    variables = jax.jit(lambda: encoder.init(KEY, text, train=False))()
    embed = jax.jit(lambda variables: encoder.apply(variables, text, train=False))
    found = embed(variables)
    assert found.shape == (3, 5)
    np.testing.assert_array_equal(found[0], found[2])
    assert np.abs(found[0] - found[1]).max() > 1e-3
    table = variables["params"]["Embed_0"]["embedding"]
    moved = {"params": {**variables["params"], "Embed_0": {"embedding": table.at[0].add(9.0)}}}
    np.testing.assert_array_equal(embed(moved), found)


def test_a_text_of_another_rank_or_too_short_is_refused():
    for text in (codes("a", length=8), codes("a")[0]):
        with pytest.raises(ValueError, match="T at least 9"):
            jax.eval_shape(lambda text=text: TextEncoder(2).init(KEY, text, train=False))


def test_a_discriminators_convolutions_come_before_the_text():
    """The trunk's parameters see the image's channels alone; the joint layer sees both."""
    net = TextDiscriminator(ImageTrunk(width=2), projection=3, joint=5)
    x, t = jnp.zeros((2, 16, 16, 3)), jnp.zeros((2, 7))
    variables = jax.eval_shape(lambda: net.init(KEY, x, t, train=False))
    trunk = variables["params"]["trunk"]
    assert [trunk[f"Conv_{i}"]["kernel"].shape for i in (0, 1)] == [(4, 4, 3, 2), (4, 4, 2, 4)]
    assert variables["params"]["Dense_1"]["kernel"].shape == (4 + 3, 5)
    assert variables["params"]["Dense_2"]["kernel"].shape == (4 * 4 * 5, 1)
