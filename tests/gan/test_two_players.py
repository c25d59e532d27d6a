"""The game of two, and the tips of ganhacks: off they change nothing, on they do what they say."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import dcgan, gan
from genjax.gan.replay import from_pool, new_pool

KEY = jax.random.key(0)
SPEC = Spec((6,), 2)
BATCH = {"vector": jnp.asarray(np.random.default_rng(0).integers(0, 2, (8, 6)), jnp.float32)}
SMALL = {"latent_dim": 3, "hidden": (7,)}


@functools.lru_cache
def played(rounds=1, **options):
    """(model, first state, last state, last metrics) of a small game."""
    model = gan(SPEC, **SMALL, **options)
    start = jax.jit(model.init)(KEY, BATCH)
    state, metrics, update = start, None, jax.jit(model.update)
    batches = jax.tree.map(lambda leaf: jnp.stack([leaf] * model.num_batches), BATCH)
    for number in range(rounds):
        state, metrics = update(jax.random.fold_in(KEY, number), state, batches)
    return model, start, state, metrics


def same(a, b):
    """Whether two trees are equal, bit for bit."""
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all((x == y).all() for x, y in leaves)


def test_the_first_loss_is_computed_by_hand():
    """The discriminator's turn: its own fakes, in [-1, 1] as the data is, and twice softplus."""
    model, start, _, metrics = played()
    on_real = np.asarray(model.evaluate(KEY, start.variables, BATCH)["logit"])
    np.testing.assert_allclose(metrics["discriminator/real_logit"], on_real.mean(), rtol=1e-5)
    weights = jax.device_get(start.variables["discriminator"]["params"])
    x = 2 * np.asarray(BATCH["vector"]) - 1
    hidden = x @ weights["Dense_0"]["kernel"] + weights["Dense_0"]["bias"]
    hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
    by_hand = hidden @ weights["logit_head"]["kernel"] + weights["logit_head"]["bias"]
    np.testing.assert_allclose(on_real, by_hand[:, 0], rtol=1e-4)


def test_one_pass_or_two_are_the_same_without_batch_statistics():
    _, _, apart, _ = played()
    _, _, together, _ = played(separate_batches=False)
    leaves = zip(jax.tree.leaves(apart.variables), jax.tree.leaves(together.variables), strict=True)
    for a, b in leaves:
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_samples_are_in_the_range_of_the_data_and_decoded_from_the_prior():
    model, start, _, _ = played()
    x = model.sample(KEY, start.variables, 50)
    assert float(x.min()) >= 0 and float(x.max()) <= 1
    z = model.latents.prior(KEY, start.variables, 5)
    assert z.shape == (5, 3) and model.latents.posterior is None
    decoded = model.decode(KEY, start.variables, z)
    again = model.decode(jax.random.key(1), start.variables, z)
    np.testing.assert_array_equal(decoded, again)


def test_continuous_vectors_are_not_squashed():
    model = gan(Spec((2,)), latent_dim=2, hidden=())
    start = jax.jit(model.init)(KEY, {"vector": jnp.zeros((2, 2))})
    far = model.decode(KEY, start.variables, 100 * jnp.ones((1, 2)))
    assert float(jnp.abs(far).max()) > 2


def test_instance_noise_falls_to_nothing():
    """After its last step the game is the plain one: the same loss on the same params."""
    options = {"instance_noise": 2.0, "instance_noise_steps": 2}
    model, _, state, metrics = played(3, **options)
    assert float(state.variables["extra"]["discriminator_turns"]) == 3
    assert abs(float(metrics["discriminator/loss"])) < 10
    plain, start, _, first = played()
    # From one state: noise at turn 0 moves the loss, noise at turn 2 does not.
    batches = jax.tree.map(lambda leaf: leaf[None], BATCH)
    for turns, moves in ((0.0, True), (2.0, False)):
        extra = {"discriminator_turns": jnp.float32(turns)}
        noisy = start._replace(variables={**start.variables, "extra": extra})
        _, found = jax.jit(model.update)(KEY, noisy, batches)
        _, wanted = jax.jit(plain.update)(KEY, start, batches)
        differs = abs(found["discriminator/loss"] - wanted["discriminator/loss"]) > 1e-6
        assert bool(differs) == moves
    assert np.isfinite(first["discriminator/loss"])


def test_soft_and_flipped_labels_reach_the_loss():
    """All labels flipped: the loss of the two sides exchanged."""
    _, _, _, plain = played()
    _, _, _, flipped = played(label_flip_rate=1.0)
    on_real, on_fake = (plain[f"discriminator/{side}_logit"] for side in ("real", "fake"))
    # softplus(f) - t f: to flip t adds the logit, or takes it away.
    wanted = plain["discriminator/loss"] + on_real - on_fake
    np.testing.assert_allclose(flipped["discriminator/loss"], wanted, rtol=1e-5)
    _, _, _, smooth = played(real_labels=(0.9, 0.9))
    wanted = plain["discriminator/loss"] + 0.1 * on_real
    np.testing.assert_allclose(smooth["discriminator/loss"], wanted, rtol=1e-5)
    _, _, _, off = played(real_labels=(1.0, 1.0), label_flip_rate=0.0)
    assert plain["discriminator/loss"] == off["discriminator/loss"]


def test_replay_shows_this_turns_or_past_fakes_alone():
    """Examples are numbered by the turn that made them."""
    pool = new_pool(4, (1,))
    seen, stored = [], jax.jit(from_pool)
    for turn in range(6):
        shown, pool = stored(jax.random.fold_in(KEY, turn), pool, jnp.full((4, 1), float(turn)))
        seen.append(np.asarray(shown)[:, 0])
        assert set(seen[-1]) <= set(range(turn + 1))
    np.testing.assert_array_equal(seen[0], np.zeros(4))  # there is room: shown as they are
    later = np.concatenate([each == turn for turn, each in enumerate(seen) if turn])
    assert 0.2 < later.mean() < 0.9 and int(pool["pool_size"]) == 4
    _, _, state, _ = played(2, replay=5)
    assert state.variables["extra"]["pool"].shape == (5, 6)


def test_devices_that_see_a_share_each_keep_one_pool():
    """Under a mapped axis: the same pool on every one, of the fakes of all."""
    fakes = jnp.arange(4.0).reshape(2, 2, 1)
    pool = jax.tree.map(lambda leaf: jnp.stack([leaf] * 2), new_pool(4, (1,)))
    keys = jax.random.split(KEY, 2)
    shown, pool = jax.vmap(from_pool, axis_name="data")(keys, pool, fakes)
    np.testing.assert_array_equal(shown, fakes)
    np.testing.assert_array_equal(pool["pool"][0][:, 0], np.arange(4.0))
    np.testing.assert_array_equal(pool["pool"][0], pool["pool"][1])


def test_noise_and_dropout_in_the_generator_go_on_in_sampling():
    for options in ({"generator_noise": 0.5}, {"generator_dropout": 0.5}):
        model, start, _, _ = played(**options)
        z = jnp.ones((4, 3))
        one, other = (model.decode(jax.random.key(k), start.variables, z) for k in (0, 1))
        assert (one != other).any()


def test_turns_and_averages():
    """An average has the statistics of batch norm too, as they were when its params were."""
    model, start, state, _ = played(discriminator_turns=3, ema_decay=0.9)
    assert model.num_batches == 3
    wanted = jax.tree.map(
        lambda a, b: 0.9 * a + 0.1 * b,
        start.variables["generator"],
        state.variables["generator"],
    )
    for a, b in zip(jax.tree.leaves(wanted), jax.tree.leaves(state.ema["generator"]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_statistics_move_in_their_own_players_turn():
    """The discriminator's pass over its fakes leaves the generator's batch statistics alone."""
    spec = Spec((8, 8, 1), 2)
    model = dcgan(spec, latent_dim=2, width=2)
    batch = {"image": jnp.zeros((4, 8, 8, 1))}
    state = jax.jit(model.init)(KEY, batch)
    after, _ = jax.jit(model.update)(KEY, state, jax.tree.map(lambda leaf: leaf[None], batch))
    stats = after.variables["generator"]["batch_stats"]
    means = [
        leaf for path, leaf in jax.tree_util.tree_leaves_with_path(stats) if "mean" in str(path)
    ]
    start = state.variables["generator"]["batch_stats"]
    assert not same(stats, start) and len(means) == 1
    assert float(jnp.abs(means[0]).max()) < 0.2  # one step of momentum .9, not two


def test_a_gradient_descent_of_the_discriminator_is_that():
    """Tip 9: plain descent moves by rate times gradient, and no further."""
    _, start, state, metrics = played(discriminator_optimizer="sgd", learning_rate=0.1)
    moved = jax.tree.map(
        lambda a, b: a - b,
        state.variables["discriminator"]["params"],
        start.variables["discriminator"]["params"],
    )
    norm = np.sqrt(sum(float(jnp.square(leaf).sum()) for leaf in jax.tree.leaves(moved)))
    np.testing.assert_allclose(norm, 0.1 * metrics["discriminator/grad_norm"], rtol=1e-4)


def test_mistakes_are_refused():
    with pytest.raises(ValueError, match="go with non_saturating or minimax, got the loss 'hinge'"):
        gan(SPEC, loss="hinge", label_flip_rate=0.1)
    with pytest.raises(ValueError, match="penalty must be one of gradient_penalty"):
        gan(SPEC, penalty="gp")
    with pytest.raises(ValueError, match="must be one of adam, sgd, got 'lion'"):
        gan(SPEC, discriminator_optimizer="lion")
    with pytest.raises(ValueError, match="architecture must be one of mlp, dcgan"):
        gan(SPEC, architecture="conv")
    with pytest.raises(ValueError, match="dcgan needs images"):
        dcgan(SPEC)
    with pytest.raises(ValueError, match="at least 1 example"):
        new_pool(0, (2,))
