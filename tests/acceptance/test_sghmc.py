"""SGHMC on a posterior that is known."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.gan.sghmc import sghmc

CHAINS, STEPS = 256, 4000


def test_sghmc_draws_a_posterior_of_linear_regression():
    """Mean and covariance of two weights, given 50 examples, as they are in closed form.

    u is the mean of the losses plus -log prior / N, T = 1 / N. Means within 0.1 deviations, variances
    within 5%, the correlation within 0.05; measured: 0.01, 1.1% and 0.008. Sees noise without the step
    size (variances 20 times too large) and noise that is the same at each step (28 times).
    """
    random = np.random.default_rng(0)
    num, std, prior = 50, 0.8, 1.5
    inputs = random.normal(size=(num, 2)) @ np.array([[1.0, 0.6], [0.0, 0.5]])
    outputs = inputs @ [0.7, -0.4] + std * random.normal(size=num)
    precision = inputs.T @ inputs / std**2 + np.eye(2) / prior**2
    covariance = np.linalg.inv(precision)
    mean = covariance @ (inputs.T @ outputs) / std**2

    def energy(weights):
        errors = (
            weights @ jnp.asarray(inputs.T, jnp.float32) - jnp.asarray(outputs, jnp.float32)[None]
        )
        losses = jnp.square(errors).mean(1) / (2 * std**2)
        return (losses + jnp.square(weights).sum(1) / (2 * prior**2 * num)).sum()

    optimizer = sghmc(0.05, 0.2, 1 / num)

    def step(carry, _):
        weights, state = carry
        velocity, state = optimizer.update(jax.grad(energy)(weights), state, weights)
        return (weights + velocity, state), weights + velocity

    start = jax.random.normal(jax.random.key(0), (CHAINS, 2))
    walk = jax.jit(lambda w: jax.lax.scan(step, (w, optimizer.init(w)), length=STEPS)[1])
    found = np.asarray(walk(start), np.float64)[STEPS // 4 :: 50].reshape(-1, 2)
    deviations = np.sqrt(np.diag(covariance))
    off = (found.mean(0) - mean) / deviations
    ratio = found.var(0) / deviations**2
    rho = np.corrcoef(found.T)[0, 1] - covariance[0, 1] / deviations.prod()
    print(f"means off by {off} deviations; variances {ratio} of the true; correlation off by {rho}")
    assert np.abs(off).max() <= 0.1
    assert np.abs(ratio - 1).max() <= 0.05
    assert abs(rho) <= 0.05
