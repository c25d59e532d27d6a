import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax import nets

KEY = jax.random.key(0)
A, B = jax.random.normal(KEY, (2, 4, 16))


def test_densities_are_scipys():
    z = np.asarray(A)
    found = nets.normal_noise(16).log_prob(A)
    np.testing.assert_allclose(found, stats.norm.logpdf(z).sum(1), rtol=1e-5)
    inside = nets.uniform_noise(2, -1.0, 3.0).log_prob(jnp.array([[0.0, 2.0], [0.0, 4.0]]))
    np.testing.assert_allclose(inside, [2 * np.log(0.25), -np.inf])
    by_name = nets.named_noise("uniform", 3).log_prob(jnp.array([[-0.9, 0.0, 0.9]]))
    np.testing.assert_allclose(by_name, [-3 * np.log(2)], rtol=1e-6)  # in [-1, 1]
    category = nets.categorical_noise(10).log_prob(jnp.eye(10))
    np.testing.assert_allclose(category, np.full(10, -np.log(10)), rtol=1e-6)


def test_draws_are_of_their_kind():
    z = nets.uniform_noise(3, -1.0, 1.0).sample(KEY, 4000)
    assert float(z.min()) >= -1 and float(z.max()) <= 1 and abs(float(z.std()) - 3**-0.5) < 0.01
    counts = nets.categorical_noise(4).sample(KEY, 4000).sum(0)
    assert counts.sum() == 4000 and np.abs(counts - 1000).max() < 4 * np.sqrt(750)


def test_truncation_leaves_out_the_tails():
    """The standard deviation of N(0, 1) cut at .5 is .2837 (SciPy)."""
    z = nets.normal_noise(8).truncated(KEY, 4000, 0.5)
    assert float(jnp.abs(z).max()) <= 0.5
    np.testing.assert_allclose(z.std(), stats.truncnorm(-0.5, 0.5).std(), rtol=0.02)


def test_the_great_circle_meets_its_ends_keeps_the_norm_and_turns_evenly():
    unit = lambda x: x / jnp.linalg.norm(x, axis=-1, keepdims=True)
    a, b = unit(A), unit(B)
    np.testing.assert_allclose(nets.slerp(A, B, 0.0), A, atol=1e-5)
    np.testing.assert_allclose(nets.slerp(A, B, 1.0), B, atol=1e-5)
    path = [nets.slerp(a, b, w) for w in np.linspace(0, 1, 5)]
    for point in path:
        np.testing.assert_allclose(jnp.linalg.norm(point, axis=-1), np.ones(4), rtol=1e-5)
    angles = [np.arccos((p * q).sum(-1)) for p, q in itertools.pairwise(path)]
    np.testing.assert_allclose(angles[1:], [angles[0]] * 3, rtol=1e-3)


def test_parallel_vectors_have_a_path_and_a_gradient():
    np.testing.assert_allclose(nets.slerp(A, 2 * A, 0.5), 1.5 * A, rtol=1e-4)
    slope = jax.grad(lambda w: nets.slerp(A, A, w).sum())(0.5)
    assert np.isfinite(slope)


def test_parts_side_by_side():
    """InfoGAN's latents: drawn, taken apart and interpolated part by part."""
    parts = [nets.normal_noise(5), nets.categorical_noise(3), nets.uniform_noise(2)]
    both = nets.joint_noise(*parts)
    z = both.sample(KEY, 6)
    split = nets.split_noise(z, [5, 3, 2])
    assert [part.shape for part in split] == [(6, 5), (6, 3), (6, 2)]
    np.testing.assert_array_equal(split[1].sum(1), np.ones(6))
    wanted = sum(part.log_prob(each) for part, each in zip(parts, split, strict=True))
    np.testing.assert_allclose(both.log_prob(z), wanted, rtol=1e-6)
    middle = nets.split_noise(both.interpolate(z[:3], z[3:], 0.4), [5, 3, 2])
    np.testing.assert_array_equal(middle[1], split[1][:3])
    np.testing.assert_allclose(middle[2], 0.6 * split[2][:3] + 0.4 * split[2][3:], rtol=1e-5)


def test_mistakes_are_refused():
    with pytest.raises(ValueError, match="prior must be one of normal, uniform"):
        nets.named_noise("gauss", 2)
    with pytest.raises(ValueError, match="at least 1 number"):
        nets.normal_noise(0)
    with pytest.raises(ValueError, match="from low to high"):
        nets.uniform_noise(2, 1.0, -1.0)
    with pytest.raises(ValueError, match="make 4, z has 16"):
        nets.split_noise(A, [2, 2])
