"""Players of sequences: what is fed back, what a step may see, and the mean of decisions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import BidirectionalDiscriminator, ContextDiscriminator, FeedbackRnn, mean_decision

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(size=(3, 5, 2)), jnp.float32)
Z = jnp.asarray(np.random.default_rng(1).random((3, 5, 2)), jnp.float32)


@pytest.fixture(scope="module")
def rnn():
    """A network and its variables, and the outputs of itself."""
    module = FeedbackRnn(2, 8, 2)
    variables = module.init(KEY, Z, train=False)
    return module, variables, module.apply(variables, Z, train=False)


def test_the_output_is_fed_back_and_what_is_told_replaces_it(rnn):
    module, variables, free = rnn
    own = module.apply(variables, Z, free, 5, train=False)
    np.testing.assert_allclose(own, free, atol=1e-6)  # told what it said itself
    told = module.apply(variables, Z, X, 2, train=False)
    np.testing.assert_array_equal(told[:, 0], free[:, 0])
    assert (np.abs(told[:, 1:] - free[:, 1:]) > 1e-5).all()
    # From the third step on it goes on by itself from what it was told.
    joined = jnp.concatenate([X[:, :2], told[:, 2:]], axis=1)
    np.testing.assert_allclose(module.apply(variables, Z, joined, 5, train=False), told, atol=1e-6)


def test_a_told_step_is_seen_by_later_ones_alone(rnn):
    module, variables, _ = rnn
    jacobian = jax.jacobian(lambda x: module.apply(variables, Z, x, 5, train=True)[0])(X)
    reach = np.abs(jacobian[:, :, 0]).sum((1, 3)) > 0  # [output's step, input's step]
    np.testing.assert_array_equal(reach, np.tril(np.ones((5, 5), bool), -1))


def test_the_gradient_runs_back_through_the_feedback(rnn):
    """Cells that forget at once: noise of step 0 reaches the last output by outputs alone."""
    module = FeedbackRnn(2, 4, 1, "gru", embed=False)
    variables = module.init(KEY, Z, train=False)
    cell = dict(variables["params"]["cell_0"])
    for name in ("hr", "hz", "hn"):
        cell[name] = jax.tree.map(jnp.zeros_like, cell[name])
    cell["iz"] = {**cell["iz"], "kernel": 0 * cell["iz"]["kernel"], "bias": jnp.full(4, -60.0)}
    variables = {"params": {**variables["params"], "cell_0": cell}}
    slope = jax.jacobian(lambda z: module.apply(variables, z, train=True)[0, -1])(Z)
    assert np.abs(slope[:, 0, 0]).max() > 0


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda m: m.init(KEY, Z[0], train=False), r"noise is \[B, T, K\]"),
        (lambda m: m.init(KEY, Z, X[:, :1], 3, train=False), "3 steps cannot be told of 1"),
        (lambda m: m.init(KEY, Z, X[:, :, :1], 3, train=False), "what is told is"),
    ],
)
def test_what_cannot_be_told_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(FeedbackRnn(2, 4, 1))


def test_the_mean_decision_is_of_probabilities():
    steps = np.array([[2.0, -1.0, 0.5], [80.0, -300.0, 0.0]])
    mean = (1 / (1 + np.exp(-np.float64(steps[:1])))).mean(1)
    found = mean_decision(jnp.asarray(steps, jnp.float32))
    np.testing.assert_allclose(found[0], np.log(mean / (1 - mean))[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], 0.0, atol=1e-5)  # (1 + 0 + 1/2) / 3
    slope = jax.grad(lambda f: mean_decision(f).sum())(jnp.asarray(steps, jnp.float32))
    assert np.isfinite(slope).all()
    with pytest.raises(ValueError, match="decisions of steps"):
        mean_decision(jnp.zeros(3))


def test_every_step_of_the_judge_sees_both_ways_and_the_logit_is_that_of_the_mean():
    module = BidirectionalDiscriminator(4, 1)
    variables = module.init(KEY, X, train=False)
    heads = module.apply(variables, X, train=False)
    assert heads["features"].shape == (3, 5, 8)
    np.testing.assert_allclose(heads["logit"], mean_decision(heads["steps"]), rtol=1e-6)
    jacobian = jax.jacobian(lambda x: module.apply(variables, x, train=True)["steps"][0])(X)
    assert (np.abs(jacobian[:, 0]).sum(2) > 0).all()


def test_a_candidate_is_judged_after_true_frames_and_is_nobodys_context():
    module = ContextDiscriminator(6)
    variables = module.init(KEY, X, train=False)
    judge = lambda x, y: module.apply(variables, x, y, train=True)
    np.testing.assert_allclose(judge(X, X), module.apply(variables, X, train=True), atol=1e-6)
    candidate = jnp.roll(X, 1, axis=0)
    context, own = (np.abs(jax.jacobian(lambda x, y: judge(x, y)[0], n)(X, candidate)[:, 0])
                    .sum(2) > 0 for n in (0, 1))  # fmt: skip
    np.testing.assert_array_equal(own, np.eye(5, dtype=bool))
    np.testing.assert_array_equal(context, np.tril(np.ones((5, 5), bool), -1))
    swapped = judge(X[:, jnp.array([1, 0, 2, 3, 4])], X) - judge(X, X)
    assert (np.abs(swapped[:, 3:]) > 1e-6).all()  # only the context was permuted
    with pytest.raises(ValueError, match="candidates for"):
        judge(X, X[:, :2])
