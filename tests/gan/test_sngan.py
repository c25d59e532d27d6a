"""SNGAN's networks by the paper's tables, its schedule, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import sngan

KEY = jax.random.key(0)


def test_networks_for_32_pixels_are_the_papers():
    """Parameters counted by hand from table 4: dense, three blocks, norm, 3x3; four blocks, head."""
    model = sngan(Spec((32, 32, 3), 256))
    state = jax.eval_shape(model.init, KEY, {"image": jnp.zeros((2, 32, 32, 3))})
    count = lambda name: sum(
        int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(state.variables[name]["params"])
    )
    conv = lambda size, inputs, outputs: size**2 * inputs * outputs + outputs
    block = 4 * 256 + 2 * conv(3, 256, 256) + conv(1, 256, 256)
    expected = 129 * 4096 + 3 * block + 2 * 256 + conv(3, 256, 3)
    assert count("generator") == expected == 4_276_739
    first = conv(3, 3, 128) + conv(3, 128, 128) + conv(1, 3, 128)
    expected = first + 6 * conv(3, 128, 128) + conv(1, 128, 128) + 129
    assert count("discriminator") == expected
    assert "spectral" in state.variables["discriminator"]
    assert "spectral" not in state.variables["generator"]


def test_rates_fall_to_0_together():
    """After `decay_rounds` rounds of three turns neither network moves; before that both do."""
    model = sngan(Spec((2,)), hidden=(4,), latent_dim=2, discriminator_turns=3, decay_rounds=2)
    batches = {"vector": jax.random.normal(KEY, (3, 8, 2))}
    state, update = (
        jax.jit(model.init)(KEY, {"vector": batches["vector"][0]}),
        jax.jit(model.update),
    )
    moves = []
    for _ in range(3):
        before = state.variables
        state, _ = update(KEY, state, batches)
        moved = lambda name, before=before, state=state: max(
            float(np.abs(new - old).max())
            for new, old in zip(
                jax.tree.leaves(state.variables[name]["params"]),
                jax.tree.leaves(before[name]["params"]),
                strict=True,
            )
        )
        moves.append((moved("generator"), moved("discriminator")))
    assert min(moves[0] + moves[1]) > 0 and moves[2] == (0.0, 0.0)


def test_what_it_refuses():
    with pytest.raises(ValueError, match="conditional sngan needs labels"):
        sngan(Spec((8, 8, 1), 2), conditional=True)
    with pytest.raises(ValueError, match="images or vectors, and these examples are sequence"):
        sngan(Spec((5, 2)))
