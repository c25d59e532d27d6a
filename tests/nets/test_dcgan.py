import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import DcganDiscriminator, DcganGenerator
from genjax.nets.resampling import num_halvings

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "shape, halvings",
    [
        ((8, 8, 1), 1),
        ((16, 16, 3), 2),
        ((28, 28, 1), 2),
        ((28, 20, 1), 2),
        ((32, 32, 3), 3),
        ((64, 64, 3), 4),
        ((128, 128, 3), 5),
        ((6, 5, 1), 1),
    ],
)
@pytest.mark.parametrize("upsampling", ["transposed", "nearest", "pixel_shuffle"])
def test_any_size_has_its_networks(shape, halvings, upsampling):
    assert num_halvings(shape) == halvings
    generator = DcganGenerator(shape, 2, upsampling=upsampling)
    x, _ = jax.eval_shape(lambda: generator.init_with_output(KEY, jnp.zeros((3, 5)), train=True))
    assert x.shape == (3, *shape)
    discriminator = DcganDiscriminator(2, heads={"class": 4})
    heads, variables = jax.eval_shape(
        lambda: discriminator.init_with_output(KEY, jnp.zeros((3, *shape)), train=True)
    )
    assert heads["logit"].shape == (3,) and heads["class"].shape == (3, 4)
    last = variables["params"][f"Conv_{halvings - 1}"]["kernel"].shape
    assert last[-1] == 2 * 2 ** (halvings - 1)


def test_the_papers_network_of_64_has_its_widths():
    """1024, 512, 256, 128 channels down to 3 colours (figure 1), and no bias before batch norm."""
    generator = DcganGenerator((64, 64, 3), 128)
    variables = jax.eval_shape(lambda: generator.init(KEY, jnp.zeros((1, 100)), train=True))
    params = variables["params"]
    assert params["Dense_0"]["kernel"].shape == (100, 4 * 4 * 1024)
    kernels = [params[f"ConvTranspose_{i}"]["kernel"].shape for i in range(4)]
    assert kernels == [(5, 5, 1024, 512), (5, 5, 512, 256), (5, 5, 256, 128), (5, 5, 128, 3)]
    with_bias = [name for name in params if name[:4] == "Conv" and "bias" in params[name]]
    assert with_bias == ["ConvTranspose_3"]
    count = sum(np.prod(leaf.shape) for leaf in jax.tree.leaves(params))
    # 100*16384 + 25*(1024*512 + 512*256 + 256*128 + 128*3) + 3 + gains and shifts 2*1920
    assert count == 1_638_400 + 25 * (524_288 + 131_072 + 32_768 + 384) + 3 + 3840


def test_a_label_is_read_and_weights_start_small():
    generator = DcganGenerator((8, 8, 1), 4, num_classes=3, norm="none")
    z, label = jnp.ones((3, 2)), jnp.arange(3)
    variables = jax.jit(lambda: generator.init(KEY, z, label, train=True))()
    kernel = variables["params"]["ConvTranspose_0"]["kernel"]
    assert kernel.shape == (5, 5, 4 + 3, 1)
    np.testing.assert_allclose(kernel.std(), 0.02, rtol=0.1)
    x = generator.apply(variables, z, label, train=True)
    assert (x[0] != x[1]).any() and float(jnp.abs(x).max()) <= 1


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="norm must be one of batch, layer, none"):
        DcganGenerator((8, 8, 1), 2, norm="group").init(KEY, jnp.zeros((1, 2)), train=True)


def test_a_reader_has_no_logit_and_a_label_may_enter_once():
    """Only the first layer is wider by the classes then, and the features are not."""
    x, label = jnp.zeros((3, 16, 16, 1)), jnp.zeros(3, int)
    reader = DcganDiscriminator(2, 5, {"code": 4}, logit=False, label_once=True)
    heads, variables = jax.eval_shape(
        lambda: reader.init_with_output(jax.random.key(0), x, label, train=False)
    )
    assert {name: head.shape for name, head in heads.items()} == {
        "features": (3, 64),
        "code": (3, 4),
    }
    params = variables["params"]
    assert [params[name]["kernel"].shape[2] for name in ("Conv_0", "Conv_1")] == [6, 2]
    generator = DcganGenerator((16, 16, 1), 2, 5, label_once=True)
    params = jax.eval_shape(
        lambda: generator.init(jax.random.key(0), jnp.zeros((3, 4)), label, train=False)
    )["params"]
    assert params["Dense_0"]["kernel"].shape[0] == 9
    inner = [p["kernel"].shape for name, p in params.items() if "Conv" in name]
    assert sorted(shape[2:] for shape in inner) == [(2, 1), (4, 2)]


def test_without_bounds_it_gives_what_the_tanh_is_taken_of():
    z = 30 * jax.random.normal(KEY, (2, 3))
    generator = DcganGenerator((8, 8, 1), 2, norm="none")
    variables = generator.init(KEY, z, train=False)
    variables = jax.tree.map(lambda leaf: 10 * leaf, variables)
    free = DcganGenerator((8, 8, 1), 2, norm="none", bounded=False).apply(variables, z, train=False)
    assert np.abs(free).max() > 1
    np.testing.assert_allclose(generator.apply(variables, z, train=False), np.tanh(free), atol=1e-6)
