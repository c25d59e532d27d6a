"""Class-wise feature matching: zero where classes agree, moving means by hand, and the gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import classwise_feature_matching, new_class_means

FEATURES = jnp.asarray(np.random.default_rng(0).normal(size=(6, 4)), jnp.float32)
LABELS = jnp.array([0, 1, 2, 0, 1, 2])
NEW = new_class_means(3, 4)


def test_zero_for_a_permutation_within_classes_and_not_for_swapped_classes():
    """The batch's mean is one and the same in both: what has no means by class sees no difference."""
    within = jnp.array([3, 4, 5, 0, 1, 2])
    loss, means = classwise_feature_matching(NEW, FEATURES, LABELS, FEATURES[within], LABELS)
    np.testing.assert_allclose(loss, 0.0, atol=1e-12)
    swapped, _ = classwise_feature_matching(NEW, FEATURES, LABELS, FEATURES, 2 - LABELS)
    of_class = np.asarray(FEATURES).reshape(2, 3, 4).mean(0)
    np.testing.assert_allclose(swapped, 0.5 * ((of_class - of_class[::-1]) ** 2).sum(), rtol=1e-5)
    np.testing.assert_allclose(means.real / means.real_weight, of_class, rtol=1e-5)


def test_means_move_by_class_and_only_where_the_class_is_there():
    """decay 0.75: weights 0.25, then 0.1875 and 0.25; a class without fakes counts as matched."""
    ones, real_label = jnp.ones((2, 4)), jnp.array([0, 1])
    _, means = classwise_feature_matching(
        NEW, 2 * ones, real_label, ones, jnp.array([0, 0]), decay=0.75
    )
    loss, means = classwise_feature_matching(
        means, 4 * ones[:1], jnp.array([0]), ones[:1], jnp.array([2]), decay=0.75
    )
    real = (0.1875 * 2 + 0.25 * 4) / 0.4375
    np.testing.assert_allclose(loss, 0.5 * 4 * (real - 1) ** 2, rtol=1e-5)
    np.testing.assert_allclose(means.real_weight[:, 0], [0.4375, 0.25, 0.0])
    np.testing.assert_allclose(means.fake_weight[:, 0], [0.25, 0.0, 0.25])
    np.testing.assert_allclose(means.real[1], 0.5)


def test_the_gradient_is_of_the_minibatchs_mean_unscaled_and_of_fakes_alone():
    """d loss / d fake_i = (m_c(fake) - m_c(real)) / n_c, with the running means as they are."""
    _, means = classwise_feature_matching(NEW, FEATURES, LABELS, 0 * FEATURES, LABELS)
    loss = lambda real, fake: classwise_feature_matching(means, real, LABELS, fake, LABELS)[0]
    fake = FEATURES[::-1]
    of_real, of_fake = jax.grad(loss, (0, 1))(FEATURES, fake)
    _, after = classwise_feature_matching(means, FEATURES, LABELS, fake, LABELS)
    apart = after.fake / after.fake_weight - after.real / after.real_weight
    np.testing.assert_allclose(of_fake, apart[LABELS] / 2, rtol=1e-4)
    np.testing.assert_array_equal(of_real, 0.0)


def test_other_widths_are_refused():
    with pytest.raises(ValueError, match=r"features must be \[B, 4\], got \(6, 3\)"):
        classwise_feature_matching(NEW, FEATURES[:, :3], LABELS, FEATURES, LABELS)
