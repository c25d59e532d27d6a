"""One table of checks over every system of every family: the contract, as its users meet it."""

import inspect
import itertools
import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import genjax.autoencoders
import genjax.autoregressive
import genjax.gan
import genjax.vae
from genjax.core import Spec, stages, variables_for_sampling
from genjax.training import curriculum

pytestmark = pytest.mark.usefixtures("compiled_quickly")
FAMILIES = {
    "autoencoder": genjax.autoencoders.MODELS,
    "autoregressive": genjax.autoregressive.MODELS,
    "vae": genjax.vae.MODELS,
    "gan": genjax.gan.MODELS,
}
SPECS = {
    "binary image": Spec((8, 8, 1), 2, 10),
    "grey image": Spec((6, 5, 1), 256),
    "colour image": Spec((8, 8, 3), 256, 4),
    "continuous image": Spec((8, 8, 1)),
    "binary vector": Spec((12,), 2),
    "continuous vector": Spec((12,)),
}
ORDINARY = list(SPECS)
# Data of those systems alone that need them.
SPECS |= {
    "pairs and captions": Spec((8, 8, 3), 256, None, {"target": (8, 8, 3), "text": (12,)}),
    "persons and ages": Spec((8, 8, 3), None, 4, {"identity": (5,)}),
    "sequences": Spec((4, 4)),
    "pairs of sentences": Spec((6, 5), 2, None, {"text": (7,)}),
    "showers": Spec((8,), None, 2, {"incidence": (2,), "layer_0": (2, 2), "layer_1": (2, 2)}),
    "scenes": Spec((8, 8, 3), 256, None, {"layout": (8, 8, 4), "attributes": (3,)}),
    "voxels": Spec((8, 8, 8, 1), 2),
}
SPECIAL = dict.fromkeys(("pix2pix", "cyclegan", "text_to_image", "cogan"), "pairs and captions")
SPECIAL["age_cgan"] = "persons and ages"
SPECIAL |= dict.fromkeys(("c_rnn_gan", "context_rnn_gan"), "sequences")
SPECIAL["cs_gan"] = "pairs of sentences"
SPECIAL["calogan"] = "showers"
SPECIAL["al_cgan"] = "scenes"
SPECIAL["gan_3d"] = "voxels"
UNLABELLED = [label for label in ORDINARY if SPECS[label].num_classes is None]
# (system, spec) -> what the refusal says
REFUSED = {("conditional_vae", label): "needs labels" for label in UNLABELLED}
OF_IMAGES = ("pixel_rnn", "multi_scale_pixel_rnn", "pixel_cnn", "gated_pixel_cnn", "pixel_cnn_pp")
REFUSED |= {
    (name, label): f"{name} needs images"
    for name in OF_IMAGES
    for label in ("binary vector", "continuous vector")
}
REFUSED |= {
    (name, label): f"{name} needs images"
    for name in (
        "convolutional_autoencoder",
        "compressive_autoencoder",
        "srcnn",
        "espcn",
        "srresnet",
    )
    for label in ("binary vector", "continuous vector")
}
REFUSED |= {
    (name, label): "counts values, and these are continuous"
    for name in ("histogram", "bayesian_network")
    for label in ("continuous image", "continuous vector")
}
REFUSED |= {
    ("histogram", "binary image"): r"2\^64 \(about 1.8e19\) of them",
    ("histogram", "grey image"): r"256\^30 \(about 1.8e72\) of them",
    ("histogram", "colour image"): r"256\^192 \(about 2.4e462\) of them",
    ("bayesian_network", "colour image"): r"36864 x 256\^2 = 2,415,919,104 entries",
}
VECTORS = ("binary vector", "continuous vector")
REFUSED |= {
    (name, label): f"{name} needs labels"
    for name in ("cgan", "acgan", "improved_gan")
    for label in UNLABELLED
}
REFUSED |= {("biggan", label): "biggan needs images with labels" for label in UNLABELLED}
REFUSED |= {
    (name, label): f"{name} needs images"
    for name in ("dcgan", "progan", "srgan", "pix2pix", "cyclegan", "cogan")
    for label in VECTORS
}
REFUSED |= {
    (name, label): message
    for name, message in (
        ("pix2pix", "pix2pix needs pairs"),
        ("cyclegan", "cyclegan needs images of two domains"),
        ("cogan", "cogan needs images of two domains"),
        ("text_to_image", "text_to_image needs images with captions"),
    )
    for label in ORDINARY
    if (name, label) not in REFUSED
}
REFUSED |= {("progan", "grey image"): "progan needs sides of 4 to 7 times a power of two"}
REFUSED |= {
    ("lfvi", label): "makes continuous vectors" for label in ORDINARY if label != VECTORS[1]
}
REFUSED |= {("cvae_gan", label): "cvae_gan needs labels" for label in UNLABELLED}
REFUSED |= {
    (name, label): f"{name} needs labels" for name in ("am_gan", "artgan") for label in UNLABELLED
}
REFUSED |= {("ccgan", label): "ccgan needs images" for label in VECTORS}
REFUSED |= {
    (name, label): message
    for name, message in (
        ("age_cgan", "age_cgan needs"),
        ("c_rnn_gan", "c_rnn_gan needs sequences"),
        ("context_rnn_gan", "context_rnn_gan needs sequences"),
        ("cs_gan", "cs_gan needs pairs of sentences"),
        ("calogan", "calogan needs showers"),
        ("al_cgan", "al_cgan needs images with `layout`"),
        ("gan_3d", "gan_3d needs voxels"),
    )
    for label in ORDINARY
}
# Whose training draws nothing: no latents, no masks or orders at random, no dropout.
DETERMINISTIC = {
    "autoencoder",
    "sparse_autoencoder",
    "contractive_autoencoder",
    "convolutional_autoencoder",
    "srcnn",
    "espcn",
    "srresnet",
    "nade",
    "made",
    "pixel_rnn",
    "multi_scale_pixel_rnn",
    "pixel_cnn",
    "gated_pixel_cnn",
    "cyclegan",  # until its pools are full
    "context_rnn_gan",
}
# Stages, from 0, that draw nothing of a curriculum with others that do.
DETERMINISTIC_STAGES = {("dec", 1), ("vade", 0), ("srgan", 1), ("text_to_image", 0)}
DETERMINISTIC_STAGES |= {("age_cgan", 0), ("cs_gan", 0)}
# Depth costs compilation, and changes nothing that is looked at here.
SHALLOW = {
    "pixel_rnn": {"num_layers": 1},
    "multi_scale_pixel_rnn": {"num_layers": 1},
    "pixel_cnn": {"num_blocks": 1},
    "gated_pixel_cnn": {"num_blocks": 1},
    "pixel_cnn_pp": {"num_blocks": 1},
    "srresnet": {"num_blocks": 1},
    "srgan": {"num_blocks": 1},
    "cyclegan": {"num_blocks": 1},
    "affgan": {"num_blocks": 1},
    "c_rnn_gan": {"hidden": 8, "num_layers": 1},
    "context_rnn_gan": {"hidden": 8},
    "al_cgan": {"width": 4},
    "cs_gan": {
        "embedding_dim": 4,
        "width": 4,
        "maps": 3,
        "num_rollouts": 2,
        "discriminator_turns": 1,
    },
    "calogan": {"architecture": "mlp"},
    "adagan": {"num_components": 2},
    "bayesian_gan": {"num_generators": 2, "num_samples": 2, "warmup_rounds": 0},
}
SYSTEMS = {name: make for models in FAMILIES.values() for name, make in models.items()}
CASES = [
    pytest.param(make, spec, id=f"{family}-{name}-{label}")
    for family, models in FAMILIES.items()
    for name, make in models.items()
    for label, spec in SPECS.items()
    if (name, label) not in REFUSED and (label in ORDINARY or SPECIAL.get(name) == label)
]


def usual(name):
    """The kind of data that a system is compiled for."""
    of = ("binary image", *VECTORS)
    return SPECIAL.get(name) or next(label for label in of if (name, label) not in REFUSED)


# Tracing and compiling are what a test costs. The fast tests look at every system on its usual data
# and at the first system of each family on all kinds, but for the systems that take long to trace;
# the acceptance checks look at the rest.
FIRST = ("autoencoder", "made", "vae", "gan")
HEAVY = ("multi_scale_pixel_rnn", "pixel_cnn_pp", "pix2pix", "cyclegan", "text_to_image")
HEAVY += ("sngan", "biggan", "progan", "srgan", "improved_gan", "age_cgan", "cs_gan")
COMPILED_ELSEWHERE = ("pixel_cnn_pp",)  # half a minute; its own acceptance checks play and draw


def is_usual(case):
    """Whether it is of the kind of data that its system is compiled for."""
    return case.id.endswith(f"-{usual(case.values[0].__name__)}")


def where(case):
    """The case, left to the acceptance checks if it is not for the fast tests."""
    name = case.values[0].__name__
    fast = name not in HEAVY and (name in FIRST or is_usual(case))
    return case if fast else pytest.param(*case.values, id=case.id, marks=pytest.mark.acceptance)


SHAPES = [where(case) for case in CASES]
COMPILED = [
    where(case)
    for case in CASES
    if case.values[0].__name__ not in COMPILED_ELSEWHERE
    and (is_usual(case) or case.id.startswith("vae-vae-") or case.id == "vae-vq_vae-binary vector")
]
# Whose rounds and draws are compiled: their shapes are looked at there.
SEEN = {case.id for case in COMPILED}
KEY = jax.random.key(0)
BATCH = 4
LOOKED_AT = itertools.count(1)


@pytest.fixture(autouse=True)
def _forget_systems():
    """Hundreds of systems in one module: few stay in memory."""
    yield
    if next(LOOKED_AT) % 20 == 0:
        jax.clear_caches()


def batch_of(spec):
    """A minibatch of valid data."""
    rng = np.random.default_rng(0)
    shape = (BATCH, *spec.shape)
    levels = spec.num_levels
    x = rng.random(shape) if levels is None else rng.integers(0, levels, shape) / (levels - 1)
    batch = {spec.entry: jnp.asarray(x, jnp.float32), "index": jnp.arange(BATCH)}
    if spec.num_classes:
        batch["label"] = jnp.asarray(rng.integers(0, spec.num_classes, BATCH), jnp.int32)
    if "target" in spec.extras:
        batch["target"] = jnp.asarray(rng.random((BATCH, *spec.extras["target"])), jnp.float32)
    if "identity" in spec.extras:
        persons = spec.extras["identity"][0]
        batch["identity"] = jax.nn.one_hot(jnp.arange(BATCH) % persons, persons)
    if "text" in spec.extras:
        text = rng.integers(97, 123, (BATCH, *spec.extras["text"]))
        batch["text"] = jnp.asarray(text, jnp.int32)
    for name in sorted(spec.extras.keys() - batch.keys()):
        batch[name] = jnp.asarray(rng.random((BATCH, *spec.extras[name])), jnp.float32)
    if "incidence" in batch:  # GeV, and the class
        energy = 1 + 99 * batch["incidence"][:, 0]
        batch["incidence"] = jnp.stack([energy, batch["label"].astype(jnp.float32)], axis=1)
    return batch


def build(make, spec):
    """The system, as shallow as it goes where its depth costs much."""
    return make(spec, **SHALLOW.get(make.__name__, {}))


def rounds_of(model, batch):
    """The minibatch as often as a round takes one."""
    return jax.tree.map(lambda leaf: jnp.stack([leaf] * model.num_batches), batch)


def given_of(model, batch):
    """What the model is conditional on, to be passed last."""
    return (batch[model.condition],) if model.condition else ()


@pytest.mark.parametrize("make, spec", SHAPES)
def test_shapes_of_everything(make, spec, request):
    """By shapes alone, with no compilation, whatever the system can do."""
    seen = request.node.callspec.id in SEEN
    for stage in stages(build(make, spec)):
        if stage.rounds == 0:  # its model is the next one's
            continue
        model, batch = stage.model, batch_of(spec)
        state = jax.eval_shape(model.init, KEY, batch)
        variables, x = variables_for_sampling(state), batch[spec.entry]
        given = given_of(model, batch)
        if not seen:
            check_round(state, *jax.eval_shape(model.update, KEY, state, rounds_of(model, batch)))
            played = jax.eval_shape(lambda v, m=model: play(m, KEY, v, batch, spec), variables)
            check_played(played, model, spec)
            if model.evaluate is not None:
                check_values(jax.eval_shape(model.evaluate, KEY, variables, batch), model)
        if model.decode is not None and model.encode is None:
            prior = lambda v, m=model: m.latents.prior(KEY, v, BATCH, *given)
            drawn = jax.eval_shape(lambda v, m=model: m.decode(KEY, v, prior(v), *given), variables)
            assert drawn.shape == (BATCH, *spec.shape) and drawn.dtype == jnp.float32
        if model.condition:
            asked = jax.eval_shape(
                lambda v, m=model: m.sample(KEY, v, BATCH, condition=given[0]), variables
            )
            assert asked.shape == (BATCH, *spec.shape)
        if model.search is not None:
            z, left = jax.eval_shape(lambda v, m=model: m.search(KEY, v, x, *given), variables)
            assert z.shape == (BATCH, *model.latents.shape) and left.shape == (BATCH,)
            assert z.dtype == left.dtype == jnp.float32
        if model.exemplars is not None:
            assert jax.eval_shape(model.exemplars, variables).shape[1:] == spec.shape
        if model.forecast is not None:
            after = jax.eval_shape(lambda v, m=model: m.forecast(KEY, v, x[:, :2], 3), variables)
            assert after.shape == (BATCH, 3, *spec.shape[1:]) and after.dtype == jnp.float32
        if model.latents is not None:
            check_latents(model.latents, variables, x, given)
        if model.conditionals is not None:
            check_conditionals(model.conditionals, variables, x, given)
        if model.codes is not None:
            check_codes(model.codes, variables, x)
        if model.shared is not None:
            check_shared(model.shared, variables, x)


def play(model, key, variables, batch, spec):
    """What the model draws, and what it finds of a minibatch; of clusters the probabilities."""
    x, given, found = batch[spec.entry], given_of(model, batch), {}
    if model.sample is not None:
        found["sample"] = model.sample(key, variables, 3)
    if model.log_prob is not None:
        found["log_prob"] = model.log_prob(key, variables, x, *given)
    if model.encode is not None:
        found["encode"] = model.encode(key, variables, x, *given)
    if model.decode is not None and model.encode is not None:
        found["decode"] = model.decode(key, variables, found["encode"], *given)
    if model.clusters is not None:
        found["clusters"] = jnp.exp(model.clusters(key, variables, x))
    return found


def check_played(found, model, spec):
    """Shapes of what `play` gives."""
    shapes = {
        "sample": (3, *spec.shape),
        "log_prob": (BATCH,),
        "decode": (BATCH, *spec.shape),
        "clusters": (BATCH, spec.num_classes or 10),
    }
    for name in found.keys() & shapes.keys():
        assert found[name].shape == shapes[name] and found[name].dtype == jnp.float32, name
    if "encode" in found:
        code = found["encode"]
        integer = jnp.issubdtype(code.dtype, jnp.integer)
        assert code.shape[0] == BATCH and (integer or code.dtype == jnp.float32)
        assert model.latents is None or code.shape == (BATCH, *model.latents.shape)


def check_round(before, after, metrics):
    """A round leaves every shape as it is, and gives numbers, a loss among them."""
    chex.assert_trees_all_equal_shapes_and_dtypes(before, after)
    assert any(name.endswith("/loss") for name in metrics)
    assert all(metric.shape == () for metric in metrics.values())


def check_values(values, model):
    """`evaluate` gives a number of each example."""
    assert all(value.shape == (BATCH,) for value in values.values())
    assert model.select is None or model.select in values


def check_latents(latents, variables, x, given):
    """Shapes of whatever the latents have."""
    z = jax.eval_shape(lambda v: latents.prior(KEY, v, BATCH, *given), variables)
    assert z.shape == (BATCH, *latents.shape) and z.dtype == jnp.float32
    log_q = None
    if latents.posterior is not None:
        drawn, log_q = jax.eval_shape(lambda v: latents.posterior(KEY, v, x, *given), variables)
        assert (drawn.shape, drawn.dtype) == (z.shape, z.dtype)
    z = jnp.zeros(z.shape)
    if latents.interpolate is not None:
        between = jax.eval_shape(lambda: latents.interpolate(z, z, 0.5))
        assert (between.shape, between.dtype) == (z.shape, z.dtype)
    if latents.truncated is not None:
        drawn = jax.eval_shape(lambda: latents.truncated(KEY, BATCH, 0.5))
        assert (drawn.shape, drawn.dtype) == (z.shape, z.dtype)
    calls = {
        "log q": ((BATCH,), None if log_q is None else lambda v: log_q),
        "log_prior": (
            (BATCH,),
            latents.log_prior and (lambda v: latents.log_prior(v, z, *given)),
        ),
        "log_likelihood": (
            (BATCH,),
            latents.log_likelihood and (lambda v: latents.log_likelihood(v, z, x, *given)),
        ),
        "draw": (x.shape, latents.draw and (lambda v: latents.draw(KEY, v, z, *given))),
    }
    for name, (shape, call) in calls.items():
        if call is not None:
            found = log_q if name == "log q" else jax.eval_shape(call, variables)
            assert found.shape == shape and found.dtype == jnp.float32, name
    if latents.moments is not None:
        moments = jax.eval_shape(lambda v: latents.moments(v, x, *given), variables)
        assert [(m.shape, m.dtype) for m in moments] == [(z.shape, z.dtype)] * 2
    if latents.log_factors is not None:
        found = jax.eval_shape(lambda v: latents.log_factors(v, z, x, *given), variables)
        assert found.shape in (x.shape, x.shape[:-1]) and found.dtype == jnp.float32


def check_codes(codes, variables, x):
    """Shapes of whole numbers, of their probabilities, and of what is decoded of them."""
    numbers = jax.eval_shape(codes.encode, variables, x)
    assert numbers.shape == (BATCH, *codes.shape) and numbers.dtype == jnp.int32 and codes.limit > 0
    found = jax.eval_shape(codes.log_prob, variables, numbers)
    assert found.shape == numbers.shape and found.dtype == jnp.float32
    decoded = jax.eval_shape(codes.decode, variables, numbers)
    assert (decoded.shape, decoded.dtype) == (x.shape, jnp.float32)


def check_shared(shared, variables, x):
    """Shapes of draws of what all examples share, and of their densities."""
    shape = (3, len(shared.names))
    assert jax.eval_shape(lambda: shared.prior(KEY, 3)).shape == shape
    values = jax.eval_shape(lambda v: shared.posterior(KEY, v, 3), variables)
    assert values.shape == shape and values.dtype == jnp.float32
    assert jax.eval_shape(shared.log_prior, values).shape == (3,)
    if shared.log_likelihood is not None:
        assert jax.eval_shape(shared.log_likelihood, values, x).shape == (3, BATCH)


def check_conditionals(conditionals, variables, x, given):
    """Shapes of factors, of draws, and of the order."""
    shape = x.shape[1:]
    if conditionals.order is not None:
        order = conditionals.order
        assert order.shape == shape and np.issubdtype(order.dtype, np.integer)
        np.testing.assert_array_equal(np.unique(order), np.arange(order.max() + 1))
    else:
        found = jax.eval_shape(conditionals.factor_order, variables)
        assert found.shape == shape and jnp.issubdtype(found.dtype, jnp.integer)
    if conditionals.parameters is not None:
        found = jax.eval_shape(lambda v: conditionals.parameters(v, x, *given), variables)
        assert found.shape[: len(shape)] == (BATCH, *shape[:-1]) and found.dtype == jnp.float32
    found = jax.eval_shape(lambda v: conditionals.log_prob(v, x, *given), variables)
    assert found.shape in ((BATCH, *shape), (BATCH, *shape[:-1])) and found.dtype == jnp.float32
    draw = lambda v, known: conditionals.draw(KEY, v, np.asarray(x), known, *given)
    drawn = jax.eval_shape(lambda v: draw(v, np.zeros(shape, bool)), variables)
    assert (drawn.shape, drawn.dtype) == (x.shape, x.dtype)
    with pytest.raises(ValueError, match="known has shape"):
        jax.eval_shape(lambda v: draw(v, np.zeros((*shape, 1), bool)), variables)


@pytest.mark.parametrize("name, label", REFUSED, ids=[" ".join(pair) for pair in REFUSED])
def test_data_that_a_system_cannot_take_is_refused_in_a_line(name, label):
    with pytest.raises(ValueError, match=REFUSED[name, label]) as caught:
        SYSTEMS[name](SPECS[label])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make, spec", COMPILED)
def test_rounds_and_draws_are_finite_and_functions_of_their_key(make, spec):
    """And a checkpoint of the last stage has the structure of its variables."""
    system, batch = stages(build(make, spec)), batch_of(spec)
    for number, stage in enumerate(system):
        if stage.rounds == 0:
            continue
        model = stage.model
        state = jax.jit(model.init)(KEY, batch)
        still = make.__name__ in DETERMINISTIC or (make.__name__, number) in DETERMINISTIC_STAGES
        check_draws(model, variables_for_sampling(state), batch, spec)
        check_rounds(model, state, batch, still)
    restored = as_restored(system, jax.tree.map(np.asarray, batch))
    assert jax.tree.structure(restored.variables) == jax.tree.structure(state.variables)


def as_restored(system, batch):
    """The last stage's state by shapes, as a checkpoint is read into it: arrays are the host's."""
    parts = curriculum.plan(system, 10**6)
    first = lambda key: curriculum.first_state(parts, len(parts) - 1, key, key, batch)
    return jax.eval_shape(first, KEY)


def check_draws(model, variables, batch, spec):
    """The same key gives the same; another gives other samples, and the same codes."""
    every = jax.vmap(lambda key, v: play(model, key, v, batch, spec), (0, None))
    keys = jnp.stack([KEY, KEY, jax.random.key(1)])
    found = jax.device_get(jax.jit(every)(keys, variables))
    first, again, other = (jax.tree.map(lambda leaf, i=i: leaf[i], found) for i in range(3))
    check_played(first, model, spec)
    chex.assert_trees_all_equal(first, again)
    assert all(np.isfinite(value).all() for value in first.values())
    if "clusters" in first:
        np.testing.assert_allclose(first["clusters"].sum(axis=1), 1.0, rtol=1e-5)
    if "sample" in first:
        assert (first["sample"] != other["sample"]).any()
        assert (first["sample"][0] != first["sample"][1]).any()
    for name in ("encode", "decode"):
        if name in first:
            np.testing.assert_array_equal(first[name], other[name], name)


def check_rounds(model, state, batch, still):
    """A round is finite, traced once, and a function of its key; `still`: it draws nothing."""
    chex.clear_trace_counter()  # the updates of all stages have one name
    update = jax.jit(chex.assert_max_traces(model.update, n=1))
    batches = rounds_of(model, batch)
    first, metrics = update(KEY, state, batches)
    again, _ = update(KEY, state, batches)
    other, _ = update(jax.random.key(1), state, batches)
    check_round(state, first, metrics)
    assert all(np.isfinite(value) for value in metrics.values()), metrics
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(first.variables))
    chex.assert_trees_all_equal(first, again)
    assert int(first.step) == 1
    leaves = zip(jax.tree.leaves(first.variables), jax.tree.leaves(other.variables), strict=True)
    draws = not (model.one_pass or still)
    assert any((a != b).any() for a, b in leaves) == draws, "what the round makes of its key"
    if model.evaluate is not None:
        values = jax.jit(model.evaluate)(KEY, first.variables, batch)
        check_values(values, model)
        assert all(np.isfinite(value).all() for value in values.values())


@pytest.mark.parametrize("make", SYSTEMS.values(), ids=SYSTEMS)
def test_what_a_system_says_of_itself(make):
    first, *_ = inspect.getdoc(make).splitlines()
    assert "arXiv:" in first or "(" in first, "the first line names the paper"
    parameters = list(inspect.signature(make).parameters.values())
    assert parameters[0].name == "spec" and len(inspect.getdoc(make).splitlines()) > 3
    for parameter in parameters[1:]:
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, parameter
        assert parameter.default is not inspect.Parameter.empty, parameter
        documented = re.search(
            rf"^ *(\w+, )*{parameter.name}(, \w+)*: ", inspect.getdoc(make), re.M
        )
        assert documented, f"{parameter.name} is not documented"
