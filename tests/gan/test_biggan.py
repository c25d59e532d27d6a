"""BigGAN's standing statistics, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import biggan

KEY = jax.random.key(0)
SPEC = Spec((8, 8, 1), 17, 3)


def test_samples_do_not_hang_on_running_statistics():
    """Statistics are made for the draws: training's are not looked at, narrow draws' are other ones."""
    model = biggan(SPEC, width=2, chunk_dim=3, embedding_dim=4, standing_batches=2)
    label = jnp.array([0, 1, 2, 0])
    batch = {"image": jnp.zeros((4, 8, 8, 1)), "label": label}
    variables = jax.jit(lambda key: model.init(key, batch).variables)(KEY)
    moved = jax.tree.map(lambda leaf: leaf + 7.0, variables["generator"]["batch_stats"])
    spoilt = {**variables, "generator": {**variables["generator"], "batch_stats": moved}}
    narrow = jnp.clip(jax.random.normal(KEY, (4, 6)), -0.5, 0.5)
    wide = narrow.at[3].set(4.0)
    decode = jax.jit(lambda variables, z: model.decode(KEY, variables, z, label)[:3])
    found = decode(variables, narrow)
    assert found.std() > 0.01 and found.min() >= 0 and found.max() <= 1
    np.testing.assert_array_equal(found, decode(spoilt, narrow))
    assert np.abs(found - decode(variables, wide)).max() > 1e-3


def test_what_it_refuses():
    with pytest.raises(ValueError, match=r"needs images with labels, .* are image without labels"):
        biggan(Spec((8, 8, 1), 2))
    with pytest.raises(ValueError, match=r"needs images with labels, .* are vector$"):
        biggan(Spec((5,), 2, 3))
    with pytest.raises(ValueError, match="truncation must be positive, or none, got 0"):
        biggan(SPEC, truncation=0.0)
