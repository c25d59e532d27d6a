"""Noise by its moments and its extremes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoencoders import corruption

KEY = jax.random.key(0)
X = jnp.full((100, 1000), 0.4)


def test_gaussian_has_the_deviation_and_is_not_clipped():
    noise = np.asarray(corruption.gaussian(KEY, X, 0.5) - X)
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 0.5) < 0.01
    assert (X + noise).min() < 0 and (X + noise).max() > 1
    np.testing.assert_array_equal(corruption.gaussian(KEY, X, 0.0), X)


def test_masking_sets_a_share_to_zero():
    spoilt = np.asarray(corruption.masking(KEY, X, 0.25))
    assert abs((spoilt == 0).mean() - 0.25) < 0.005
    assert (spoilt[spoilt != 0] == np.float32(0.4)).all()
    np.testing.assert_array_equal(corruption.masking(KEY, X, 0.0), X)
    assert (corruption.masking(KEY, X, 1.0) == 0).all()


def test_salt_and_pepper_set_a_share_to_both_ends():
    spoilt = np.asarray(corruption.salt_and_pepper(KEY, X, 0.3))
    assert abs((spoilt == 0).mean() - 0.15) < 0.005 and abs((spoilt == 1).mean() - 0.15) < 0.005
    np.testing.assert_array_equal(corruption.salt_and_pepper(KEY, X, 0.0), X)
    assert set(np.unique(corruption.salt_and_pepper(KEY, X, 1.0))) == {0.0, 1.0}


def test_names_and_levels_that_are_none():
    with pytest.raises(ValueError, match="one of gaussian, masking, salt_and_pepper, got 'blur'"):
        corruption.find("blur", 0.1)
    with pytest.raises(ValueError, match=r"from 0 to 1 for corruption 'masking', got 1\.5"):
        corruption.find("masking", 1.5)
    with pytest.raises(ValueError, match="from 0 to inf for corruption 'gaussian', got -1"):
        corruption.find("gaussian", -1.0)
    assert corruption.find("gaussian", 3.0) is corruption.gaussian
