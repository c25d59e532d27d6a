"""PixelRNN: what every place sees, exactly; the skewed loop against others; two scales, one p."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.autoregressive.multi_scale_pixel_rnn import multi_scale_pixel_rnn
from genjax.autoregressive.pixel_rnn import pixel_rnn
from genjax.core import Spec
from genjax.nets import DiagonalBiLstm
from tests.nets.test_recurrent import diagonal_by_place, random_params

pytestmark = pytest.mark.usefixtures("compiled_quickly")
KEY = jax.random.key(0)


def perturbed(model, shape, scale=0.3):
    """Its variables, each leaf moved by noise of its own: nothing is zero by chance."""
    variables = jax.jit(model.init)(KEY, {"image": jnp.zeros((1, *shape))}).variables
    leaves, tree = jax.tree.flatten(variables)
    keys = jax.random.split(jax.random.key(5), len(leaves))
    noisy = [p + scale * jax.random.normal(k, p.shape) for p, k in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(tree, noisy)


def seen(model, shape, num=6):
    """Largest |d parameters / d x| over some images, [D, D]: row d, what the factor of d looks at."""
    variables, size = perturbed(model, shape), int(np.prod(shape))
    one = lambda x: model.conditionals.parameters(variables, x[None])[0].reshape(size, -1).sum(-1)
    x = jax.random.uniform(jax.random.key(1), (num, *shape))
    slopes = jax.jit(lambda x: jax.lax.map(jax.jacrev(one), x))(x)
    return np.abs(np.asarray(slopes)).reshape(num, size, size).max(0)


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("shape", [(5, 6, 1), (6, 10, 1)])
def test_diagonal_bilstm_sees_all_that_comes_before(shape, num_layers):
    """All of it in one layer, the last pixel of the row above too, and no other place."""
    found = seen(pixel_rnn(Spec(shape, 2), hidden=4, num_layers=num_layers, head=16), shape)
    before = np.tril(np.ones(found.shape, bool), -1)
    print(f"before: from {found[before].min():.1e}; other places: {found[~before].max()}")
    assert (found[~before] == 0).all()
    assert (found[before] > 0).all()


def triangle(height, width, num_layers):
    """Whether the Row LSTM at (i, j) sees (k, m), [H, W, H, W].

    A layer's input-to-state moves a place to the left, its loop one up and one to either side; the
    first convolution three to the left, or one to three up and up to three to either side. So r rows
    above columns from r + L + 3 on the left to r + 2 on the right, and L + 3 of its own row.
    """
    i, j, k, m = np.ogrid[:height, :width, :height, :width]
    above, right = i - k, m - j
    last = np.where(above == 0, -1, above + 2)
    return (above >= 0) & (right >= -(above + num_layers + 3)) & (right <= last)


@pytest.mark.parametrize("num_layers", [1, 2])
def test_row_lstm_sees_its_triangle(num_layers):
    """Equality, not inclusion, at every place of an image that is wider than the triangle."""
    shape = (5, 13, 1)
    model = pixel_rnn(Spec(shape, 2), layer="row_lstm", hidden=4, num_layers=num_layers, head=16)
    found = seen(model, shape) > 0
    expected = triangle(5, 13, num_layers).reshape(65, 65)
    before = np.tril(np.ones((65, 65), bool), -1)
    print(f"seen {found.sum()}, expected {expected.sum()}, of {before.sum()} that come before")
    assert (expected <= before).all() and expected.sum() < before.sum()
    np.testing.assert_array_equal(found, expected)


def diagonal_by_row(params, x):
    """The Diagonal BiLSTM as loops over rows and their places, [B, H, W, C] -> [B, H, W, units]."""
    units = params["state_to_state"].shape[-1] // 4
    zero = jnp.zeros((len(x), units))

    def direction(name, kernel, x):
        inputs = params[f"input_to_{name}"]
        z = x @ inputs["kernel"][0, 0] + inputs["bias"][None, None, None]

        def one(before, z_and_above):
            (h, c), (z, above) = before, z_and_above
            gates = z + h @ kernel[:units] + above @ kernel[units:]
            o, f, i = (jax.nn.sigmoid(gates[:, k * units : (k + 1) * units]) for k in range(3))
            c = f * c + i * jnp.tanh(gates[:, 3 * units :])
            h = o * jnp.tanh(c)
            return (h, c), h

        def row(above, z):
            h = jax.lax.scan(one, (zero, zero), (z, above))[1]
            return h, h

        top = jnp.zeros((x.shape[2], *zero.shape))
        return jax.lax.scan(row, top, z.transpose(1, 2, 0, 3))[1].transpose(2, 0, 1, 3)

    left = direction("left", params["state_to_state"][0], x)
    right = direction("right", params["state_to_state"][1], x[:, :, ::-1])[:, :, ::-1]
    return left + jnp.concatenate([jnp.zeros_like(right[:, :1]), right[:, :-1]], axis=1)


@pytest.mark.parametrize("shape", [(7, 5), (4, 9), (1, 6), (6, 1)])
def test_skewed_loop_equals_a_loop_over_places(shape):
    """Values: NumPy in float64, to 1e-5. Gradients of params and input: another loop in JAX."""
    layer, x = DiagonalBiLstm(8), jax.random.normal(jax.random.key(1), (3, *shape, 6))
    variables = random_params(layer, x)
    many = lambda tree: jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)
    expected = diagonal_by_place(many(variables["params"]), many(x))
    weights = jax.random.normal(jax.random.key(2), expected.shape)

    def value_and_slopes(apply):
        loss = lambda params, x: (apply(params, x) * weights).sum()
        both = lambda params, x: (apply(params, x), jax.grad(loss, (0, 1))(params, x))
        return jax.jit(both)(variables["params"], x)

    found, slopes = value_and_slopes(lambda params, x: layer.apply({"params": params}, x))
    again, other_slopes = value_and_slopes(diagonal_by_row)
    error, error_again = (np.abs(y - expected).max() for y in (found, again))
    apart = lambda a, b: np.abs(a - b).max() / (np.abs(b).max() + 1e-9)  # one row: no right, 0 / 0
    relative = jax.tree.map(apart, slopes, other_slopes)
    worst = max(jax.tree.leaves(relative))
    print(f"values: {error:.1e} and {error_again:.1e} from NumPy; gradients: {worst:.1e} apart")
    assert error < 1e-5 and error_again < 1e-5 and worst < 1e-5


@pytest.mark.parametrize("layer", ["diagonal_bilstm", "row_lstm"])
def test_two_scales_are_one_distribution(layer):
    """All 512 images of 3x3 bits: probabilities sum to one, and 100,000 samples have them."""
    shape = (3, 3, 1)
    model = multi_scale_pixel_rnn(Spec(shape, 2), layer=layer, hidden=3, num_layers=1, head=6)
    images = jnp.array(list(itertools.product([0.0, 1.0], repeat=9))).reshape(-1, *shape)
    variables = perturbed(model, shape, scale=0.7)
    log_p = np.asarray(jax.jit(model.log_prob)(KEY, variables, images), np.float64)
    p = np.exp(log_p)
    entropy = -(p * log_p).sum()
    drawn = jax.jit(lambda key: model.sample(key, variables, 100_000))(jax.random.key(7))
    index = np.asarray(drawn).reshape(-1, 9) @ 2 ** np.arange(9)[::-1]
    counts = np.bincount(index.astype(int), minlength=512)
    often = p * 100_000 >= 5
    counts = np.append(counts[often], counts[~often].sum())
    expected = np.append(p[often], p[~often].sum()) / p.sum() * 100_000
    chance = stats.chisquare(counts, expected).pvalue
    print(
        f"{layer}: sum {p.sum():.7f}, entropy {entropy:.2f} nats, chi-square's chance {chance:.3f}"
    )
    assert abs(p.sum() - 1) < 1e-5
    assert entropy < 6.0, "far enough from 512 equal probabilities, 6.24 nats"
    assert chance > 1e-3


def test_two_scales_see_the_small_image_first():
    """Nothing that is drawn later; all that is earlier in raster order too, and what is near.

    The context is of the neighbourhood: pixels of the small image further down need not be seen.
    """
    height, width = 5, 4
    model = multi_scale_pixel_rnn(Spec((5, 4, 1), 2), hidden=4, num_layers=1, head=16)
    found = seen(model, (5, 4, 1)).reshape(5, 4, 5, 4)
    order = model.conditionals.order[..., 0]
    before = order[None, None] < order[:, :, None, None]
    print(f"seen {(found > 0).sum()} of {before.sum()}; other places: {found[~before].max()}")
    assert (found[~before] == 0).all()
    i, j, k, m = np.ogrid[:height, :width, :height, :width]
    raster = (i * width + j) > (k * width + m)
    near = (np.abs(i - k) <= 1) & (np.abs(j - m) <= 1)
    assert (found[before & (raster | near)] > 0).all()
    later = before & near & ~raster
    assert later.sum() == 13, "neighbours of the small image that raster order has not come to"
