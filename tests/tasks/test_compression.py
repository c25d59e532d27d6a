"""Files that come back as they went in, and everything that is refused."""

import io
import math

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from genjax.autoencoders import compressive_autoencoder
from genjax.autoregressive import gated_pixel_cnn, made
from genjax.core import Codes, Conditionals, Latents, Model, Spec
from genjax.tasks import compression
from genjax.tasks.compression import ans, autoregressive, baselines, bits_back, coder, container
from genjax.vae import MODELS as VAE

RNG = np.random.default_rng(0)
WHOSE = b"a model!"
HEADER = container.Header("bits_back", (28, 28, 1), 256, 10_000, 8, 3, WHOSE, 2**32 - 1)


# The container.


def test_a_file_says_what_it_holds():
    words = RNG.integers(0, 2**32, 50, np.uint32)
    data = container.pack(HEADER, words)
    header, found = container.unpack(data)
    assert header == HEADER
    np.testing.assert_array_equal(found, words)
    # Magic, numbers, model, content, length, words, checksum.
    assert len(data) == 4 + 12 + 8 + 4 + 1 + 200 + 4
    empty = container.pack(HEADER._replace(num=0), words[:0])
    assert container.unpack(empty)[0].num == 0


def test_no_part_of_a_file_is_a_file():
    data = container.pack(HEADER, RNG.integers(0, 2**32, 5, np.uint32))
    for length in range(4, len(data)):
        with pytest.raises(ValueError, match=f"cut short: {length} bytes"):
            container.unpack(data[:length])
    for position in range(len(data)):  # every byte counts
        spoilt = bytearray(data)
        spoilt[position] ^= 1
        with pytest.raises(ValueError) as caught:
            container.unpack(bytes(spoilt))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda data: b"", "no compressed file"),
        (lambda data: b"\x89PNG" + data[4:], "no compressed file"),
        (lambda data: data[:4] + b"\x02" + data[5:], "version 2, and this program reads version 1"),
        (lambda data: data + b"abc", "3 bytes too long"),
        (lambda data: data[:-5] + b"\x07" + data[-4:], "damaged: its checksum"),
        (lambda data: data[:4] + b"\xff" * 20, "damaged: a number in its header has no end"),
    ],
)
def test_what_is_no_file_is_refused(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        container.unpack(change(container.pack(HEADER, np.arange(1, 9, dtype=np.uint32))))
    assert "\n" not in str(caught.value)


def test_a_fingerprint_is_of_every_byte_and_of_the_description():
    variables = {"a": {"w": np.ones((2, 3), np.float32)}, "b": np.zeros(2)}
    found = container.fingerprint(variables, "x")
    assert len(found) == 8 and found == container.fingerprint(variables, "x")
    others = [
        container.fingerprint(variables, "y"),
        container.fingerprint({**variables, "b": np.array([0, 1e-30])}, "x"),
        container.fingerprint({"a": {"w": np.ones((3, 2), np.float32)}, "b": np.zeros(2)}, "x"),
        container.fingerprint({"a": {"v": np.ones((2, 3), np.float32)}, "b": np.zeros(2)}, "x"),
    ]
    assert len({found, *others}) == 5


# The stack.


def test_the_last_in_is_the_first_out_whatever_was_there_before():
    initial = ans.random_words(6)
    stack, tables = ans.Stack(initial), RNG.dirichlet(np.ones(5), 7)
    symbols = [RNG.integers(0, 5, 7) for _ in range(3)]
    for some in symbols:
        ans.push(stack, some, tables)
    for some in symbols[::-1]:
        np.testing.assert_array_equal(ans.pop(stack, tables), some)
    np.testing.assert_array_equal(stack.get_compressed(), initial)
    drawn = ans.pop(stack, tables)  # what is popped can be pushed back
    ans.push(stack, drawn, tables)
    np.testing.assert_array_equal(stack.get_compressed(), initial)


def test_the_impossible_costs_24_bits_and_comes_back():
    stack, table = ans.Stack(), np.array([[1.0, 0.0]] * 100)
    ans.push(stack, np.ones(100, int), table)
    assert stack.num_valid_bits() == pytest.approx(2400, abs=64)
    np.testing.assert_array_equal(ans.pop(stack, table), 1)


def test_probabilities_have_to_be_some():
    found = ans.probabilities(np.log([[0.25, 0.7501]]))
    np.testing.assert_allclose(found, [[0.25, 0.75]], atol=1e-4)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(ans.probabilities(np.log([[0.0, 1.0]])), [[0, 1]])
    for wrong in ([[0.5, 0.6]], [[np.nan, 0.5]], [[3.0, 4.0]]):
        with pytest.raises(ValueError, match=r"sum to .* and not to 1"):
            ans.probabilities(np.log(wrong))


# The coders, on models that are written by hand.

SPEC = Spec((2, 2, 1), 3)
PERMUTED = np.array([2, 0, 3, 1])  # when each element is drawn


def markov(order):
    """Each element depends on the one that is drawn before it."""
    tables = jnp.asarray(RNG.dirichlet(np.full(3, 0.5), 4))  # [before (3: nothing), now]

    def log_prob(variables, x):
        levels = jnp.round(2 * x.reshape(len(x), -1)).astype(jnp.int32)
        drawn = levels[:, np.argsort(PERMUTED)]
        before = jnp.pad(drawn[:, :-1], ((0, 0), (1, 0)), constant_values=3)
        found = jnp.log(variables["tables"])[before, drawn]
        return found[:, PERMUTED].reshape(x.shape)

    places = PERMUTED.reshape(SPEC.shape)
    known = places if order == "known" else None
    conditionals = Conditionals(known, None, log_prob, None, lambda variables: jnp.asarray(places))
    return Model(None, None, conditionals=conditionals), {"tables": tables}


def linear():
    """Two latents, and a softmax of three levels for each element."""

    def logits(variables, z):
        return (z @ variables["w"]).reshape(len(z), 2, 2, 1, 3)

    def log_factors(variables, z, x):
        logs = logits(variables, z)
        logs = logs - jnp.log(jnp.exp(logs).sum(-1, keepdims=True))
        index = jnp.round(2 * x).astype(jnp.int32)[..., None]
        return jnp.take_along_axis(logs, index, -1)[..., 0]

    def moments(variables, x):
        mean = x.reshape(len(x), 4) @ variables["v"]
        return mean, jnp.full(mean.shape, -2.0)

    latents = Latents((2,), None, None, moments=moments, log_factors=log_factors)
    variables = {"w": RNG.normal(size=(2, 12)), "v": RNG.normal(size=(4, 2))}
    variables = {name: value.astype(np.float32) for name, value in variables.items()}
    return Model(None, None, latents=latents), variables


def rounding():
    """Codes are tenths, their probabilities those of a two-sided geometric distribution."""

    def log_prob(variables, k):
        return -variables["rate"] * jnp.abs(k) + jnp.log(jnp.tanh(variables["rate"] / 2))

    codes = Codes(
        (2, 2),
        40,
        lambda variables, x: jnp.round(10 * x[..., 0]).astype(jnp.int32),
        lambda variables, k: (k / 10)[..., None].astype(jnp.float32),
        log_prob,
    )
    return Model(None, None, codes=codes), {"rate": jnp.float32(0.5)}


def images(num):
    """Levels as images."""
    return (RNG.integers(0, 3, (num, 2, 2, 1)) / 2).astype(np.float32)


@pytest.mark.parametrize("order", ["known", "learned"])
def test_factors_code_at_their_price(order, monkeypatch):
    monkeypatch.setattr(autoregressive, "_AT_A_TIME", 250)  # 600 are two parts and a ragged one
    model, variables = markov(order)
    x = images(600)
    data = compression.compress(model, SPEC, variables, x, WHOSE)
    back = compression.decompress(model, SPEC, variables, data, WHOSE)
    assert back.tobytes() == x.tobytes() and back.dtype == np.float32
    nats = -np.asarray(model.conditionals.log_prob(variables, x), np.float64).sum()
    assert compression.net_bits(model, data) == pytest.approx(nats / math.log(2), abs=64)


@pytest.mark.parametrize("make", [lambda: markov("known"), linear, rounding])
@pytest.mark.parametrize("num", [0, 1, 20])
def test_any_number_of_examples_comes_back(make, num):
    model, variables = make()
    x = images(num)
    data = compression.compress(model, SPEC, variables, x, WHOSE)
    back = compression.decompress(model, SPEC, variables, data, WHOSE)
    np.testing.assert_allclose(back, x.reshape(back.shape), atol=1e-6)  # tenths are exact here


@pytest.mark.parametrize("prior_bits", [1, 6])
def test_bits_back_gives_its_bits_back(prior_bits):
    model, variables = linear()
    levels = compression.to_levels(SPEC, images(25))
    initial = ans.random_words(bits_back.num_initial(model.latents))
    coded = bits_back.encode(model.latents, SPEC, variables, levels, initial, prior_bits=prior_bits)
    np.testing.assert_array_equal(coded.words[: coded.untouched], initial[: coded.untouched])
    found, rest = bits_back.decode(
        model.latents, SPEC, variables, coded.words, 25, prior_bits=prior_bits
    )
    np.testing.assert_array_equal(found, levels)
    np.testing.assert_array_equal(rest, initial)


def test_another_model_or_what_it_cannot_decode_is_refused():
    model, variables = markov("known")
    data = compression.compress(model, SPEC, variables, images(40), WHOSE)
    decode = lambda variables, spec, whose: compression.decompress(
        model, spec, variables, data, whose
    )
    with pytest.raises(ValueError, match="written with another model"):
        decode(variables, SPEC, b"another!")
    with pytest.raises(
        ValueError, match=r"of examples \(2, 2, 1\), and the model is of \(4, 1, 1\)"
    ):
        decode(variables, Spec((4, 1, 1), 3), WHOSE)
    # As on a device with other arithmetic: probabilities that are nearly the same.
    other = {"tables": variables["tables"][:, ::-1]}
    with pytest.raises(ValueError, match="what came out is not what went in") as caught:
        decode(other, SPEC, WHOSE)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_coded_is_refused():
    model, variables = markov("known")
    write = lambda x, model=model, spec=SPEC: compression.compress(model, spec, variables, x, WHOSE)
    with pytest.raises(ValueError, match=r"shape \(2, 2, 1\), got data of \(3, 4\)"):
        write(np.zeros((3, 4)))
    for wrong in (0.3, -0.5, 1.5, np.nan):
        with pytest.raises(ValueError, match="3 levels, evenly spaced"):
            write(np.full((1, 2, 2, 1), wrong))
    with pytest.raises(ValueError, match="this is continuous"):
        write(images(1), spec=Spec((2, 2, 1)))
    with pytest.raises(ValueError, match="needs a model, without conditions, with factors"):
        write(images(1), Model(None, None))
    shared = model.conditionals._replace(order=np.zeros((2, 2, 1), int))
    with pytest.raises(ValueError, match="a factor for each element"):
        write(images(1), Model(None, None, conditionals=shared))
    density = model.conditionals._replace(log_prob=lambda variables, x: 1 + 0 * x)
    with pytest.raises(ValueError, match="not to 1: the model has a density"):
        write(images(1), Model(None, None, conditionals=density))
    model, variables = linear()
    with pytest.raises(ValueError, match="prior_bits must be from 1 to 16, got 17"):
        compression.compress(model, SPEC, variables, images(1), WHOSE, prior_bits=17)
    untrained = {**variables, "v": variables["v"] * np.nan}
    with pytest.raises(ValueError, match="posterior of an example is not finite"):
        compression.compress(model, SPEC, untrained, images(1), WHOSE)


def test_who_can_code_and_how():
    spec = Spec((4, 4, 1), 2, 10)
    assert compression.kind(made(spec)) == "autoregressive"
    assert compression.kind(gated_pixel_cnn(spec, condition="label")) is None
    assert compression.kind(compressive_autoencoder(spec)) == "lossy"
    latent = ("vae", "beta_vae", "iwae", "beta_tc_vae", "factor_vae", "info_vae")
    for name, make in VAE.items():
        model = make(spec)
        if isinstance(model, Model):
            assert compression.kind(model) == ("bits_back" if name in latent else None), name


def test_the_price_that_a_model_names():
    model, variables = rounding()
    found = coder.bits_of_model(model, SPEC, None, variables, np.full((3, 2, 2, 1), 0.2))
    expected = (0.5 * 2 - math.log(math.tanh(0.25))) / math.log(2)
    assert found == pytest.approx(expected, rel=1e-5)


# What one would use otherwise.


def test_pictures_of_all_examples_hold_them_all():
    cells = RNG.integers(0, 2, (7, 3, 4, 1)).astype(np.uint8)
    whole = baselines.tiled(cells, 3)
    assert whole.shape == (9, 12)
    np.testing.assert_array_equal(whole[3:6, 4:8], cells[4, ..., 0])
    assert not whole[6:, 4:].any()
    png = Image.open(io.BytesIO(baselines._png(whole, 2)))
    assert png.mode == "1"
    np.testing.assert_array_equal(np.asarray(png), whole)
    webp = Image.open(io.BytesIO(baselines._webp(whole * 255)))
    np.testing.assert_array_equal(np.asarray(webp.convert("L")), whole * 255)


def test_no_general_purpose_coder_shrinks_noise_or_keeps_a_constant():
    noise = RNG.integers(0, 2, (50, 64))
    found = compression.lossless(noise, (8, 8, 1), 2)
    assert set(found) == {"gzip", "bz2", "png", "webp"}
    assert min(found.values()) >= 400  # 50 x 64 bits
    assert found["gzip"] < 440 and found["png"] < 500  # the packed forms were tried
    assert max(compression.lossless(np.zeros((50, 64)), (8, 8, 1), 2).values()) < 120
    assert "png" in compression.lossless(noise, (64,), 2)  # vectors are rows
    assert "webp" in compression.lossless(noise[:48, :48], (4, 4, 3), 256)
    with pytest.raises(ValueError, match="at most 256 levels, got 257"):
        compression.lossless(noise, (64,), 257)


def test_jpeg_is_of_all_pictures_under_one_header():
    ramp = np.linspace(0, 255, 64).reshape(8, 8, 1)
    pictures = np.stack([np.roll(ramp, shift, 0) for shift in range(7)]).astype(np.uint8)
    low, high = compression.jpeg(pictures, (10, 95))
    assert low.pictures.shape == pictures.shape and low.num_bytes < high.num_bytes
    assert 100 < high.num_header_bytes < high.num_bytes
    error = [np.abs(file.pictures.astype(int) - pictures).mean() for file in (low, high)]
    assert error[1] < 2 < error[0] < 40
    colour = RNG.integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    assert compression.jpeg(colour, (50,))[0].pictures.shape == colour.shape
