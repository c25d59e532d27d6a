"""Spectral normalisation of a random kernel, the slowest case, against NumPy's SVD."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import SpectralConv


@pytest.mark.parametrize("channels", [(4, 4), (16, 32), (32, 8)])
def test_training_passes_find_the_largest_singular_value(channels):
    """sigma of the kernel as used is 1 to .05 after 20 passes and to .005 after 100; never below 1.

    The kernel as used is read from the layer's answer to one-hot images. Sees a kernel reshaped along
    the wrong axis (its singular value is another), a vector that does not move or moves by evaluation.
    """
    inputs, outputs = channels
    layer = SpectralConv(outputs, use_bias=False)
    probes = np.zeros((9 * inputs, 3, 3, inputs), np.float32)
    for row, (place, channel) in enumerate(np.ndindex(9, inputs)):
        probes[row, place // 3, place % 3, channel] = 1
    x = jnp.asarray(probes)
    small = jnp.zeros((1, 3, 3, inputs))

    @jax.jit
    def run(key):
        start = layer.init(key, small, train=False)

        def train(variables, _):
            _, moved = layer.apply(variables, small, train=True, mutable=["spectral"])
            return {**variables, **moved}, None

        after_20, _ = jax.lax.scan(train, start, length=20)
        after_100, _ = jax.lax.scan(train, after_20, length=80)
        # The middle of the answer to a one-hot image is one row of the kernel.
        rows = lambda variables: layer.apply(variables, x, train=False)[:, 1, 1]
        return rows(after_20), rows(after_100), start["params"]["kernel"]

    *found, kernel = run(jax.random.key(3))
    values = [float(np.linalg.svd(np.asarray(rows, np.float64))[1][0]) for rows in found]
    print(
        f"sigma of the kernel as used: {values[0]:.4f} after 20 passes, {values[1]:.4f} after 100"
    )
    assert 1 - 1e-5 < values[0] < 1.05 and 1 - 1e-5 < values[1] < 1.005
    direct = np.asarray(kernel, np.float64).reshape(9 * inputs, outputs)
    np.testing.assert_allclose(
        found[1], direct / np.linalg.svd(direct)[1][0], rtol=0.005, atol=1e-6
    )
