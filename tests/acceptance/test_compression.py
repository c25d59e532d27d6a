"""Files against what the models promise, and against every general-purpose coder."""

import math

import jax
import numpy as np
import pytest
from scipy import special, stats

from genjax import data
from genjax.autoencoders import compressive_autoencoder
from genjax.autoregressive import made
from genjax.core import variables_for_sampling
from genjax.tasks import compression
from genjax.tasks.compression import ans, bits_back, coder, lossy
from genjax.training import Config, fit
from genjax.vae import vae

WHOSE = b"a model!"


def trained(model, dataset, steps):
    """Variables after so many rounds."""
    return variables_for_sampling(fit(model, dataset, Config(steps=steps, eval_every=steps)).state)


def images_of_test(dataset):
    """The test split."""
    return np.asarray(dataset.eval_transform(None, dataset.test.arrays())["image"])


@pytest.mark.parametrize("p", [[0.9, 0.1], [0.5, 0.3, 0.15, 0.04, 0.01], [0.999, 0.001]])
def test_symbols_cost_their_entropy(p):
    """n symbols in their own proportions take n H(p) bits, within 0.1 % and two words."""
    num, p = 100_000, np.asarray(p)
    symbols = np.repeat(np.arange(len(p)), np.round(num * p).astype(int))
    symbols = np.random.default_rng(0).permutation(symbols)
    stack, table = ans.Stack(), np.broadcast_to(p[None], (num, len(p)))
    ans.push(stack, symbols, np.ascontiguousarray(table))
    entropy = -num * (p * np.log2(p)).sum()
    bits = 32 * len(stack.get_compressed())
    print(f"{bits} bits, n H(p) {entropy:.1f}")
    assert abs(bits - entropy) <= 1e-3 * entropy + 64
    np.testing.assert_array_equal(ans.pop(stack, np.ascontiguousarray(table)), symbols)


def test_factors_make_files_below_every_general_purpose_coder():
    """Binarised digits: the payload within 1 % of the NLL, the file below gzip, bz2, PNG and WebP."""
    dataset = data.load("digits")
    model, x = made(dataset.spec), images_of_test(dataset)
    variables = trained(model, dataset, 2000)
    written = compression.compress(model, dataset.spec, variables, x, WHOSE)
    back = compression.decompress(model, dataset.spec, variables, written, WHOSE)
    assert back.tobytes() == x.tobytes()
    nats = -np.asarray(jax.jit(model.log_prob)(None, variables, x), np.float64).sum()
    net = compression.net_bits(model, written) / x.size
    promise = nats / (math.log(2) * x.size)
    levels = compression.to_levels(dataset.spec, x)
    others = compression.lossless(levels, dataset.spec.shape, 2)
    others = {name: 8 * size / x.size for name, size in others.items()}
    whole = 8 * len(written) / x.size
    print(f"NLL {promise:.4f}, payload {net:.4f}, file {whole:.4f} bits per dimension; {others}")
    assert promise < 0.41  # independent pixels: 24.605 nats, 0.555
    assert abs(net / promise - 1) < 0.01
    assert whole < min(others.values())


@pytest.fixture(scope="module")
def digits_vae():
    """Eight latents, 200 test images as levels."""
    dataset = data.load("digits")
    model = vae(dataset.spec, latent_dim=8)
    variables = trained(model, dataset, 3000)
    return dataset.spec, model, variables, images_of_test(dataset)[:200]


def wrong_prior_draw(programs):
    """Pops with the prior: no draw from the posterior, though it would decode."""
    return programs._replace(bins=lambda x: programs.prior)


def wrong_width(programs):
    """Posterior masses of bins that are as wide as each other, and not of equal mass."""

    def bins(x):
        num = programs.prior.shape[1]
        mass = programs.bins(x)
        centers = special.ndtri((np.arange(num) + 0.5) / num)
        even = np.linspace(-4, 4, num + 1)
        mean = mass @ centers
        std = np.sqrt(np.maximum(mass @ centers**2 - mean**2, 1e-6))
        return np.diff(special.ndtr((even[None] - mean[:, None]) / std[:, None]), axis=1) + 1e-12

    return programs._replace(bins=bins)


@pytest.mark.parametrize("wrong", [None, wrong_prior_draw, wrong_width])
def test_bits_back_costs_the_bound(digits_vae, monkeypatch, wrong):
    """Every image back, the stack as it was, and a rate within 1 % of -ELBO at the latents it drew.

    A coder that pops by the prior, or cuts the posterior into other bins than the prior's, loses
    nothing either: only its rate, against -ELBO at draws of the posterior, shows it.
    """
    spec, model, variables, x = digits_vae
    right, drawn = bits_back._programs, []

    def programs(*arguments):
        made = right(*arguments) if wrong is None else wrong(right(*arguments))
        return made._replace(table=lambda bins: (drawn.append(bins), made.table(bins))[1])

    monkeypatch.setattr(bits_back, "_programs", programs)
    levels = compression.to_levels(spec, x)
    initial = ans.random_words(bits_back.num_initial(model.latents))
    encoded = bits_back.encode(model.latents, spec, variables, levels, initial, prior_bits=8)
    z = special.ndtri((np.asarray(drawn) + 0.5) / 256).astype(np.float32)  # of the sender
    found, rest = bits_back.decode(
        model.latents, spec, variables, encoded.words, len(x), prior_bits=8
    )
    np.testing.assert_array_equal(found, levels)
    np.testing.assert_array_equal(rest, initial)
    rate = 32 * (len(encoded.words) - len(initial)) / x.size
    promise = coder.bits_of_model(model, spec, jax.random.key(0), variables, x)
    print(f"-ELBO {promise:.5f}, rate {rate:.5f} bits per dimension, {rate / promise - 1:+.2%}")
    if wrong is not None:
        assert rate / promise - 1 > 0.05
        return
    mean, log_variance = model.latents.moments(variables, x)
    log_q = stats.norm.logpdf(z, mean, np.exp(log_variance / 2)).sum(1)
    log_p = model.latents.log_likelihood(variables, z, x) + model.latents.log_prior(variables, z)
    at_its_draws = -float((log_p - log_q).mean()) / (64 * math.log(2))
    print(f"-ELBO at the latents that it drew {at_its_draws:.5f}, {rate / at_its_draws - 1:+.2%}")
    assert abs(rate / at_its_draws - 1) < 0.01
    assert abs(rate / promise - 1) < 0.03  # whose draws are others: 200 images leave 1 % of noise


def test_a_lossy_file_has_the_codes_at_their_price_and_beats_jpeg():
    """The codes come back, cost what their probabilities say, and JPEG needs more bits for the PSNR."""
    dataset = data.load("digits", binarization="none")
    model = compressive_autoencoder(dataset.spec)
    variables, x = trained(model, dataset, 1500), images_of_test(dataset)
    numbers = coder.lossy_codes(model.codes, variables, x)
    words = lossy.encode(model.codes, variables, numbers)
    np.testing.assert_array_equal(lossy.decode(model.codes, variables, words, len(x)), numbers)
    written = compression.compress(model, dataset.spec, variables, x, WHOSE)
    back = compression.decompress(model, dataset.spec, variables, written, WHOSE)
    promise = coder.bits_of_model(model, dataset.spec, None, variables, x)
    net, whole = compression.net_bits(model, written) / x.size, 8 * len(written) / x.size
    assert abs(net / promise - 1) < 0.01
    pixels = np.round(255 * x).astype(np.uint8)

    def psnr(pictures):
        errors = ((pixels.astype(float) - pictures) ** 2).mean((1, 2, 3))
        return (10 * np.log10(255**2 / np.maximum(errors, 1 / 12))).mean()

    quality = psnr(np.round(255 * np.clip(back, 0, 1)))
    others = [
        (8 * (file.num_bytes - file.num_header_bytes) / x.size, psnr(file.pictures))
        for file in compression.jpeg(pixels, tuple(range(5, 96, 5)))
    ]
    jpeg = min(rate for rate, at in others if at >= quality)
    print(
        f"codes {promise:.4f}, file {whole:.4f} bits per dimension, {quality:.2f} dB; JPEG {jpeg:.4f}"
    )
    assert quality > 20 and whole < jpeg  # though JPEG is excused its header
