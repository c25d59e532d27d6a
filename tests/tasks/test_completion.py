"""Completion: chains against a conditional that is known, masks by hand, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax import autoregressive
from genjax.core import Latents, Model, Spec
from genjax.tasks import completion

KEY = jax.random.key(0)


def linear_gaussian():
    """x = W z + m + noise with its exact posterior, and (mean, covariance) of x."""
    weights = np.array([[1.0, 0.2], [0.5, -1.0], [-0.7, 0.6], [0.3, 0.9]])
    mean, std = np.array([0.3, 0.6, 0.4, 0.5]), 0.5
    precision = np.eye(2) + weights.T @ weights / std**2
    posterior = np.linalg.inv(precision)
    root = np.linalg.cholesky(posterior)
    to_code = (posterior @ weights.T / std**2).astype(np.float32)

    def draw_posterior(key, variables, x):
        at = (x - mean[None]) @ to_code.T
        return at + jax.random.normal(key, at.shape) @ root.T.astype(np.float32), None

    def draw(key, variables, z):
        x = z @ weights.T.astype(np.float32) + mean[None].astype(np.float32)
        return x + std * jax.random.normal(key, x.shape)

    latents = Latents((2,), prior=None, posterior=draw_posterior, draw=draw)
    model = Model(init=None, update=None, latents=latents)
    return model, mean, weights @ weights.T + std**2 * np.eye(4)


def test_a_chain_with_the_true_posterior_draws_from_the_conditional():
    """Mean and covariance of x_2, x_3 given x_0, x_1: those of the joint Gaussian, by its formula.

    Sees a chain that forgets to put back what is known, or that gives means for draws.
    """
    model, mean, covariance = linear_gaussian()
    known = np.array([True, True, False, False])
    value = np.array([1.2, -0.4])
    x = jnp.broadcast_to(jnp.array([*value, 9.0, 9.0]), (20_000, 4))  # the missing are not read
    complete = completion.completer(model, num_rounds=60)
    drawn = np.asarray(jax.jit(lambda key: complete(key, {}, x, known))(KEY), np.float64)
    np.testing.assert_array_equal(drawn[:, :2], np.asarray(x[:, :2]))
    gain = covariance[2:, :2] @ np.linalg.inv(covariance[:2, :2])
    expected = mean[2:] + gain @ (value - mean[:2])
    np.testing.assert_allclose(drawn[:, 2:].mean(axis=0), expected, atol=0.03)
    left = covariance[2:, 2:] - gain @ covariance[:2, 2:]
    np.testing.assert_allclose(np.cov(drawn[:, 2:].T), left, atol=0.04)


def test_an_autoencoder_settles_on_what_it_reconstructs():
    """A projection on a line: the completion is where the line and what is known agree."""
    line = jnp.array([0.6, 0.8])
    encode = lambda key, variables, x: x @ line[:, None]
    decode = lambda key, variables, z: z * line[None]
    model = Model(init=None, update=None, encode=encode, decode=decode)
    complete = completion.completer(model, num_rounds=200)
    found = complete(KEY, {}, jnp.array([[0.3, 7.0]]), np.array([True, False]))
    np.testing.assert_allclose(found, [[0.3, 0.4]], atol=1e-4)


def test_who_can():
    own = Model(init=None, update=None, encode=len, decode=len, complete=max)
    assert completion.completer(own) is max
    assert completion.completer(Model(init=None, update=None)) is None
    made = autoregressive.made(Spec((4,), 2))
    assert completion.completer(made) is made.conditionals.draw


def test_the_probability_of_what_is_missing_is_a_difference():
    """log p(x) - log p(known), the latter by summing p(x) over all that may be missing: NumPy."""
    model = autoregressive.made(Spec((2, 3, 1), 2), hidden=(8,))
    x = np.random.default_rng(0).integers(0, 2, (3, 2, 3, 1)).astype(np.float32)
    shapes = jax.eval_shape(model.init, KEY, {"image": x}).variables
    rng = np.random.default_rng(1)
    variables = jax.tree.map(lambda s: rng.normal(0, 1, s.shape).astype(s.dtype), shapes)
    known = completion.mask_of("bottom", (2, 3, 1), 0.5)
    found = completion.conditional_log_prob(model, variables, x, known)
    every = np.array(np.meshgrid(*[[0, 1]] * 3)).reshape(3, -1).T.reshape(-1, 1, 3, 1)
    whole = np.concatenate(
        [np.repeat(x[:, None, :1], 8, axis=1), np.repeat(every[None], 3, axis=0)], axis=2
    )
    log_prob = jax.jit(lambda x: model.log_prob(KEY, variables, x))
    joint = np.asarray(log_prob(whole.reshape(24, 2, 3, 1).astype(np.float32)), np.float64)
    prefix = np.log(np.exp(joint.reshape(3, 8)).sum(axis=1))
    np.testing.assert_allclose(found, log_prob(x) - prefix, atol=1e-5)
    with pytest.raises(ValueError, match="only where the model's order"):
        completion.conditional_log_prob(model, variables, x, ~known)


def test_masks():
    bottom = completion.mask_of("bottom", (4, 3, 2), 0.5)
    assert bottom[:2].all() and not bottom[2:].any()
    right = completion.mask_of("right", (4, 4, 1), 0.25)
    assert right[:, :3].all() and not right[:, 3:].any()
    centre = completion.mask_of("centre", (8, 8, 1), 0.25)
    assert (~centre).sum() == 16 and not centre[2:6, 2:6].any()
    assert (~completion.mask_of("random", (5, 5, 3), 0.2, seed=1)[..., 0]).sum() == 5
    assert (~completion.mask_of("bottom", (10,), 0.3)).sum() == 3
    for share in (1e-6, 1 - 1e-6):  # something is missing, and something is known
        for kind in ("bottom", "right", "centre", "random"):
            mask = completion.mask_of(kind, (4, 4, 1), share)
            assert mask.any() and not mask.all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("top", (4, 4, 1), 0.5), "one of bottom, right, centre, random, got 'top'"),
        (("bottom", (4,), 1.0), "share must be above 0 and below 1, got 1"),
        (("centre", (4,), 0.5), "needs images, got examples of shape .4,."),
    ],
)
def test_masks_that_are_none(arguments, message):
    with pytest.raises(ValueError, match=message):
        completion.mask_of(*arguments)
