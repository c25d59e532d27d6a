"""VGG's features against PyTorch's modules with the same weights; files that are not its weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import VggFeatures, imagenet_range, load_vgg19, vgg_variables

BLOCKS = ((3, 4), (5,), (6, 6))


def test_features_are_those_of_torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    layers, channels = [], 3
    for widths in BLOCKS:
        for width in widths:
            layers += [torch.nn.Conv2d(channels, width, 3, padding=1), torch.nn.ReLU()]
            channels = width
        layers.append(torch.nn.MaxPool2d(2))
    vgg = torch.nn.Sequential(*layers)
    weights = {f"features.{name}": leaf.numpy() for name, leaf in vgg.state_dict().items()}
    x = torch.randn(2, 3, 13, 8)
    expected = vgg[:-1](x).detach().permute(0, 2, 3, 1)
    variables = vgg_variables({**weights, "classifier.0.bias": np.zeros(3)}, BLOCKS)
    found = VggFeatures(BLOCKS).apply(variables, jnp.asarray(x.permute(0, 2, 3, 1).numpy()))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"features.0 has weight \(64, 3, 3, 3\)"):
        vgg_variables(weights)


def test_vgg19_has_its_twenty_million_parameters():
    start = lambda: VggFeatures().init(jax.random.key(0), jnp.zeros((1, 64, 64, 3)))
    found = jax.eval_shape(start)
    assert sum(leaf.size for leaf in jax.tree.leaves(found)) == 20_024_384


def test_a_small_image_is_not_halved_to_nothing():
    run = lambda x: VggFeatures().init_with_output(jax.random.key(0), x)[0]
    assert jax.eval_shape(run, jnp.zeros((1, 4, 4, 3))).shape == (1, 1, 1, 512)


def test_images_are_standardised_by_the_moments_of_imagenet():
    grey = imagenet_range(jnp.full((1, 1, 1, 1), 0.456))
    expected = [(0.456 - 0.485) / 0.229, 0.0, (0.456 - 0.406) / 0.225]
    np.testing.assert_allclose(grey[0, 0, 0], expected, atol=1e-6)
    with pytest.raises(ValueError, match="grey or RGB"):
        imagenet_range(jnp.zeros((1, 2, 2, 2)))


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no file of VGG19's weights at"):
        load_vgg19(tmp_path / "vgg.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match=r"got \(0,\) and \(0,\)"):
        load_vgg19(tmp_path / "other.npz")
    (tmp_path / "vgg.bin").write_bytes(b"")
    with pytest.raises(ValueError, match=r"an \.npz or \.pth, got vgg\.bin"):
        load_vgg19(tmp_path / "vgg.bin")
