"""Autoencoders against closed forms: principal components, Wiener's filter, a known score."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from sklearn.decomposition import PCA

from genjax import autoencoders
from genjax.core import Spec
from genjax.training import Config, fit
from tests.acceptance.games import falling
from tests.autoencoders import sets

# Squared error a digit of the best p-dimensional projection of the 1400: the sum of the eigenvalues of
# their covariance (over n) from the p-th on, by NumPy.
PCA_ERRORS = {2: 3.34476, 8: 1.51714, 16: 0.69864, 32: 0.15612}
# sum of lambda sigma^2 / (lambda + sigma^2) over the same eigenvalues
WIENER_ERRORS = {0.1: 0.34962, 0.3: 1.46089, 0.5: 2.34414, 1.0: 3.57018}


def train(make, dataset, rates, rounds, batch_size):
    """Variables after `rounds` of each learning rate, one after the other."""
    steps = rounds * len(rates)
    config = Config(steps=steps, batch_size=batch_size, eval_every=steps)
    return fit(make(falling(rates, rounds)), dataset, config).state.variables


def rebuilding(model, variables):
    """x -> decode(encode(x)), compiled."""
    return jax.jit(lambda x: model.decode(None, variables, model.encode(None, variables, x)))


def linear_map(model, variables, dim):
    """(A, b) with decode(encode(x)) = A x + b."""
    again = rebuilding(model, variables)
    through = lambda x: np.asarray(again(x), np.float64)
    offset = through(jnp.zeros((1, dim)))[0]
    return (through(jnp.eye(dim)) - offset[None]).T, offset


@pytest.mark.parametrize("size, tied", [*((size, False) for size in PCA_ERRORS), (8, True)])
def test_a_linear_autoencoder_finds_the_principal_subspace(size, tied):
    """Error within 1e-3 of scikit-learn's PCA, largest principal angle below 1e-2."""
    dataset = sets.digits()
    x = dataset.train.arrays()["vector"]
    known = PCA_ERRORS[size]
    make = lambda rate: autoencoders.autoencoder(
        dataset.spec,
        code_dim=size,
        hidden=(),
        activation="linear",
        output="linear",
        tied=tied,
        learning_rate=rate,
    )
    variables = train(make, dataset, (3e-2, 1e-2, 3e-3), 2000, 1400)
    model = make(1e-3)
    values = jax.jit(model.evaluate)(jax.random.key(0), variables, {"vector": x})
    error = float(values["squared_error"].mean())
    found = PCA(size).fit(x)
    projected = found.inverse_transform(found.transform(x))
    by_pca = ((x - projected) ** 2).sum(axis=1).mean()
    kernel = variables["decoder" if not tied else "encoder"]["params"]
    kernel = kernel["Dense_0"]["kernel"].T if not tied else kernel["Dense_0"]["kernel"]
    angle = scipy.linalg.subspace_angles(np.asarray(kernel), found.components_.T).max()
    print(f"p {size}: error {error:.5f}, PCA {by_pca:.5f}, known {known}, angle {angle:.1e}")
    assert by_pca == pytest.approx(known, abs=1e-5)
    assert error == pytest.approx(by_pca, rel=1e-3)
    assert angle < 1e-2


def test_a_deep_code_of_two_numbers_does_better_than_principal_components():
    """64-256-64-2 on digits: below 1.8 where the best projection has 3.34; 8 numbers below theirs."""
    dataset = sets.digits()
    errors = {}
    for size, hidden in ((2, (256, 64)), (8, (256, 128))):
        make = lambda rate, size=size, hidden=hidden: autoencoders.autoencoder(
            dataset.spec, code_dim=size, hidden=hidden, output="sigmoid", learning_rate=rate
        )
        variables = train(make, dataset, (1e-3, 1e-4), 1500, 200)
        for split in ("train", "test"):
            batch = getattr(dataset, split).arrays()
            values = jax.jit(make(1e-3).evaluate)(jax.random.key(0), variables, batch)
            errors[size, split] = float(values["squared_error"].mean())
    print(errors)
    assert errors[2, "train"] < 1.8
    assert errors[8, "test"] < 1.2  # PCA: 1.593


@pytest.mark.parametrize("noise", WIENER_ERRORS)
def test_a_linear_denoiser_is_wieners_filter(noise):
    """Its expected error, exact given its map, is within 1% of the least that a linear map can have.

    A target that is spoilt too, or one draw of noise for all steps, is far above it.
    """
    dataset = sets.digits()
    x = np.asarray(dataset.train.arrays()["vector"], np.float64)
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    least = (eigenvalues * noise**2 / (eigenvalues + noise**2)).sum()
    assert least == pytest.approx(WIENER_ERRORS[noise], abs=1e-5)
    make = lambda rate: autoencoders.denoising_autoencoder(
        dataset.spec,
        corruption="gaussian",
        noise=noise,
        hidden=(),
        code_dim=64,
        code_activation="linear",
        output="linear",
        learning_rate=rate,
    )
    variables = train(make, dataset, (5e-3, 1e-3, 1e-4), 500, 1400)
    matrix, offset = linear_map(make(1e-3), variables, 64)
    bias = ((x - x @ matrix.T - offset) ** 2).sum(axis=1).mean()
    error = bias + noise**2 * (matrix**2).sum()
    print(f"noise {noise}: error {error:.5f}, least {least:.5f}")
    assert least * (1 - 1e-6) <= error < 1.01 * least


def test_a_denoiser_gives_the_score_of_a_known_density():
    """(r(x) - x) / sigma^2 against the analytical score of the noisy mixture, where it has mass.

    The root mean square of the difference is below a tenth of the score's; against the density without
    the noise, which it is not the score of, it is far above.
    """
    noise, spec = 0.3, Spec((2,))
    dataset = sets.in_memory(spec, sets.mixture(100_000, 0))
    make = lambda rate: autoencoders.denoising_autoencoder(
        spec, corruption="gaussian", noise=noise, hidden=(128,), code_dim=128, learning_rate=rate
    )
    variables = train(make, dataset, (2e-3, 3e-4, 3e-5), 1200, 1000)
    rng = np.random.default_rng(1)
    x = (sets.mixture(5000, 2) + noise * rng.standard_normal((5000, 2))).astype(np.float32)
    model = make(1e-3)
    denoised = rebuilding(model, variables)(x)
    found = (np.asarray(denoised, np.float64) - x) / noise**2
    differences = {}
    for of in (noise, 0.0):
        score = sets.mixture_score(x.astype(np.float64), of)
        differences[of] = np.sqrt(((found - score) ** 2).mean() / (score**2).mean())
    print(f"difference over the score: {differences}")
    assert differences[noise] < 0.1
    assert differences[0.0] > 0.3


def test_the_slope_of_a_denoiser_of_one_gaussian():
    """On N(0, s^2) the best denoiser is linear, and the slope of the score -1 / (s^2 + sigma^2): 2%."""
    noise, std = 0.5, 1.3
    x = std * np.random.default_rng(0).standard_normal((50_000, 1))
    dataset = sets.in_memory(Spec((1,)), x)
    make = lambda rate: autoencoders.denoising_autoencoder(
        dataset.spec,
        noise=noise,
        hidden=(),
        code_dim=1,
        code_activation="linear",
        learning_rate=rate,
    )
    variables = train(make, dataset, (1e-2, 1e-3, 1e-4), 500, 1000)
    matrix, _ = linear_map(make(1e-3), variables, 1)
    slope, known = (matrix[0, 0] - 1) / noise**2, -1 / (x.var() + noise**2)
    print(f"slope {slope:.4f}, known {known:.4f}")
    assert slope == pytest.approx(known, rel=0.02)


def test_a_contractive_code_has_few_directions():
    """Rifai et al., Figure 2: the singular values of its Jacobian fall faster than a plain code's.

    The 10th over the 1st, in the mean of test digits, is at least three times smaller, and what the
    penalty adds is the squared norm of that same Jacobian. (With lambda 0.1: 2.3 times, of pixels in
    [0, 1] and the squared error summed over them.)
    """
    dataset = sets.digits()
    x = jnp.asarray(dataset.test.arrays()["vector"][:100])
    ratios = {}
    for weight in (0.3, 0.0):
        make = lambda rate, weight=weight: autoencoders.contractive_autoencoder(
            dataset.spec, contraction_weight=weight, output="sigmoid", learning_rate=rate
        )
        variables = train(make, dataset, (1e-3,), 2500, 200)
        model = make(1e-3)
        one = lambda x: model.encode(None, variables, x[None])[0]
        jacobians = np.asarray(jax.jit(jax.vmap(jax.jacfwd(one)))(x), np.float64)
        values = np.linalg.svd(jacobians, compute_uv=False)
        ratios[weight] = (values[:, 9] / values[:, 0]).mean()
        told = jax.jit(model.evaluate)(jax.random.key(0), variables, {"vector": x})["contraction"]
        np.testing.assert_allclose(told, (jacobians**2).sum(axis=(1, 2)), rtol=1e-4)
    print(f"10th over 1st singular value: {ratios}")
    assert ratios[0.3] < ratios[0.0] / 3


def test_sparse_codes():
    """Mean activation within 20% of rho, and not without the penalty; exactly k numbers are kept."""
    dataset = sets.digits()
    x = jnp.asarray(dataset.train.arrays()["vector"])
    means = {}
    for weight in (3.0, 0.0):
        make = lambda rate, weight=weight: autoencoders.sparse_autoencoder(
            dataset.spec, sparsity_weight=weight, rate=0.05, learning_rate=rate
        )
        variables = train(make, dataset, (3e-3, 1e-3), 500, 700)
        means[weight] = np.asarray(jax.jit(make(1e-3).encode)(None, variables, x)).mean(axis=0)
    print({weight: (mean.mean(), mean.min(), mean.max()) for weight, mean in means.items()})
    assert abs(means[3.0].mean() - 0.05) < 0.01
    assert abs(means[0.0].mean() - 0.05) > 0.05
    kept = autoencoders.sparse_autoencoder(
        dataset.spec, penalty="top_k", num_active=7, code_dim=100
    )
    variables = train(lambda _: kept, dataset, (1e-3,), 500, 200)
    code = np.asarray(jax.jit(kept.encode)(None, variables, x))
    assert ((code != 0).sum(axis=1) == 7).all()
