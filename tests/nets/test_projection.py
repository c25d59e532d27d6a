"""The projection head by NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import ProjectionHead, SpectralMlpDiscriminator

KEY = jax.random.key(0)
H = jax.random.normal(KEY, (5, 4))
LABEL = jnp.array([2, 0, 1, 2, 2])


def test_head_by_numpy():
    head = ProjectionHead(3, num_iterations=0)
    found, variables = head.init_with_output(KEY, H, LABEL, train=False)
    linear, table = (variables["params"][name] for name in ("linear", "embedding"))
    rows = np.asarray(table["embedding"])[np.asarray(LABEL)]
    expected = (np.asarray(H) * (np.asarray(linear["kernel"])[:, 0] + rows)).sum(1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_both_parts_are_normalized():
    variables = ProjectionHead(3).init(KEY, H, LABEL, train=False)
    assert set(variables["spectral"]) == {"linear", "embedding"}
    start = lambda: SpectralMlpDiscriminator((3,), 3).init(KEY, H, LABEL, train=False)
    spectral = jax.eval_shape(start)["spectral"]
    assert set(spectral) == {"SpectralDense_0", "ProjectionHead_0"}
    assert set(spectral["ProjectionHead_0"]) == {"linear", "embedding"}


def test_mlp_discriminators_features_are_leaky_by_a_fifth():
    module = SpectralMlpDiscriminator((4,), num_iterations=0)
    variables = jax.jit(lambda: module.init(KEY, H, train=False))()
    layer = jax.tree.map(np.asarray, variables["params"]["SpectralDense_0"])
    y = np.asarray(H) @ layer["kernel"] + layer["bias"]
    found = module.apply(variables, H, train=False)["features"]
    np.testing.assert_allclose(found, np.where(y > 0, y, 0.2 * y), rtol=1e-5, atol=1e-6)


def test_labels_and_classes_belong_together():
    with pytest.raises(ValueError, match="of 3 classes was given no label"):
        ProjectionHead(3).init(KEY, H, train=False)
    with pytest.raises(ValueError, match="of 0 classes was given labels"):
        ProjectionHead().init(KEY, H, LABEL, train=False)


def test_mlp_discriminator_bounds_its_slope():
    """Every layer has norm 1 after some passes, so |f(x) - f(x')| <= |x - x'|: large inputs too."""
    module = SpectralMlpDiscriminator((32, 32))
    x = 1e3 * jax.random.normal(KEY, (64, 3))

    @jax.jit
    def run(key):
        start = module.init(key, x, train=False)

        def train(variables, _):
            _, moved = module.apply(variables, x, train=True, mutable=["spectral"])
            return {**variables, **moved}, None

        settled, _ = jax.lax.scan(train, start, length=50)
        return module.apply(settled, x, train=False)

    heads = run(KEY)
    f, x = np.asarray(heads["logit"]), np.asarray(x)
    assert f.shape == (64,) and heads["features"].shape == (64, 32)
    slopes = np.abs(f[:32] - f[32:]) / np.linalg.norm(x[:32] - x[32:], axis=1)
    assert 0.01 < slopes.max() <= 1.02
