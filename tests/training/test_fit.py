"""The loop: where calls begin and end, stops and resumes, and what it refuses to go on with."""

import json
import os
import signal

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.core import Aux, Player, Spec, Stage, game
from genjax.data import ArraySource, Dataset
from genjax.training import Config, TrainingError, fit, load_state, read_metrics
from genjax.training.checkpoints import Checkpoints
from genjax.training.curriculum import part_at, plan, spans
from genjax.vae import vae
from tests.core import games

DIM = games.DIM


def to_float(key, batch):
    """The transform of a set of floats."""
    del key
    return batch


def dataset(size=40):
    """Bits of three pixels, in three splits."""
    bits = np.random.default_rng(0).integers(0, 2, (size + 30, DIM)).astype(np.float32)
    train, valid, test = (
        ArraySource({"vector": part}) for part in np.split(bits, [size, size + 17])
    )
    return Dataset("bits", Spec((DIM,), 2), train, valid, test, to_float, to_float)


def model():
    """A VAE of a few units."""
    return vae(Spec((DIM,), 2), hidden=(4,))


def config(workdir=None, **changes):
    """A short run."""
    base = Config(steps=30, batch_size=8, chunk=7, eval_every=10, workdir=workdir and str(workdir))
    return base._replace(**changes)


def rows(workdir):
    """Rows of metrics.jsonl without what differs from run to run."""
    found = read_metrics(workdir / "metrics.jsonl")
    return [{k: v for k, v in row.items() if k != "seconds_per_step"} for row in found]


def test_how_rounds_are_grouped_does_not_matter():
    together = fit(model(), dataset(), config(chunk=30, eval_every=30))
    apart = fit(model(), dataset(), config(chunk=4, eval_every=7))
    chex.assert_trees_all_equal(together.state, apart.state)
    assert together.step == 30 and not together.interrupted
    assert together.compile_seconds > 0 and together.seconds_per_step > 0


def test_a_streamed_set_trains_as_a_resident_one():
    resident = fit(model(), dataset(), config())
    streamed = fit(model(), dataset(), config(device_data_limit_mb=0))
    chex.assert_trees_all_close(resident.state, streamed.state, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("limit", [1024, 0])
def test_seeds_side_by_side_equal_seeds_alone(limit):
    together = fit(model(), dataset(), config(num_seeds=3, seed=5, device_data_limit_mb=limit))
    for index, seed in enumerate((5, 6, 7)):
        alone = fit(model(), dataset(), config(seed=seed))
        one = jax.tree.map(lambda leaf: leaf[index], together.state)
        chex.assert_trees_all_close(one, alone.state, rtol=1e-4, atol=1e-6)


def test_the_step_is_traced_once_to_run_and_once_for_its_shapes():
    traced = model()
    counted = traced._replace(update=chex.assert_max_traces(traced.update, n=2))
    fit(counted, dataset(), config(chunk=4))  # calls of 4, 4, 2 rounds: three lengths, one program


def test_a_resumed_run_is_the_run_that_was_not_stopped(tmp_path):
    whole = fit(model(), dataset(), config(tmp_path / "whole"))
    fit(model(), dataset(), config(tmp_path / "parts", steps=10))
    fit(model(), dataset(), config(tmp_path / "parts", steps=20))
    parts = fit(model(), dataset(), config(tmp_path / "parts"))
    chex.assert_trees_all_equal(whole.state, parts.state)
    assert rows(tmp_path / "whole") == rows(tmp_path / "parts")
    assert [row["step"] for row in rows(tmp_path / "whole")] == [7, 10, 14, 20, 21, 28, 30]
    again = fit(model(), dataset(), config(tmp_path / "parts"))  # nothing is left to do
    assert again.step == 30 and again.seconds_per_step is None
    chex.assert_trees_all_equal(again.state, whole.state)


def test_sigterm_checkpoints_and_the_same_call_goes_on(tmp_path):
    whole = fit(model(), dataset(), config(tmp_path / "whole"))

    def stop(seen):
        if seen.step == 10:
            os.kill(os.getpid(), signal.SIGTERM)

    stopped = fit(model(), dataset(), config(tmp_path / "parts"), on_evaluation=stop)
    assert stopped.interrupted and 10 <= stopped.step < 30
    assert Checkpoints(tmp_path / "parts/checkpoints", read_only=True).steps()[-1] == stopped.step
    resumed = fit(model(), dataset(), config(tmp_path / "parts"))
    chex.assert_trees_all_equal(whole.state, resumed.state)
    assert rows(tmp_path / "whole") == rows(tmp_path / "parts")


def test_another_run_in_the_workdir_is_refused_and_named(tmp_path):
    fit(model(), dataset(), config(tmp_path, steps=10), identity={"latent_dim": 2, "model": "vae"})
    changed = {"latent_dim": 3, "model": "vae"}
    with pytest.raises(
        ValueError, match=r"latent_dim \(was 2, now 3\), seed \(was 0, now 1\)"
    ) as refusal:
        fit(model(), dataset(), config(tmp_path, seed=1), identity=changed)
    assert "model" not in str(refusal.value).split(":", 1)[0] and "--overwrite" in str(
        refusal.value
    )
    anew = fit(model(), dataset(), config(tmp_path, seed=1, overwrite=True), identity=changed)
    assert anew.step == 30 and rows(tmp_path)[0]["step"] == 7


def test_overwrite_leaves_what_is_not_the_runs(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    fit(model(), dataset(), config(tmp_path, steps=10))
    fit(model(), dataset(), config(tmp_path, steps=10, overwrite=True))
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_truncated_checkpoint_is_named_and_the_one_before_it_used(tmp_path, capfd):
    whole = fit(model(), dataset(), config(tmp_path))
    newest = tmp_path / "checkpoints" / "30"
    files = [f for f in (newest / "state").rglob("*") if f.is_file() and f.stat().st_size > 100]
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    again = fit(model(), dataset(), config(tmp_path))
    shown = capfd.readouterr().err
    assert f"damaged: checkpoint {newest}" in shown and "at step 20 of 30" in shown
    assert "Traceback" not in shown
    chex.assert_trees_all_equal(again.state, whole.state)
    for step in (10, 20, 30):
        for file in (tmp_path / "checkpoints" / str(step) / "state").rglob("*"):
            if file.is_file():
                file.write_bytes(b"")
    with pytest.raises(TrainingError, match=r"every checkpoint in .* is damaged"):
        fit(model(), dataset(), config(tmp_path))


def test_changed_bytes_are_noticed(tmp_path):
    state = {"a": np.arange(5.0, dtype=np.float32)}
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, state)
    checkpoints.wait()
    info = next((tmp_path / "1" / "info").glob("metadata"))
    info.write_text(info.read_text().replace('"digest": "', '"digest": "0'))
    with pytest.raises(TrainingError, match="not those that were saved"):
        checkpoints.restore(1, lambda step: state)


def test_the_newest_and_the_best_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step, score in enumerate((0.1, 0.9, 0.3, None, 0.2), start=1):
        checkpoints.save(step, {"a": np.full(2, step)}, score)
    checkpoints.wait()
    assert checkpoints.steps() == [2, 4, 5] and checkpoints.best_step() == 2
    checkpoints.close()
    reopened = Checkpoints(tmp_path, read_only=True)
    assert reopened.best_step() == 2
    assert reopened.restore(2, lambda step: {"a": np.zeros(2, int)})["a"].tolist() == [2, 2]


def test_the_best_by_validation_is_what_is_loaded(tmp_path):
    fit(model(), dataset(), config(tmp_path, steps=20), identity={})
    scores = {row["step"]: row["valid/elbo"] for row in rows(tmp_path) if "valid/elbo" in row}
    batch = {"vector": np.zeros((8, DIM), np.float32)}
    step, state = load_state(model(), tmp_path, batch, "best")
    assert step == max(scores, key=scores.get)
    assert int(state.step) == step
    assert load_state(model(), tmp_path, batch, "latest")[0] == 20


def test_who_looks_on_may_score_a_model_that_does_not_choose_itself(tmp_path):
    """The answer's metrics are logged; its score chooses the checkpoint, unless `select` does."""

    def judge(seen):
        assert seen.model.select is None and "valid/elbo" in seen.metrics
        score = {10: 0.5, 20: 2.0, 30: None}[seen.step]
        return score, {"valid/fid": -1.0 if score is None else -score}

    undecided = model()._replace(select=None)
    fit(undecided, dataset(), config(tmp_path / "judged", keep=1), on_evaluation=judge)
    found = {
        row["step"]: row["valid/fid"] for row in rows(tmp_path / "judged") if "valid/fid" in row
    }
    assert found == {10: -0.5, 20: -2.0, 30: -1.0}
    checkpoints = Checkpoints(tmp_path / "judged/checkpoints", read_only=True)
    assert checkpoints.best_step() == 20 and checkpoints.steps() == [20, 30]

    worse = lambda seen: (-float(seen.step), {})
    fit(model(), dataset(), config(tmp_path / "chosen"), on_evaluation=worse)
    elbos = {
        row["step"]: row["valid/elbo"] for row in rows(tmp_path / "chosen") if "valid/elbo" in row
    }
    best = Checkpoints(tmp_path / "chosen/checkpoints", read_only=True).best_step()
    assert best == max(elbos, key=elbos.get) != 10


def diverging(where):
    """One number whose loss, or gradient alone, stops being finite at the third step."""

    def objective(key, variables, batch):
        x, count = variables["net"]["params"]["x"], variables["extra"]["count"]
        bad = jnp.where(count >= 2, jnp.nan if where == "loss" else 0.0, 1.0)
        loss = bad * x if where == "loss" else jnp.sqrt(jnp.square(x) * bad)
        return loss, Aux({"entropy": bad}, {"extra": {"count": count + 1}})

    return game(
        {
            "net": lambda key, batch: {"params": {"x": jnp.ones(())}},
            "extra": lambda key, batch: {"count": jnp.zeros(())},
        },
        [Player(("net",), objective, optax.sgd(1e-3), name="critic")],
    )


@pytest.mark.parametrize("where, metric", [("loss", "loss"), ("gradient", "grad_norm")])
def test_what_is_not_finite_stops_the_run_and_is_named(tmp_path, where, metric):
    data = dataset()
    with pytest.raises(TrainingError, match=f"step 2: {metric} of player 'critic' is not finite"):
        fit(diverging(where), data, config(tmp_path))
    with pytest.raises(TrainingError, match="last finite checkpoint is of step 2"):
        fit(diverging(where), data, config(tmp_path, eval_every=2))
    assert Checkpoints(tmp_path / "checkpoints", read_only=True).steps() == [2]


def test_a_curriculum_grows_and_resumes_across_its_boundary(tmp_path):
    def net(*names):
        def objective(key, variables, batch):
            total = sum(variables[name]["params"]["x"] for name in names)
            return (total - 3.0) ** 2 + 0 * batch["vector"].sum(), Aux()

        start = lambda key, batch: {"params": {"x": jax.random.normal(key, ())}}
        return game(
            {name: start for name in names}, [Player(names, objective, optax.sgd(0.05), name="all")]
        )

    small, large = net("a"), net("a", "b")

    def enter(key, state):
        fresh = large.init(key, None)
        return fresh._replace(variables={**fresh.variables, "a": state.variables["a"]})

    curriculum = (Stage(small, rounds=15), Stage(large, enter=enter))
    whole = fit(curriculum, dataset(), config(tmp_path / "whole", eval_every=15))
    assert set(whole.state.variables) == {"a", "b"} and int(whole.state.step) == 30
    for steps in (15, 30):  # a run that ends at a boundary goes on in the next stage
        parts = fit(curriculum, dataset(), config(tmp_path / "parts", steps=steps, eval_every=5))
    chex.assert_trees_all_equal(whole.state, parts.state)
    total = sum(float(v["params"]["x"]) for v in whole.state.variables.values())
    assert total == pytest.approx(3.0, abs=0.05)


def test_a_stage_may_begin_from_what_the_data_is_like(tmp_path):
    """`enter` is shown as many examples as it asks for, at most all, spread over the training set."""

    def objective(key, variables, batch):
        return 0 * variables["net"]["params"]["x"] + 0 * batch["vector"].sum(), Aux()

    start = lambda key, batch: {"params": {"x": jnp.zeros(())}}
    player = Player(("net",), objective, optax.sgd(0.1), name="p")
    shown, data = [], dataset()

    def enter(key, state, examples):
        shown.append(examples["vector"].shape[0])
        mean = examples["vector"].mean()
        return state._replace(variables={"net": {"params": {"x": mean}}})

    for asked, num in ((5, 5), (10**6, len(data.train))):
        shown.clear()
        curriculum = (Stage(game({"net": start}, [player]), 2),)
        curriculum += (curriculum[0]._replace(rounds=None, enter=enter, num_examples=asked),)
        found = fit(curriculum, data, config(tmp_path / str(asked), steps=4, eval_every=2))
        rows = np.linspace(0, len(data.train) - 1, num).astype(int)
        expected = data.eval_transform(None, data.train[rows])["vector"].mean()
        np.testing.assert_allclose(found.state.variables["net"]["params"]["x"], expected, rtol=1e-6)
        assert num in shown
        again = fit(curriculum, data, config(tmp_path / str(asked), steps=6, eval_every=2))
        chex.assert_trees_all_equal(again.state.variables, found.state.variables)


def test_a_scheduled_players_metrics_are_weighed_by_its_turns(tmp_path):
    def objective(key, variables, batch):
        count = variables["extra"]["count"]
        loss = 0 * variables["net"]["params"]["x"]
        return loss, Aux({"turn": count}, {"extra": {"count": count + 1}})

    counting = game(
        {
            "net": lambda key, batch: {"params": {"x": jnp.ones(())}},
            "extra": lambda key, batch: {"count": jnp.zeros(())},
        },
        [
            Player(
                ("net",),
                objective,
                optax.sgd(0.1),
                turns=lambda step: jnp.where(step % 3 == 0, 2, 0),
                max_turns=2,
                name="p",
            )
        ],
    )
    fitted = fit(counting, dataset(), config(tmp_path, steps=7))
    assert float(fitted.state.variables["extra"]["count"]) == 6  # rounds 0, 3 and 6, two turns each
    (seen,) = rows(tmp_path)
    assert seen["p/turn"] == pytest.approx(np.mean([0, 1, 2, 3, 4, 5]))
    assert seen["p/turns"] == pytest.approx(6 / 7)


def test_calls_end_at_multiples_wherever_they_begin():
    assert spans(0, 30, 7, 10) == [(0, 7), (7, 3), (10, 4), (14, 6), (20, 1), (21, 7), (28, 2)]
    assert spans(20, 30, 7, 10) == spans(0, 30, 7, 10)[4:]
    assert spans(30, 30, 7) == []


@pytest.mark.parametrize("before", [0, 5])
def test_a_stage_of_no_round_hands_its_state_on(tmp_path, before):
    """At the start, where the next one looks at the data before anything is trained, or between two.

    A run is resumed as any other.
    """

    def enter(key, state, examples):
        seen = {"params": {"x": state.variables["a"]["params"]["x"] + examples["vector"].max()}}
        return state._replace(variables={**state.variables, "a": seen})

    def objective(key, variables, batch):
        return 0 * variables["a"]["params"]["x"] + 0 * batch["vector"].sum(), Aux()

    start = lambda key, batch: {"params": {"x": jnp.zeros(())}}
    still = game({"a": start}, [Player(("a",), objective, optax.sgd(0.05))])
    looking = {"enter": enter, "num_examples": 10**6}
    curriculum = (Stage(still, before), Stage(still, 0, **looking), Stage(still, **looking))
    for steps in (10, 15):
        found = fit(curriculum, dataset(), config(tmp_path, steps=steps, eval_every=5))
        largest = dataset().train.arrays()["vector"].max()
        assert int(found.state.step) == steps
        np.testing.assert_allclose(found.state.variables["a"]["params"]["x"], 2 * largest)


def test_the_plan_of_a_curriculum():
    stage = Stage(model(), rounds=15)
    parts = plan((stage, stage._replace(rounds=None)), 40)
    assert [(part.start, part.end) for part in parts] == [(0, 15), (15, 40)]
    assert [part_at(parts, step) for step in (0, 14, 15, 40)] == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="stage 0 of 2 needs a number of rounds"):
        plan((stage._replace(rounds=None), stage), 40)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"steps": 0}, "--steps must be at least 1, got 0"),
        ({"num_seeds": 0}, "--num_seeds"),
        ({"parallel": "xmap"}, "must be one of jit, pmap"),
        ({"seed": -1}, "--seed"),
        ({"batch_size": 44}, "too small for the batch size 44"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        fit(model(), dataset(), config(**changes))


def test_an_evaluation_that_cannot_be_used_is_refused_before_training():
    with pytest.raises(ValueError, match="select is 'nope', but evaluate gives elbo, kl"):
        fit(model()._replace(select="nope"), dataset(), config())
    scalar = lambda key, variables, batch: {"error": jnp.zeros(())}
    with pytest.raises(ValueError, match="one value an example"):
        fit(model()._replace(evaluate=scalar, select=None), dataset(), config())


def test_config_json_says_what_was_run(tmp_path):
    fit(model(), dataset(), config(tmp_path, steps=10), identity={"model": "vae"})
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["identity"] == {
        "model": "vae",
        "batch_size": 8,
        "seed": 0,
        "num_seeds": 1,
        "parallel": "jit",
    }
    assert written["steps"] == 10 and written["versions"]["jax"] == jax.__version__
    assert len(written["devices"]) == jax.device_count()
    assert list((tmp_path / "tensorboard").glob("events.out.tfevents.*"))
