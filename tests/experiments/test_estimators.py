"""`--estimator`: agreement, the protocol, what a model lacks; and the figures of a whole split."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import codes, estimators, results, runs
from genjax.core import Latents, Model, Spec
from genjax.data import ArraySource, Dataset
from genjax.losses import bernoulli, standard_normal_log_prob
from tests.experiments.commands import EVALUATE, complaint, read

SMALL = {
    "ais": ("--ais_steps=20", "--ais_chains=4", "--ais_leapfrog=2"),
    "quadrature": ("--quadrature_points=51",),
    "reciprocal": ("--reciprocal_samples=50",),
}


@pytest.mark.parametrize("name", list(SMALL))
def test_every_estimator_writes_its_own_results(workdir, name):
    """The model is hardly trained: all estimates of it are close, and close to its own."""
    before = (workdir / "results.json").read_bytes()
    EVALUATE(f"--workdir={workdir}", f"--estimator={name}", "--examples=30", *SMALL[name])
    found = read(workdir / f"results_{name}_first30.json")
    assert (workdir / "results.json").read_bytes() == before
    metrics, protocol = found["metrics"], found["protocol"]
    assert protocol["estimator"] == name and protocol["examples"] == 30
    stated = {flag.partition("=")[0].split("_", 1)[1] for flag in SMALL[name]}
    assert stated <= set(protocol["estimator_settings"])
    assert metrics["test/elbo"] - 0.2 < metrics["test/log_likelihood"] < metrics["test/elbo"] + 2
    assert metrics["test/bits_per_dim"] == pytest.approx(
        -metrics["test/log_likelihood"] / (64 * np.log(2)), rel=1e-5
    )
    if name == "ais":
        lower, upper = metrics["test/simulated_lower"], metrics["test/simulated_upper"]
        assert metrics["test/simulated_gap"] == pytest.approx(upper - lower, abs=1e-3)
        assert -0.5 < upper - lower < 1.5
    if name == "quadrature":
        assert metrics["test/prior_mass"] == pytest.approx(1, abs=1e-4)


def conditional_model():
    """Labels shift the prior and flip the bits: p(x|z, label) = Bernoulli(logits 2 z + label - 1)."""
    spec = Spec((3,), 2, 3)
    means = lambda label: label.astype(jnp.float32)[:, None]
    logits = lambda z, label: jnp.broadcast_to(2 * z + means(label) - 1, (len(z), 3))[..., None]
    latents = Latents(
        (1,),
        prior=lambda key, v, num, label: means(label) + jax.random.normal(key, (num, 1)),
        posterior=lambda key, v, x, label: (
            means(label) + jax.random.normal(key, (len(x), 1)),
            jnp.zeros(len(x)),
        ),
        log_prior=lambda v, z, label: standard_normal_log_prob(z - means(label)),
        log_likelihood=lambda v, z, x, label: bernoulli().log_prob(logits(z, label), x),
        draw=lambda key, v, z, label: bernoulli().sample(key, logits(z, label)),
    )
    encode = lambda key, v, x, label: means(label) + 0 * x[:, :1]
    model = Model(None, None, encode=encode, latents=latents, condition="label")
    return runs.Run(None, "vae", "conditional", {}, {}, spec, model)


def test_conditions_reach_every_estimate():
    """The sum of p(x) over all 8 examples of 3 bits is 1, for each label."""
    run = conditional_model()
    bits = np.array(np.meshgrid(*[[0.0, 1.0]] * 3)).reshape(3, -1).T.astype(np.float32)
    batch = {"vector": np.tile(bits, (2, 1)), "label": np.repeat([0, 2], 8).astype(np.int32)}
    exact = {}
    for name in ("quadrature", "ais"):  # the reciprocal one reads the same joint density
        settings = [*SMALL[name], *(["--ais_steps=60", "--ais_chains=8"] if name == "ais" else [])]
        with EVALUATE.parsed("--workdir=none", f"--estimator={name}", *settings):
            estimator = estimators.from_flags(run)
        figures = jax.jit(estimator.figures)(jax.random.key(0), {}, batch)
        exact[name] = np.asarray(figures["log_likelihood"])
        assert exact[name].shape == (16,)
        tolerance = {"quadrature": 1e-3, "ais": 0.1}[name]
        np.testing.assert_allclose(np.exp(exact[name]).reshape(2, 8).sum(axis=1), 1, atol=tolerance)
    np.testing.assert_allclose(exact["ais"], exact["quadrature"], atol=0.4)
    assert abs(exact["quadrature"][0] - exact["quadrature"][8]) > 0.5  # the label matters


def test_one_line_where_a_model_lacks_what_it_needs(workdir, capsys, monkeypatch):
    make = runs.from_workdir

    def ask(name, change):
        def changed(*arguments, **options):
            run = make(*arguments, **options)
            return run._replace(system=run.model._replace(**change(run.model)))

        monkeypatch.setattr(runs, "from_workdir", changed)
        code, line = complaint(capsys, EVALUATE, f"--workdir={workdir}", f"--estimator={name}")
        assert code == 2
        return line

    five = lambda model: {"latents": model.latents._replace(shape=(5,))}
    assert "is for 1 or 2 latents, and vae has 5" in ask("quadrature", five)
    assert "is for at most 4 latents, and vae has 5" in ask("reciprocal", five)
    for name in SMALL:
        error = lambda model: {"latents": model.latents._replace(log_likelihood=None)}
        assert f"--estimator={name} needs densities" in ask(name, error)
        assert "vae has none" in ask(name, lambda model: {"latents": None})
    assert "a log-likelihood, and vae has none" in ask(
        "importance", lambda model: {"log_prob": None}
    )


def test_a_flag_of_another_estimator_is_refused(workdir, capsys):
    for flags, message in (
        (
            ("--estimator=ais", "--quadrature_points=9"),
            "--quadrature_points is of --estimator=quad",
        ),
        (("--ais_steps=9",), "--ais_steps is of --estimator=ais, not of importance: leave it out"),
        (("--estimator=aiss",), "flag --estimator=aiss: expected one of importance, ais"),
        (("--estimator=ais", "--importance_samples=9"), "is of --estimator=importance, not of ais"),
    ):
        code, line = complaint(capsys, EVALUATE, f"--workdir={workdir}", *flags)
        assert code == 2 and message in line


def test_names_of_results_say_what_is_not_usual(workdir):
    run = runs.from_workdir(workdir)
    other = estimators.Estimator("ais", {}, None)
    assert results.path(run, "test").name == "results.json"
    assert results.path(run, "test", estimators.own(run)).name == "results.json"
    assert results.path(run, "valid").name == "results_valid.json"
    assert results.path(run, "test", other).name == "results_ais.json"
    assert results.path(run, "train", other, 5).name == "results_train_ais_first5.json"


@pytest.mark.parametrize("num_seeds", [1, 2])
def test_statistics_of_a_split_see_every_example_once(num_seeds):
    """Codes are x times a weight: the variance of the second is just above the threshold over all of
    the 11 examples, and the last batch is ragged."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(11, 3)).astype(np.float32)
    x = (x - x.mean(axis=0)) / x.std(axis=0) * np.sqrt([1.0, 0.0101, 0.0099]).astype(np.float32)
    source = ArraySource({"vector": x})
    identity = lambda key, batch: batch
    dataset = Dataset("codes", Spec((3,)), source, source, source, identity, identity)
    latents = Latents(
        (3,),
        prior=lambda key, v, num: jax.random.normal(key, (num, 3)),
        posterior=lambda key, v, x: (v["shift"] + jax.random.normal(key, x.shape), None),
    )
    model = Model(None, None, encode=lambda key, v, x: v["weight"] * x, latents=latents)
    weight, shift = np.ones((), np.float32), np.full((), 100.0, np.float32)
    keys, variables = jax.random.key(0), {"weight": weight, "shift": shift}
    if num_seeds == 2:
        keys = jax.random.split(keys, 2)
        variables = {
            "weight": np.array([1, 2], np.float32),
            "shift": np.array([100, 0], np.float32),
        }
    found = codes.statistics(
        model, dataset, source, keys, variables, batch_size=4, num_seeds=num_seeds
    )
    units, distance = np.atleast_1d(found["active_units"]), np.atleast_1d(found["aggregate_mmd"])
    assert units.tolist() == [2, 3][:num_seeds] and len(distance) == num_seeds
    assert distance[0] > 3  # far from the prior; the second seed is the prior itself
    assert all(abs(distance[1:]) < 1.5)
    none = codes.statistics(
        model._replace(latents=None), dataset, source, keys, variables, batch_size=4
    )
    assert none == {}
