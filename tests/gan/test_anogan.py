"""anogan: the score by hand, one example at a time, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import anogan
from genjax.gan.anogan import distance
from tests.gan.images import KEY, images

SPEC = Spec((12, 12, 1), 256)
X = images((3, 12, 12, 1))
SMALL = {"latent_dim": 3, "width": 2, "architecture": "dcgan"}


def state_of(model):
    return jax.jit(model.init)(KEY, {"image": X})


def test_distance():
    a, b = np.array([[[1.0, -2.0]], [[0.0, 3.0]]]), np.array([[[0.0, 0.0]], [[1.0, 1.0]]])
    np.testing.assert_array_equal(distance(jnp.asarray(a), jnp.asarray(b)), [3.0, 3.0])


def test_the_score_is_the_two_sums_at_the_last_z():
    """Of pixels in [-1, 1] and of D's features, by the weights of lambda alone: 0, 1, 0.25."""
    made = {w: anogan(SPEC, feature_weight=w, search_steps=0, **SMALL) for w in (0.0, 0.25, 1.0)}
    variables = state_of(made[0.0]).variables
    (z, pixels), (_, mixed), (_, seen) = (
        jax.jit(model.search)(KEY, variables, X) for model in made.values()
    )
    drawn = made[0.0].decode(None, variables, z)  # in [0, 1]
    np.testing.assert_allclose(pixels, 2 * np.abs(X - drawn).sum((1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(mixed, 0.75 * pixels + 0.25 * seen, rtol=1e-5)
    assert (seen > 0).all()


def test_a_search_lowers_the_score_of_each_example_by_itself_and_stays_in_the_prior():
    """Beside others as beside black images: neither batch statistics nor z are shared."""
    model, plain = (anogan(SPEC, search_steps=n, **SMALL) for n in (40, 0))
    variables = state_of(model).variables
    search = jax.jit(model.search)
    z, left = search(KEY, variables, X)
    assert (left < jax.jit(plain.search)(KEY, variables, X)[1]).all()
    assert (jnp.abs(z) <= 1).all() and z.std(0).min() > 0
    other_z, other = search(KEY, variables, X.at[1:].set(0.0))
    np.testing.assert_allclose(other[0], left[0], rtol=1e-4)
    np.testing.assert_allclose(other_z[0], z[0], atol=1e-3)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"feature_weight must lie in \[0, 1\], got 2"):
        anogan(SPEC, feature_weight=2.0)
