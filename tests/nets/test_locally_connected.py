"""A kernel at every place, against sums by hand and linen's layer."""

import flax.linen as nn
import jax
import numpy as np
import pytest

from genjax.nets import Conv, LocallyConnected, window_patches

KEY = jax.random.key(0)
X = np.asarray(jax.random.normal(KEY, (2, 5, 6, 3)))


def test_each_place_has_its_own_product():
    layer = LocallyConnected(4, (3, 2), (2, 1))
    y, variables = layer.init_with_output(KEY, X)
    kernel = variables["params"]["kernel"]
    assert kernel.shape == (2, 5, 3 * 2 * 3, 4) and y.shape == (2, 2, 5, 4)
    for i, j in ((0, 0), (1, 4)):
        patch = X[:, 2 * i : 2 * i + 3, j : j + 2].reshape(2, -1)
        np.testing.assert_allclose(y[:, i, j], patch @ kernel[i, j], rtol=1e-4, atol=1e-5)


def test_it_is_linens_layer_with_the_taps_before_the_channels():
    theirs = nn.ConvLocal(4, (3, 2), (2, 1), padding="VALID")
    expected, variables = theirs.init_with_output(KEY, X)
    kernel = variables["params"]["kernel"]  # [H', W', C * taps, F]
    mine = kernel.reshape(2, 5, 3, 6, 4).swapaxes(2, 3).reshape(2, 5, 18, 4)
    params = {"kernel": mine, "bias": variables["params"]["bias"]}
    found = LocallyConnected(4, (3, 2), (2, 1)).apply({"params": params}, X)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_patch_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="patches of 6x2 do not fit"):
        LocallyConnected(4, (6, 2)).init(KEY, X)


def test_a_matrix_times_patches_is_a_convolution():
    layer = Conv(4, (3, 2), (2, 1), padding="VALID", use_bias=False)
    expected, variables = layer.init_with_output(KEY, X)
    kernel = variables["params"]["kernel"].reshape(-1, 4)
    np.testing.assert_allclose(
        window_patches(X, (3, 2), (2, 1)) @ kernel, expected, rtol=1e-4, atol=1e-5
    )
