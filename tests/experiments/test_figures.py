"""What each figure shows, of models so small that every pixel is known, and what it refuses.

Images are 1x3x1. Two pixels are a code, z / 10 + 1/2; the third tells the label that was decoded with.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import figures, judges, latent_figures
from genjax import metrics, plots
from genjax.core import Conditionals, Latents, Model, Spec
from genjax.data import Dataset
from genjax.data.dataset import ArraySource

SPEC = Spec((1, 3, 1), None, 4)
MEAN, STD = np.array([0.5, -1.0], np.float32), np.array([0.25, 1.0], np.float32)
CODES = np.stack([np.linspace(-1, 1, 30), np.linspace(3, -3, 30)], axis=1).astype(np.float32)
LABELS = ((np.arange(30) // 3 + 1) % 4).astype(np.int32)  # other ones at the two ends of a line


def encode(key, variables, x, *label):
    """[B, 2]."""
    return 10 * (x[:, 0, :2, 0] - 0.5)


def decode(key, variables, z, label=None):
    """[B, 1, 3, 1]."""
    third = jnp.zeros(len(z)) if label is None else label / 10
    return jnp.concatenate([z / 10 + 0.5, third[:, None]], axis=1)[:, None, :, None]


def prior(key, variables, num, label=None):
    """[num, 2]: about MEAN, and twice the label away from it along the first latent."""
    shift = jnp.zeros(num) if label is None else 2.0 * label
    z = MEAN[None] + STD[None] * jax.random.normal(key, (num, 2))
    return z + jnp.stack([shift, jnp.zeros(num)], axis=1)


PLAIN = Model(None, None, encode=encode, decode=decode, latents=Latents((2,), prior, None))
CONDITIONAL = PLAIN._replace(
    condition="label",
    sample=lambda key, variables, num, label=None: decode(
        key, variables, prior(key, variables, num), label
    ),
)
DISCRETE = Model(
    None,
    None,
    encode=lambda key, variables, x: jnp.round(10 * x[:, 0, :2]).astype(jnp.int32),
    decode=lambda key, variables, z: decode(key, variables, z[..., 0] - 5.0),
)


def subject(model, tmp_path, spec=SPEC, variables=None, num=30):
    """With the test images of CODES."""
    images = np.asarray(decode(None, None, CODES[:num]))
    test = ArraySource({"image": images, "label": LABELS[:num]})
    dataset = Dataset("fake", spec, test, test, test, None, lambda key, raw: raw)
    return figures.Subject(model, variables or {}, spec, lambda: dataset, tmp_path)


@pytest.fixture
def shown(monkeypatch):
    """(images, columns) of each grid that a figure makes."""
    grids, draw = [], plots.image_grid

    def record(images, columns=None, padding=1):
        grids.append((np.asarray(images), columns))
        return draw(images, columns, padding)

    monkeypatch.setattr(plots, "image_grid", record)
    return grids


def row_and_column(shown):
    """Images of the last grid, [rows, columns, 3 pixels], as codes beside labels."""
    images, columns = shown[-1]
    pixels = images[:, 0, :, 0].reshape(-1, columns, 3)
    return 10 * (pixels[..., :2] - 0.5), 10 * pixels[..., 2]


@pytest.mark.parametrize("model, label", [(PLAIN, 0), (CONDITIONAL, LABELS[0])])
def test_traversals_move_one_latent_a_row_in_units_of_the_prior(tmp_path, shown, model, label):
    path = figures.draw("traversals", subject(model, tmp_path), 0)
    assert path == tmp_path / "samples" / "traversals.png" and path.exists()
    codes, labels = row_and_column(shown)
    assert codes.shape == (2, 11, 2) and np.allclose(labels, label)
    steps = np.linspace(-3, 3, 11)
    # The second latent's codes vary more, so its row is the first. The prior's moments are of draws.
    np.testing.assert_allclose(codes[0, :, 1], MEAN[1] + STD[1] * steps, atol=0.15)
    np.testing.assert_allclose(codes[0, :, 0], CODES[0, 0], atol=1e-5)
    first = MEAN[0] + 2.0 * label + STD[0] * steps
    np.testing.assert_allclose(codes[1, :, 0], first, atol=0.04)
    np.testing.assert_allclose(codes[1, :, 1], CODES[0, 1], atol=1e-5)


def test_traversals_of_a_model_without_a_prior_are_about_its_codes(tmp_path, shown):
    figures.draw("traversals", subject(PLAIN._replace(latents=None), tmp_path), 0)
    codes, _ = row_and_column(shown)
    reach = 3 * CODES[:, 1].std() * np.linspace(-1, 1, 11)
    np.testing.assert_allclose(codes[0, :, 1], np.clip(reach, -5, 5), atol=1e-4)


def test_at_most_ten_latents_are_traversed(tmp_path, shown):
    wide = Model(
        None,
        None,
        encode=lambda key, variables, x: jnp.tile(encode(key, variables, x), 7),
        decode=lambda key, variables, z: decode(key, variables, z[:, :2]),
    )
    figures.draw("traversals", subject(wide, tmp_path), 0)
    assert shown[-1][0].shape == (110, 1, 3, 1) and shown[-1][1] == 11


def test_classes_are_rows_that_share_their_latents(tmp_path, shown):
    figures.draw("classes", subject(CONDITIONAL, tmp_path), 0)
    codes, labels = row_and_column(shown)
    np.testing.assert_allclose(labels, np.repeat(np.arange(4.0)[:, None], 10, axis=1), atol=1e-5)
    np.testing.assert_allclose(codes, np.tile(codes[:1], (4, 1, 1)), atol=1e-5)
    assert codes[0, :, 1].std() > 0.3  # and differ along a row


def test_a_conditional_model_decodes_with_the_labels_of_the_images(tmp_path, shown, monkeypatch):
    pairs, draw = [], plots.pairs_grid
    monkeypatch.setattr(plots, "pairs_grid", lambda *args: (pairs.append(args), draw(*args))[1])
    drawn = subject(CONDITIONAL, tmp_path)
    figures.draw("reconstructions", drawn, 0)
    originals, rebuilt = pairs[0]
    np.testing.assert_allclose(rebuilt[..., :2, :], originals[..., :2, :], atol=1e-6)
    np.testing.assert_allclose(10 * rebuilt[:, 0, 2, 0], LABELS[:20], atol=1e-5)

    figures.draw("interpolations", drawn, 0)
    codes, labels = row_and_column(shown)
    np.testing.assert_allclose(labels, np.repeat(LABELS[:8, None], 10, axis=1), atol=1e-5)
    np.testing.assert_allclose(codes[:, 0], CODES[:8], atol=1e-5)
    np.testing.assert_allclose(codes[:, -1], CODES[8:16], atol=1e-5)
    np.testing.assert_allclose(codes[:, 3], (2 * CODES[:8] + CODES[8:16]) / 3, atol=1e-5)


def test_a_conditional_model_has_a_manifold_for_each_class(tmp_path, monkeypatch):
    planes, draw = [], plots.manifold_figure
    monkeypatch.setattr(plots, "manifold_figure", lambda *a: (planes.append(a[0]), draw(*a))[1])
    figures.draw("manifold", subject(CONDITIONAL, tmp_path), 0)
    assert [round(10 * float(plane[:, 0, 2].mean())) for plane in planes] == [0, 1, 2, 3]
    grid = plots.unit_square_latents(10)
    for label, plane in enumerate(planes[:2]):
        expected = MEAN + STD * grid + np.array([2.0 * label, 0.0])
        np.testing.assert_allclose(10 * (plane[:, 0, :2, 0] - 0.5), expected, atol=0.1)


def test_an_unconditional_manifold_is_the_standard_normals(tmp_path, monkeypatch):
    planes, draw = [], plots.manifold_figure
    monkeypatch.setattr(plots, "manifold_figure", lambda *a: (planes.append(a[0]), draw(*a))[1])
    figures.draw("manifold", subject(PLAIN, tmp_path), 0)
    codes = 10 * (planes[0][:, 0, :2, 0] - 0.5)
    np.testing.assert_allclose(codes, plots.unit_square_latents(20), atol=1e-5)


@pytest.mark.parametrize("rows", [None, 16])
def test_the_codebook_counts_every_code_of_the_test_set(tmp_path, monkeypatch, rows):
    usage = []
    monkeypatch.setattr(plots, "code_usage", lambda *args: usage.append(args))
    monkeypatch.setattr("experiments.subject._AT_A_TIME", 7)  # 30 examples in parts, one ragged
    codebook = {"codebook": {"averages": {"codes": np.zeros((16, 3))}}} if rows else {}
    figures.draw("codebook", subject(DISCRETE, tmp_path, variables=codebook), 0)
    counts, perplexity, _ = usage[0]
    indices = np.round(10 * np.asarray(decode(None, None, CODES))[:, 0, :2, 0]).astype(int)
    assert counts.sum() == 60 and len(counts) == (rows or indices.max() + 1)
    np.testing.assert_array_equal(counts, np.bincount(indices.ravel(), minlength=len(counts)))
    shares = counts[counts > 0] / 60
    assert perplexity == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-5)


def test_interpolation_goes_from_draw_to_draw_by_the_models_own_path(tmp_path, shown):
    bent = lambda z0, z1, weight: z0 + weight**2 * (z1 - z0)
    for model, labels in ((PLAIN, [0] * 8), (CONDITIONAL, [0, 1, 2, 3] * 2)):
        able = model._replace(latents=model.latents._replace(interpolate=bent))
        figures.draw("interpolation", subject(able, tmp_path), 0)
        codes, told = row_and_column(shown)
        assert codes.shape == (8, 10, 2)
        np.testing.assert_allclose(told, np.tile(np.array(labels)[:, None], 10), atol=1e-5)
        middle = codes[:, 0] + (3 / 9) ** 2 * (codes[:, -1] - codes[:, 0])
        np.testing.assert_allclose(codes[:, 3], middle, atol=1e-4)


def test_pairs_show_the_way_there_and_back_beside_the_truth(tmp_path, monkeypatch):
    columns = []
    monkeypatch.setattr(plots, "image_columns", lambda images, path: columns.append(images))
    model = Model(
        None,
        None,
        translate=lambda key, variables, x: 1 - x,
        translate_back=lambda key, variables, y: 0.5 * y,
    )
    drawn = subject(model, tmp_path)
    images = np.asarray(decode(None, None, CODES))
    test = ArraySource({"image": images, "target": 1 - images})
    drawn = drawn._replace(dataset=lambda: drawn_set._replace(test=test))
    drawn_set = subject(model, tmp_path).dataset()
    figures.draw("pairs", drawn, 0)
    (found,) = columns
    assert list(found) == ["input", "translation", "and back", "truth"]
    np.testing.assert_allclose(found["translation"], found["truth"], atol=1e-6)
    np.testing.assert_allclose(found["and back"], 0.5 * (1 - images[:8]), atol=1e-6)


def test_inpainting_shows_holes_as_they_are_filled(tmp_path, monkeypatch):
    columns = []
    monkeypatch.setattr(plots, "image_columns", lambda images, path: columns.append(images))
    fill = lambda key, variables, x, known: jnp.where(known, x, 0.9)
    figures.draw("inpainting", subject(Model(None, None, complete=fill), tmp_path), 0)
    (found,) = columns
    holed, filled, whole = found.values()
    np.testing.assert_array_equal(whole, np.asarray(decode(None, None, CODES[:8])))
    hole = holed != whole
    assert (hole.sum(axis=(1, 2, 3)) == 1).all() and hole.any(axis=0).sum() > 1
    np.testing.assert_array_equal(filled, np.where(hole, np.float32(0.9), whole))


def test_domains_are_draws_above_their_counterparts(tmp_path, monkeypatch):
    """A grey domain beside one in colours is shown in three channels."""
    shown, draw = [], plots.pairs_grid
    monkeypatch.setattr(plots, "pairs_grid", lambda *args: (shown.append(args), draw(*args))[1])
    grey = lambda num: jnp.linspace(0, 1, 3 * num).reshape(num, 1, 3, 1)
    model = Model(
        None,
        None,
        sample_pairs=lambda key, variables, num: (grey(num), jnp.repeat(1 - grey(num), 3, axis=-1)),
    )
    figures.draw("domains", subject(model, tmp_path), 0)
    ((first, second),) = shown
    assert first.shape == second.shape == (40, 1, 3, 3)
    np.testing.assert_allclose(first, 1 - second, atol=1e-6)


def test_arithmetic_adds_means_of_the_judges_classes(tmp_path, monkeypatch):
    """The class is the quadrant of the code; the mean of a group lies in it."""
    rows = []
    monkeypatch.setattr(plots, "picture_rows", lambda pictures, path: rows.append(pictures[""]))

    def look(x):
        code = x[:, 0, :2, 0] > np.array([[0.55, 0.4]])  # of the prior's means
        return metrics.Judged(x, {"quadrant": np.eye(4)[code[:, 0] * 2 + code[:, 1]]})

    classes = np.arange(4)[:, None]
    eye = judges.Eye(look, "image", (1, 3, 1), classes, None, ("quadrant",), {}, None, {})
    figures.draw("arithmetic", subject(PLAIN, tmp_path)._replace(eye=lambda: eye), 0)
    a, b, c, total, _ = rows[0].values()
    assert len({name.split()[-1] for name in list(rows[0])[:3]}) == 3
    code = lambda picture: 10 * (picture[0, :2, 0] - 0.5)
    np.testing.assert_allclose(code(total), code(a) - code(b) + code(c), atol=1e-4)
    for name, mean in list(rows[0].items())[:3]:
        quadrant = look(mean[None]).probabilities["quadrant"].argmax()
        assert name.endswith(f"quadrant {quadrant}")


def test_exemplars_are_shown_as_they_were_learned(tmp_path, shown):
    learned = np.random.default_rng(0).uniform(-0.2, 1.2, (120, 1, 3, 1)).astype(np.float32)
    model = PLAIN._replace(exemplars=lambda variables: variables["learned"])
    figures.draw("exemplars", subject(model, tmp_path, variables={"learned": learned}), 0)
    np.testing.assert_array_equal(shown[-1][0], np.clip(learned[:100], 0, 1))


@pytest.mark.parametrize(
    "name, model, message",
    [
        ("classes", PLAIN, "needs a model with sample"),
        ("classes", CONDITIONAL._replace(condition=None), "conditional on the class"),
        ("codebook", PLAIN, "needs discrete codes, and this model's are numbers"),
        ("codebook", Model(None, None), "needs a model with encode"),
        ("exemplars", PLAIN, "needs a model with exemplars"),
        ("traversals", DISCRETE, "this model's are discrete"),
        ("interpolations", DISCRETE, "this model's are discrete"),
        ("manifold", DISCRETE, "this model's are discrete"),
        ("traversals", PLAIN._replace(encode=lambda k, v, x: x), "has shape (1, 3, 1)"),
        ("manifold", PLAIN._replace(encode=lambda k, v, x: x[:, 0, :, 0]), "this model has 3:"),
        ("reconstructions", PLAIN._replace(condition="mood"), "conditional on 'mood'"),
        ("interpolation", PLAIN, "--figure=interpolations draws lines between test images"),
        ("arithmetic", CONDITIONAL, "needs an unconditional model, and this one is of label"),
        ("arithmetic", PLAIN, "needs a judge of the data"),
        ("pairs", PLAIN, "that translates or enlarges"),
        ("inpainting", PLAIN, "needs a model with complete"),
        ("domains", PLAIN, "needs a model with sample_pairs"),
        ("truncation", PLAIN, "a prior with tails that can be cut"),
    ],
)
def test_what_a_model_cannot_show_is_refused_in_a_line(tmp_path, name, model, message):
    with pytest.raises(figures.Unsuitable) as refused:
        figures.draw(name, subject(model, tmp_path), 0)
    assert message in str(refused.value) and "\n" not in str(refused.value)
    assert not list((tmp_path / "samples").iterdir())


OF_OTHERS = {"curves", "codebook", "posterior", "forecast", "translations"}  # of no pictures


@pytest.mark.parametrize("name", sorted(set(figures.FIGURES) - OF_OTHERS))
def test_vectors_are_no_pictures(tmp_path, name):
    factors = Conditionals(None, None, None, None)
    nothing = lambda *given: None
    able = CONDITIONAL._replace(
        exemplars=nothing,
        conditionals=factors,
        complete=nothing,
        search=nothing,
        sample_pairs=nothing,
    )
    with pytest.raises(figures.Unsuitable, match="need images"):
        figures.draw(name, subject(able, tmp_path, Spec((3,), None, 4)), 0)


@pytest.mark.parametrize("name", ["reconstructions", "interpolations", "traversals"])
def test_one_test_example_is_too_few(tmp_path, name):
    with pytest.raises(figures.Unsuitable, match="needs 2 test examples"):
        figures.draw(name, subject(PLAIN, tmp_path, num=1), 0)


def test_draw_all_draws_what_a_model_can_show(tmp_path):
    names = lambda model: [p.stem for p in figures.draw_all(subject(model, tmp_path), 0)]
    lines = ["reconstructions", "interpolations", "manifold", "traversals"]
    assert names(PLAIN) == lines
    assert names(CONDITIONAL) == ["samples", "classes", *lines]
    assert names(DISCRETE) == ["reconstructions", "codebook"]
    assert names(Model(None, None)) == []


def test_few_classes_only_are_drawn(tmp_path, shown):
    many = SPEC._replace(num_classes=500)
    figures.draw("classes", subject(CONDITIONAL, tmp_path, many), 0)
    assert len(shown[-1][0]) == figures.CLASSES * figures.DRAWS
    figures.draw("manifold", subject(CONDITIONAL, tmp_path, many), 0)
    assert len(shown[-1][0]) == latent_figures.CLASS_MANIFOLDS
