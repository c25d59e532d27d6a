"""The networks that turn images into images, against the same layers in PyTorch, and their sizes."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import PatchDiscriminator, TranslationResNet, UNet, num_patch_layers
from genjax.nets.translation import mirrored

KEY = jax.random.key(0)


def started(module, shape, seed=1):
    """Variables drawn anew, so that no gain is 1 and no bias 0; and images."""
    rngs = {"params": KEY, "dropout": KEY}
    start = lambda: module.init(rngs, jnp.zeros((1, *shape)), train=True)
    shapes, rng = jax.eval_shape(start), np.random.default_rng(seed)
    draw = lambda leaf: jnp.asarray(rng.normal(0, 0.3, size=leaf.shape), jnp.float32)
    return jax.tree.map(draw, shapes), rng.normal(size=(2, *shape)).astype(np.float32)


def torch_layers(params):
    """The layers of a module by name, as functions of tensors [B, C, H, W]."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    tensor = lambda leaf: torch.from_numpy(np.array(leaf))

    def conv(name, x, stride, padding):
        kernel = tensor(params[name]["kernel"]).permute(3, 2, 0, 1)
        bias = tensor(params[name]["bias"]) if "bias" in params[name] else None
        return functional.conv2d(x, kernel, bias, stride, padding)

    def transposed(name, x, extra=0):
        kernel = tensor(params[name]["kernel"]).flip(0, 1).permute(2, 3, 0, 1)
        bias = tensor(params[name]["bias"]) if "bias" in params[name] else None
        return functional.conv_transpose2d(x, kernel, bias, 2, 1, output_padding=extra)

    def batch_norm(name, x):
        gain, shift = (tensor(params[name][n]) for n in ("scale", "bias"))
        return functional.batch_norm(x, None, None, gain, shift, training=True)

    return torch, conv, transposed, batch_norm


def test_unet_is_the_released_one():
    """Layer by layer as in the authors' code, with 3 levels: no norm on the first and the innermost."""
    unet = UNet(3, 2, 3, dropout_rate=0.0)
    variables, x = started(unet, (8, 8, 1))
    torch, conv, transposed, norm = torch_layers(variables["params"])
    leaky = lambda x: torch.nn.functional.leaky_relu(x, 0.2)
    images = torch.from_numpy(x).permute(0, 3, 1, 2)
    first = conv("Conv_0", images, 2, 1)
    second = norm("MinibatchNorm_0", conv("Conv_1", leaky(first), 2, 1))
    inner = conv("Conv_2", leaky(second), 2, 1)
    y = norm("MinibatchNorm_1", transposed("ConvTranspose_0", inner.relu()))
    y = transposed("ConvTranspose_1", torch.cat([y, second], 1).relu())
    y = torch.cat([norm("MinibatchNorm_2", y), first], 1)
    y = transposed("ConvTranspose_2", y.relu()).tanh()
    assert "bias" in variables["params"]["Conv_2"] and "bias" not in variables["params"]["Conv_1"]
    for train in (True, False):
        found = unet.apply(variables, x, train=train)
        np.testing.assert_allclose(found, y.permute(0, 2, 3, 1), atol=1e-5)


def test_patch_discriminator_is_the_released_one():
    patch = PatchDiscriminator(2, 2)
    variables, x = started(patch, (16, 16, 3))
    torch, conv, _, norm = torch_layers(variables["params"])
    leaky = lambda x: torch.nn.functional.leaky_relu(x, 0.2)
    y = leaky(conv("Conv_0", torch.from_numpy(x).permute(0, 3, 1, 2), 2, 1))
    y = leaky(norm("MinibatchNorm_0", conv("Conv_1", y, 2, 1)))
    y = leaky(norm("MinibatchNorm_1", conv("Conv_2", y, 1, 1)))
    y = conv("Conv_3", y, 1, 1)[:, 0]
    of_parts = patch.apply(variables, x[..., 2:], x[..., :2], train=False)["logit"]
    np.testing.assert_allclose(of_parts, y, rtol=1e-4, atol=1e-5)


def test_translation_resnet_is_the_released_one():
    resnet = TranslationResNet(1, 2, 1, 1)
    variables, x = started(resnet, (8, 8, 3))
    torch, conv, transposed, _ = torch_layers(variables["params"])
    norm = torch.nn.functional.instance_norm
    mirror = lambda x, edge: torch.nn.functional.pad(x, [edge] * 4, mode="reflect")
    y = norm(conv("Conv_0", mirror(torch.from_numpy(x).permute(0, 3, 1, 2), 3), 1, 0)).relu()
    y = norm(conv("Conv_1", y, 2, 1)).relu()
    inner = norm(conv("Conv_2", mirror(y, 1), 1, 0)).relu()
    y = y + norm(conv("Conv_3", mirror(inner, 1), 1, 0))
    y = norm(transposed("ConvTranspose_0", y, 1)).relu()
    y = conv("Conv_4", mirror(y, 3), 1, 0).tanh()
    found = resnet.apply(variables, x, train=False)
    np.testing.assert_allclose(found, y.permute(0, 2, 3, 1), atol=2e-5)


@pytest.mark.parametrize(
    "module, channels, millions",
    [(UNet(3), 3, 54.41), (PatchDiscriminator(), 6, 2.769), (TranslationResNet(3), 3, 11.37)],
)
def test_the_papers_networks_have_the_parameters_that_their_code_prints(module, channels, millions):
    """CycleGAN's prints 11.38: there biases that the norms after them take away are counted."""
    rngs = {"params": KEY, "dropout": KEY}
    start = lambda: module.init(rngs, jnp.zeros((1, 256, 256, channels)), train=True)["params"]
    found = sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(start)))
    assert abs(found / 1e6 - millions) < 0.006


@pytest.mark.parametrize("shape", [(8, 8, 1), (6, 5, 3), (13, 7, 2), (4, 4, 1)])
def test_any_size_comes_back_in_its_size(shape):
    for module in (UNet(2, 1), TranslationResNet(2, 1, 1, 1)):
        run = lambda x, m=module: m.init_with_output({"params": KEY, "dropout": KEY}, x, train=True)
        assert jax.eval_shape(run, jnp.zeros((1, *shape)))[0].shape == (1, *shape[:2], 2)


def test_dropout_stays_on():
    unet = UNet(1, 2)
    variables, x = started(unet, (16, 16, 1))
    apply = jax.jit(lambda key: unet.apply(variables, x, train=False, rngs={"dropout": key}))
    assert np.abs(apply(KEY) - apply(jax.random.key(1))).max() > 1e-3
    np.testing.assert_array_equal(apply(KEY), apply(KEY))


def test_dropout_is_in_the_three_innermost_levels():
    """Of 64x64, whose six levels have maps of 2, 4, 8, 16 and 32 pixels on the way up."""
    sides = []

    def watch(next_method, args, kwargs, context):
        if isinstance(context.module, nn.Dropout) and context.method_name == "__call__":
            sides.append(args[0].shape[1])
        return next_method(*args, **kwargs)

    rngs = {"params": KEY, "dropout": KEY}
    with nn.intercept_methods(watch):
        jax.eval_shape(lambda: UNet(1, 1).init(rngs, jnp.zeros((1, 64, 64, 1)), train=True))
    assert sides == [2, 4, 8]


@pytest.mark.parametrize(
    "module",
    [UNet(1, 16, 1), PatchDiscriminator(32, 0, "none"), TranslationResNet(1, 8, 0, 0, "none")],
)
def test_kernels_start_with_a_deviation_of_002(module):
    params = jax.jit(lambda: module.init(KEY, jnp.zeros((1, 8, 8, 1)), train=False))()["params"]
    kernels = np.concatenate([np.ravel(layer["kernel"]) for layer in params.values()])
    np.testing.assert_allclose(kernels.std(), 0.02, rtol=0.1)


def test_a_batch_norm_with_memory_is_a_choice():
    unet = UNet(1, 2, norm="batch", dropout_rate=0.0)
    start = lambda: unet.init(KEY, jnp.zeros((1, 8, 8, 1)), train=False)
    assert set(jax.eval_shape(start)) == {"params", "batch_stats"}


@pytest.mark.parametrize("layers, size", [(0, 1), (1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_its_patch(layers, size):
    """By the support of its gradient; norms, which see the whole image, are left out."""
    patch = PatchDiscriminator(1, layers, norm="none")
    side = 2 * size + 8
    variables, _ = started(patch, (side, side, 1))
    variables = jax.tree.map(jnp.abs, variables)  # so that no gradient is cut off or cancels

    def middle(x):
        logit = patch.apply(variables, x, train=False)["logit"][0]
        return logit[logit.shape[0] // 2, logit.shape[1] // 2]

    seen = np.asarray(jax.jit(jax.grad(middle))(jnp.ones((1, side, side, 1))))[0, ..., 0] != 0
    assert seen.any(0).sum() == seen.any(1).sum() == size


def test_a_patch_discriminator_of_256_has_30_patches_a_side():
    patch = PatchDiscriminator()
    run = lambda x: patch.init_with_output(KEY, x, train=True)[0]["logit"]
    assert jax.eval_shape(run, jnp.zeros((1, 256, 256, 6))).shape == (1, 30, 30)
    assert [num_patch_layers(side) for side in (4, 8, 16, 32, 64, 256)] == [0, 1, 1, 2, 3, 3]


def test_a_mirror_as_numpy_has_it_and_edges_where_nothing_is_to_mirror():
    x = np.arange(12.0).reshape(1, 3, 4, 1)
    edges = ((0, 0), (2, 2), (2, 2), (0, 0))
    np.testing.assert_array_equal(mirrored(x, 2), np.pad(x, edges, "reflect"))
    edges = ((0, 0), (3, 3), (3, 3), (0, 0))
    np.testing.assert_array_equal(mirrored(x, 3), np.pad(x, edges, "edge"))


@pytest.mark.parametrize(
    "module, message",
    [
        (UNet(1, num_levels=5), "a side of 8 has 1 to 3 levels, got 5"),
        (UNet(1, num_levels=0), "got 0"),
        (PatchDiscriminator(num_layers=7), "num_layers must be 0 to 6, got 7"),
        (PatchDiscriminator(num_layers=3), "leaves nothing"),
    ],
)
def test_what_does_not_fit_is_refused(module, message):
    start = lambda: module.init(KEY, jnp.zeros((1, 8, 8, 1)), train=False)
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(start)
