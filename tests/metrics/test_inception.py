"""FID-Inception: torch-fidelity's features from one set of random weights, and its parts by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.metrics import judged, load_inception
from genjax.metrics.inception import SIDE, InceptionNet, resized


def test_resizing_reads_pixel_j_at_j_times_the_scale():
    """The formula with numpy.interp, which also holds the last pixel; 32 to 299 and 60 to 32."""
    for old, new in ((32, 299), (60, 32)):
        down, across = np.random.default_rng(old).uniform(size=(2, old)).astype(np.float32)
        at = lambda line: np.interp(np.arange(new) * old / new, np.arange(old), line)
        image = (down[:, None] * across[None])[None, :, :, None]
        found = jax.jit(resized, static_argnums=1)(image, new)[0, :, :, 0]
        np.testing.assert_allclose(found, at(down)[:, None] * at(across)[None], atol=3e-5)


def test_it_has_the_parameters_of_inception_v3():
    """23,834,568 of torchvision's without its auxiliary classifier, with 1008 classes for 1000."""
    images = jnp.zeros((2, SIDE, SIDE, 3))
    outputs, variables = jax.eval_shape(InceptionNet().init_with_output, jax.random.key(0), images)
    count = sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))
    assert count == 23_834_568 + 8 * 2049
    assert [each.shape for each in outputs] == [(2, 2048), (2, 1008), (2, 1008)]


@pytest.mark.parametrize(
    "name, message", [("missing.npz", "cannot be read"), ("other.npz", "has no 'Conv2d_1a_3x3")]
)
def test_a_file_that_has_no_weights_is_refused(tmp_path, name, message):
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(ValueError, match=message):
        load_inception(tmp_path / name)


def test_features_and_logits_are_torch_fidelitys(tmp_path, monkeypatch):
    """One set of random weights in both, from .pth and .npz; images of three sizes, one of them 299."""
    torch = pytest.importorskip("torch")
    try:
        theirs = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    except RuntimeError as error:  # "operator torchvision::nms does not exist"
        pytest.skip(f"torch-fidelity's torchvision is of another torch: {error}")

    # The constructor loads a state dict, and would download one: it gets an empty one, of no use.
    path = tmp_path / "weights.pth"
    torch.save({}, path)
    extractor = theirs.FeatureExtractorInceptionV3
    monkeypatch.setattr(extractor, "load_state_dict", lambda self, state: None)
    names = ["2048", "logits_unbiased", "logits"]
    net = extractor("net", names, feature_extractor_weights_path=str(path))
    monkeypatch.undo()
    generator = torch.Generator().manual_seed(0)
    for name, tensor in net.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif name.endswith(("bn.weight", "running_mean", "bias")):
            offset = 1.0 if name.endswith("bn.weight") else 0.0
            tensor.normal_(offset, 0.2, generator=generator)
        elif tensor.is_floating_point():  # so that activations keep their size through the layers
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5, generator=generator)
    torch.save(net.state_dict(), path)
    np.savez(tmp_path / "weights.npz", **{k: v.numpy() for k, v in net.state_dict().items()})
    judge = load_inception(path)
    assert load_inception(tmp_path / "weights.npz").version == judge.version

    rng = np.random.default_rng(0)
    for side in (32, 64, 299):
        images = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
        expected = net(torch.from_numpy(images).permute(0, 3, 1, 2))
        features, unbiased, logits = (each.numpy() for each in expected)
        found = judged(judge, images / np.float32(255))
        assert features.std() > 0.1
        np.testing.assert_allclose(found.features, features, atol=1e-4, rtol=1e-4)
        softmax = np.exp(unbiased - unbiased.max(axis=1, keepdims=True))
        softmax /= softmax.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found.probabilities["imagenet"], softmax, rtol=2e-3)
        kernel = np.asarray(judge.variables["params"]["fc.weight"])
        bias = np.asarray(judge.variables["params"]["fc.bias"])
        np.testing.assert_allclose(found.features @ kernel + bias, logits, atol=1e-3, rtol=1e-4)
