"""Maps of all 1797 digits: the measures by scikit-learn's figures, and the order of the methods."""

import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from genjax import data
from genjax.autoencoders import autoencoder
from genjax.core import variables_for_sampling
from genjax.tasks import embedding
from genjax.training import Config, fit

X = load_digits().data / 16


def test_figures_of_random_projection_and_principal_components():
    """0.6270 and 0.8304 with scikit-learn's own function; its ties cost 1e-5 either way."""
    projected = X @ np.random.RandomState(0).randn(64, 2)
    for embedded, trust, cont in (
        (projected, 0.6270, 0.8487),
        (PCA(2, random_state=0).fit_transform(X), 0.8304, 0.9569),
    ):
        found = embedding.quality(X, embedded)
        print(found)
        assert found["trustworthiness"] == pytest.approx(trust, abs=1e-4)
        assert found["continuity"] == pytest.approx(cont, abs=2e-4)
    found = embedding.quality(X, embedded, 12)
    assert found["trustworthiness"] == pytest.approx(0.8296, abs=1e-4)
    assert found["continuity"] == pytest.approx(0.9483, abs=2e-4)


def test_an_autoencoder_lies_between_principal_components_and_tsne():
    """Trained on all digits, as the other two are fitted to all: two numbers, no label."""
    dataset = data.load("digits", binarization="none")
    everything = data.ArraySource(
        {
            "image": (16 * X).reshape(-1, 8, 8, 1).astype(np.uint8),
            "label": load_digits().target.astype(np.int32),
        }
    )
    dataset = dataset._replace(train=everything)
    model = autoencoder(dataset.spec, code_dim=2)
    settings = Config(steps=3000, batch_size=128, eval_every=3000)
    variables = variables_for_sampling(fit(model, dataset, settings).state)
    images = X.reshape(-1, 8, 8, 1).astype(np.float32)
    codes = np.asarray(jax.jit(model.encode)(None, variables, images))
    of_codes = embedding.quality(X, codes)
    of_tsne = embedding.quality(X, TSNE(init="pca", random_state=0).fit_transform(X))
    print("autoencoder", of_codes, "t-SNE", of_tsne)
    assert 0.96 <= of_codes["trustworthiness"] < of_tsne["trustworthiness"]
    assert of_codes["continuity"] > 0.94
    assert of_tsne["trustworthiness"] == pytest.approx(0.9949, abs=2e-3)
