"""The contract carries what is coming: each test is a clause of it, on networks of a few units."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.core import Aux, Ema, Player, Stage, carry_over, game, stages, variables_for_sampling
from tests.core import games

KEY = jax.random.key(0)


def begin(model, seed=0):
    batches = games.data(jax.random.key(seed + 100), model.num_batches)
    batch = jax.tree.map(lambda leaf: leaf[0], batches)
    state = jax.jit(model.init)(jax.random.key(seed), batch)
    return state, batches


def moved(before, after):
    """Networks whose params differ."""
    return {
        name
        for name in before.variables
        if "params" in before.variables[name]
        and not all(
            jax.tree.leaves(
                jax.tree.map(
                    lambda a, b: bool((a == b).all()),
                    before.variables[name]["params"],
                    after.variables[name]["params"],
                )
            )
        )
    }


def scalar_game(objective=None, optimizer=None, **player):
    """One number, trained toward the mean of the data."""
    objective = objective or (
        lambda key, variables, batch: (
            (variables["net"]["params"]["x"] - batch["vector"].mean()) ** 2,
            Aux({"seen": batch["vector"].mean()}),
        )
    )
    return game(
        {"net": lambda key, batch: {"params": {"x": jnp.zeros(())}}},
        [Player(("net",), objective, optimizer or optax.sgd(0.5), **player)],
    )


def test_one_player_descends_its_loss():
    model = games.vae()
    state, batches = begin(model)
    update = jax.jit(model.update)
    losses = []
    for _ in range(200):
        state, metrics = update(KEY, state, batches)
        losses.append(float(metrics["vae/loss"]))
    assert losses[-1] < 0.7 * losses[0]
    assert set(metrics) == {"vae/loss", "vae/grad_norm", "vae/kl"}
    assert int(state.step) == 200


def test_a_round_equals_the_step_written_out():
    linear = scalar_game(lambda key, v, b: (v["net"]["params"]["x"] * b["vector"].mean(), Aux()))
    start, batches = begin(linear)
    after, metrics = linear.update(KEY, start, batches)
    slope = float(batches["vector"].mean())
    assert float(after.variables["net"]["params"]["x"]) == pytest.approx(-0.5 * slope, rel=1e-6)
    assert float(metrics["net/grad_norm"]) == pytest.approx(abs(slope), rel=1e-6)


def test_critic_takes_five_turns_on_five_different_minibatches():
    model = games.wgan_gp(critic_turns=5)
    assert model.num_batches == 5
    state, batches = begin(model)
    after, metrics = jax.jit(model.update)(KEY, state, batches)
    sums = np.asarray(batches["vector"].sum((1, 2)))
    assert len(set(sums.tolist())) == 5
    np.testing.assert_allclose(after.variables["extra"]["seen"], sums, rtol=1e-5)
    assert float(after.variables["extra"]["critic_turns"]) == 5
    assert moved(state, after) == {"generator", "critic"}
    assert np.isfinite(metrics["critic/penalty"]) and metrics["critic/penalty"] > 0


def test_gradient_penalty_reaches_the_critic():
    """Without its weight the critic's gradient differs: the double gradient is really taken."""
    runs = []
    for weight in (0.0, 10.0):
        model = games.wgan_gp(critic_turns=1, penalty_weight=weight)
        state, batches = begin(model)
        runs.append(jax.jit(model.update)(KEY, state, batches)[1]["critic/grad_norm"])
    assert abs(float(runs[0]) - float(runs[1])) > 1e-3


def test_one_joint_objective_trains_two_networks():
    model = games.bigan()
    state, batches = begin(model)
    after, metrics = model.update(KEY, state, batches)
    assert moved(state, after) == {"generator", "encoder", "discriminator"}
    assert {"discriminator/loss", "generator+encoder/loss"} <= set(metrics)


def test_four_players_and_named_streams():
    model = games.cyclegan()
    one = games.data(KEY, 1)
    batches = {"a": one, "b": jax.tree.map(lambda leaf: leaf + 3, one)}
    state = model.init(KEY, jax.tree.map(lambda leaf: leaf[0], batches))
    update, losses = jax.jit(model.update), []
    first = state
    for _ in range(100):
        state, metrics = update(KEY, state, batches)
        losses.append(float(metrics["to_b/cycle"]))
    assert moved(first, state) == {"to_b", "to_a", "judge_a", "judge_b"}
    assert losses[-1] < 0.7 * losses[0]


def test_gradients_reach_only_what_the_player_trains():
    """The generator of a game without a generator player never moves, though the loss depends on it."""
    full = games.bigan()
    state, batches = begin(full)
    loss = lambda key, v, b: (sum(jnp.sum(p**2) for p in jax.tree.leaves(v)), Aux())
    frozen = game(
        {name: (lambda n: lambda key, batch: state.variables[n])(name) for name in state.variables},
        [Player(("discriminator",), loss, optax.sgd(0.1))],
    )
    before, _ = begin(frozen)
    after, _ = frozen.update(KEY, before, batches)
    assert moved(before, after) == {"discriminator"}
    assert jax.tree.structure(after) == jax.tree.structure(before)


def test_batch_statistics_move_only_when_their_player_trains():
    model = games.normed_gan()
    state, batches = begin(model)
    after, _ = model.update(KEY, state, batches)
    changed = lambda name: (
        not np.allclose(
            jax.tree.leaves(state.variables[name]["batch_stats"])[0],
            jax.tree.leaves(after.variables[name]["batch_stats"])[0],
        )
    )
    assert changed("generator") and changed("discriminator")

    def spy(key, variables, batch):
        return jnp.sum(variables["discriminator"]["params"]["Dense_0"]["kernel"] ** 2), Aux(
            updates={
                name: {"batch_stats": jax.tree.map(lambda s: s + 1, variables[name]["batch_stats"])}
                for name in ("generator", "discriminator")
            }
        )

    alone = game(
        {name: (lambda n: lambda key, batch: state.variables[n])(name) for name in state.variables},
        [Player(("discriminator",), spy, optax.sgd(0.1))],
    )
    before, _ = begin(alone)
    after, _ = alone.update(KEY, before, batches)
    for name, moves in (("discriminator", 1.0), ("generator", 0.0)):
        moves_of = jax.tree.map(
            lambda a, b: a - b,
            after.variables[name]["batch_stats"],
            before.variables[name]["batch_stats"],
        )
        assert all(np.allclose(leaf, moves) for leaf in jax.tree.leaves(moves_of)), name


@pytest.mark.parametrize(
    "turns, played",
    [
        (lambda step: jnp.where(step < 1, 4, 1), [4, 1, 1, 1]),  # a burst, as WGAN's first rounds
        (lambda step: (step % 3 == 0).astype(jnp.int32), [1, 0, 0, 1]),  # every third round
    ],
)
def test_turns_by_a_schedule_of_the_step(turns, played):
    model = scalar_game(turns=turns, max_turns=4, optimizer=optax.sgd(0.5))
    assert model.num_batches == 4
    state, batches = begin(model)
    update, x = jax.jit(model.update), 0.0
    for expected in played:
        state, metrics = update(KEY, state, batches)
        assert float(metrics["net/turns"]) == expected
        for mean in np.asarray(batches["vector"].mean((1, 2)))[:expected]:
            x = x - 0.5 * 2 * (x - mean)
        np.testing.assert_allclose(state.variables["net"]["params"]["x"], x, rtol=1e-5)
        seen = np.asarray(batches["vector"].mean((1, 2)))[:expected]
        np.testing.assert_allclose(metrics["net/seen"], seen.mean() if expected else 0.0, rtol=1e-5)


def test_gate_keeps_or_drops_the_whole_turn():
    for threshold, kept in ((-1e9, 1.0), (1e9, 0.0)):
        model = scalar_game(
            optimizer=optax.adam(0.1), gate=lambda variables, metrics: metrics["loss"] > threshold
        )
        state, batches = begin(model)
        after, metrics = model.update(KEY, state, batches)
        assert float(metrics["net/kept"]) == kept
        same = jax.tree.map(lambda a, b: bool(a == b), state.opt_states, after.opt_states)
        assert all(jax.tree.leaves(same)) == (kept == 0.0)
        assert (moved(state, after) == set()) == (kept == 0.0)


def test_averages_follow_the_params_and_are_what_sampling_uses():
    model = games.vae(ema=Ema(("decoder",), 0.9))
    state, batches = begin(model)
    after, _ = model.update(KEY, state, batches)
    expected = jax.tree.map(
        lambda old, new: 0.9 * old + 0.1 * new,
        state.variables["decoder"]["params"],
        after.variables["decoder"]["params"],
    )
    chex.assert_trees_all_close(after.ema["decoder"], {"params": expected}, rtol=1e-6)
    chosen = variables_for_sampling(after)
    chex.assert_trees_all_equal(chosen["decoder"], after.ema["decoder"])
    chex.assert_trees_all_equal(chosen["encoder"], after.variables["encoder"])

    warming = games.vae(ema=Ema(("decoder",), lambda step: jnp.where(step < 1, 0.0, 0.9)))
    state, batches = begin(warming)
    after, _ = warming.update(KEY, state, batches)
    chex.assert_trees_all_equal(after.ema["decoder"], after.variables["decoder"])


def test_clipping_is_the_optimizers():
    clipped = scalar_game(
        lambda key, v, b: (1000.0 * v["net"]["params"]["x"], Aux()),
        optimizer=optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(1.0)),
    )
    state, batches = begin(clipped)
    after, metrics = clipped.update(KEY, state, batches)
    assert float(after.variables["net"]["params"]["x"]) == pytest.approx(-1.0)
    assert float(metrics["net/grad_norm"]) == pytest.approx(1000.0)  # reported before clipping


@pytest.mark.parametrize("make", [games.vae, games.wgan_gp, games.bigan, games.normed_gan])
def test_jit_and_vmap_over_seeds_equal_one_run_at_a_time(make):
    model = make()
    runs = [begin(model, seed) for seed in range(3)]
    keys = jax.random.split(KEY, 3)
    stack = lambda trees: jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)
    update = jax.jit(chex.assert_max_traces(model.update, n=1))
    singles = [update(keys[i], *runs[i]) for i in range(3)]
    together = jax.jit(jax.vmap(model.update))(
        keys, stack([r[0] for r in runs]), stack([r[1] for r in runs])
    )
    chex.assert_trees_all_close(stack(singles), together, atol=2e-5, rtol=1e-4)


def test_gradient_through_a_whole_round():
    """d(generator's loss after a round)/d(scale of the data) against central differences."""
    model = games.wgan_gp(critic_turns=5)
    state, batches = begin(model)

    @jax.jit
    def score_after(scale):
        after, _ = model.update(KEY, state, {"vector": scale * batches["vector"]})
        _, metrics = model.update(KEY, after, batches)
        return metrics["generator/loss"]

    slope = jax.jit(jax.grad(score_after))(1.0)
    numeric = (score_after(1.0 + 1e-2) - score_after(1.0 - 1e-2)) / 2e-2
    assert np.isfinite(slope) and abs(float(slope)) > 1e-5
    np.testing.assert_allclose(slope, numeric, rtol=0.05, atol=1e-4)


def test_second_round_does_not_trace_again():
    model = games.wgan_gp()
    state, batches = begin(model)
    update = jax.jit(chex.assert_max_traces(model.update, n=1))
    for step in range(3):
        state, _ = update(jax.random.fold_in(KEY, step), state, batches)


def test_a_stage_may_add_parameters():
    """Progressive growing: the second stage keeps what was learned and adds a network of its own."""
    small = scalar_game()
    grown = game(
        {
            "net": lambda key, batch: {"params": {"x": jnp.zeros(())}},
            "more": lambda key, batch: {"params": {"y": jnp.ones(())}},
        },
        [
            Player(
                ("net", "more"),
                lambda key, v, b: (
                    (v["net"]["params"]["x"] + v["more"]["params"]["y"]) ** 2,
                    Aux(),
                ),
                optax.sgd(0.1),
                name="grown",
            )
        ],
    )

    def enter(key, state):
        fresh = grown.init(key, None)
        return fresh._replace(variables={**fresh.variables, "net": state.variables["net"]})

    first, second = stages((Stage(small, rounds=2), Stage(grown, enter=enter)))
    state, batches = begin(first.model)
    for _ in range(first.rounds):
        state, _ = first.model.update(KEY, state, batches)
    learned = float(state.variables["net"]["params"]["x"])
    state = second.enter(KEY, state)
    assert float(state.variables["net"]["params"]["x"]) == learned != 0.0
    after, _ = second.model.update(KEY, state, batches)
    total = learned + 1.0
    assert float(after.variables["more"]["params"]["y"]) == pytest.approx(
        1.0 - 0.2 * total, rel=1e-5
    )


def test_networks_are_carried_over_by_their_averages_and_optimizers_start_anew():
    def net(*names, ema=None):
        def objective(key, variables, batch):
            return sum(variables[name]["params"]["x"] for name in names), Aux()

        start = lambda key, batch: {"params": {"x": jax.random.normal(key, ())}}
        players = [Player(names, objective, optax.adam(0.1), name="all")]
        return game({name: start for name in names}, players, ema=ema)

    first = net("a", "b", ema=Ema(("a",), 0.9))
    second = net("b", "a", "c", ema=Ema(("a", "c"), 0.9))
    batches = {"vector": jnp.zeros((1, 2, 1))}
    state, _ = jax.jit(first.update)(KEY, first.init(KEY, {}), batches)
    known = variables_for_sampling(state)
    assert known["a"]["params"]["x"] != state.variables["a"]["params"]["x"]
    new, fresh = jax.jit(carry_over(second))(KEY, state), second.init(KEY, {})
    value = lambda variables, name: variables[name]["params"]["x"]
    assert set(new.variables) == {"a", "b", "c"}
    for name, expected in (("a", known), ("b", known), ("c", fresh.variables)):
        assert value(new.variables, name) == value(expected, name)
    for name in ("a", "c"):
        assert value(new.ema, name) == value(new.variables, name)
    chex.assert_trees_all_equal(new.opt_states, fresh.opt_states)
    only_b = jax.jit(carry_over(net("b")))(KEY, state)
    assert set(only_b.variables) == {"b"}


def test_a_stage_may_reweight_the_data():
    """Boosting: `enter` turns the losses that the first stage noted per example into weights."""
    num = 4

    def objective(key, variables, batch):
        x, weights = variables["net"]["params"]["x"], variables["extra"]["weights"]
        errors = (x - batch["vector"][:, 0]) ** 2
        noted = variables["extra"]["errors"].at[batch["index"]].set(errors)
        return (weights[batch["index"]] * errors).mean(), Aux(updates={"extra": {"errors": noted}})

    model = game(
        {
            "net": lambda key, batch: {"params": {"x": jnp.zeros(())}},
            "extra": lambda key, batch: {"weights": jnp.ones(num), "errors": jnp.zeros(num)},
        },
        [Player(("net",), objective, optax.sgd(0.1))],
    )

    def enter(key, state):
        errors = state.variables["extra"]["errors"]
        extra = {**state.variables["extra"], "weights": num * errors / errors.sum()}
        return state._replace(variables={**state.variables, "extra": extra})

    values = jnp.array([0.0, 0.0, 0.0, 4.0])
    batches = {"vector": values[None, :, None], "index": jnp.arange(num)[None]}
    state = model.init(KEY, batches)
    for _ in range(100):
        state, _ = model.update(KEY, state, batches)
    assert float(state.variables["net"]["params"]["x"]) == pytest.approx(1.0, abs=1e-3)  # the mean
    state = enter(KEY, state)
    for _ in range(100):
        state, _ = model.update(KEY, state, batches)
    # Errors of 1, 1, 1, 9 make weights 1/12, 1/12, 1/12, 9/12: the weighted mean is 3.
    assert float(state.variables["net"]["params"]["x"]) == pytest.approx(3.0, abs=1e-3)


def test_what_the_contract_refuses():
    loss = lambda key, v, b: (jnp.zeros(()), Aux())
    nets = {"net": lambda key, batch: {"params": {"x": jnp.zeros(())}}}
    refused = [
        ("unknown network 'nett'", nets, [Player(("nett",), loss, optax.sgd(0.1))]),
        ("names of their own", nets, [Player(("net",), loss, optax.sgd(0.1))] * 2),
        ("max_turns", nets, [Player(("net",), loss, optax.sgd(0.1), turns=lambda step: 1)]),
        (r"write \('net',\)", nets, [Player("net", loss, optax.sgd(0.1))]),
        ("at least one turn", nets, [Player(("net",), loss, optax.sgd(0.1), turns=0)]),
    ]
    for message, networks, players in refused:
        with pytest.raises(ValueError, match=message):
            game(networks, players)

    model = scalar_game()
    state, batches = begin(model)
    with pytest.raises(ValueError, match="takes 1 minibatches"):
        model.update(KEY, state, jax.tree.map(lambda leaf: jnp.repeat(leaf, 2, 0), batches))
    for aux, message in (
        (Aux(updates={"net": {"params": {"x": jnp.ones(())}}}), "optimizer's to change"),
        (Aux(updates={"nett": {"batch_stats": {}}}), "unknown network 'nett'"),
    ):
        bad = scalar_game(lambda key, v, b: (v["net"]["params"]["x"], aux))
        with pytest.raises(ValueError, match=message):
            bad.update(KEY, *begin(bad))
    bare = scalar_game(lambda key, v, b: v["net"]["params"]["x"])
    with pytest.raises(ValueError, match=r"net: an objective returns \(loss, Aux"):
        bare.update(KEY, *begin(bare))
    vector_loss = scalar_game(lambda key, v, b: (v["net"]["params"]["x"] * jnp.ones(2), Aux()))
    with pytest.raises(ValueError, match="scalar"):
        vector_loss.update(KEY, *begin(vector_loss))
