"""Tables of counts on a graph: against NumPy, SciPy and scikit-learn, element by element."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from sklearn.metrics import mutual_info_score

from genjax.autoregressive.bayesian_network import (
    bayesian_network,
    maximum_spanning_tree,
    mutual_information,
    pair_counts,
)
from genjax.core import Spec

KEY = jax.random.key(0)


def related(num, size, num_levels, seed=0):
    """Levels in which each element follows some other, [num, size]."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, num_levels, (num, size))
    for d in range(1, size):
        copied = rng.random(num) < rng.uniform(0.2, 0.9)
        x[copied, d] = x[copied, rng.integers(0, d)]
    return x


def counted(model, spec, levels):
    """Variables and metrics of one pass."""
    x = jnp.asarray(levels.reshape(-1, *spec.shape) / (spec.num_levels - 1), jnp.float32)
    state = jax.jit(model.init)(KEY, {})
    state, metrics = jax.jit(model.update)(KEY, state, {spec.entry: x[None]})
    return state.variables, metrics, x


@pytest.mark.parametrize("one_hot", [2**24, 40])
def test_pairs_are_counted_whatever_the_parts(monkeypatch, one_hot):
    module = sys.modules["genjax.autoregressive.bayesian_network"]  # the name is the function's
    monkeypatch.setattr(module, "_ONE_HOT", one_hot)
    x = related(23, 4, 3)
    found = jax.jit(pair_counts, static_argnums=1)(jnp.asarray(x), 3)
    expected = np.zeros((4, 3, 4, 3))
    for row in x:
        for i in range(4):
            expected[i, row[i], np.arange(4), row] += 1
    np.testing.assert_array_equal(found, expected)


def test_mutual_information_is_scikit_learns():
    x = related(200, 5, 3)
    x[:, 4] = 1  # says nothing of the others, and they nothing of it
    found = mutual_information(pair_counts(jnp.asarray(x), 3))
    for i in range(5):
        for j in range(i):
            expected = mutual_info_score(x[:, i], x[:, j])
            np.testing.assert_allclose(found[i, j], expected, atol=1e-6)
            np.testing.assert_allclose(found[j, i], expected, atol=1e-6)
    nothing = mutual_information(jnp.zeros((5, 3, 5, 3)))
    np.testing.assert_array_equal(nothing, 0)
    flat = mutual_information(jnp.zeros((5, 3, 5, 3)), 1.0)
    np.testing.assert_allclose(flat, 0, atol=1e-6)
    with pytest.raises(ValueError, match=r"\[D, L, D, L\]"):
        mutual_information(jnp.zeros((5, 3, 5)))


@pytest.mark.parametrize("size", [1, 2, 30])
def test_the_spanning_tree_is_scipys(size):
    weights = np.random.default_rng(size).uniform(-1, 1, (size, size))
    weights = np.triu(weights, 1) + np.triu(weights, 1).T
    parents, order = jax.jit(maximum_spanning_tree)(jnp.asarray(weights, jnp.float32))
    assert sorted(np.asarray(order)) == list(range(size)) and order[0] == parents[0] == 0
    place = np.argsort(order)
    edges = {frozenset((i, int(parents[i]))) for i in range(1, size)}
    assert all(place[parents[i]] < place[i] for i in range(1, size))
    costs = np.triu(2 - weights, 1)  # positive: SciPy takes 0 for no edge
    expected = np.argwhere(minimum_spanning_tree(costs).toarray())
    assert edges == {frozenset(map(int, edge)) for edge in expected}
    with pytest.raises(ValueError, match=r"\[D, D\]"):
        maximum_spanning_tree(jnp.zeros((3, 2)))


def test_a_chains_tables_are_smoothed_frequencies():
    """p(x_d | the 2 before it in the order), by counting in NumPy."""
    spec, order, smoothing = Spec((2, 3, 1), 3), (4, 1, 0, 5, 2, 3), 0.7
    x = related(80, 6, 3)
    options = {"structure": "chain", "num_parents": 2, "order": order, "smoothing": smoothing}
    model = bayesian_network(spec, **options)
    variables, metrics, images = counted(model, spec, x)
    expected = np.zeros((80, 6))
    for place, d in enumerate(order):
        parents = list(order[max(0, place - 2) : place])
        for row in range(80):
            same = (x[:, parents] == x[row, parents]).all(-1)
            both = same & (x[:, d] == x[row, d])
            k = len(parents)
            rate = (both.sum() + smoothing / 3**k) / (same.sum() + 3 * smoothing / 3**k)
            expected[row, d] = np.log(rate)
    found = jax.jit(model.conditionals.log_prob)(variables, images)
    np.testing.assert_allclose(found, expected.reshape(80, 2, 3, 1), rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(
        model.log_prob(KEY, variables, images), expected.sum(-1), rtol=2e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        metrics["bayesian_network/loss"], -expected.sum(-1).mean(), rtol=1e-5
    )
    assert metrics["bayesian_network/free_parameters"] == 2 * (1 + 3 + 4 * 9)
    np.testing.assert_array_equal(model.conditionals.order.reshape(-1)[list(order)], np.arange(6))


def test_a_chain_is_completed_from_its_beginning_only():
    spec, order = Spec((4,), 2), (2, 0, 3, 1)
    model = bayesian_network(spec, structure="chain", order=order)
    x = related(300, 4, 2)
    x[:, 3] = x[:, 0]  # element 3 has element 0 as its parent
    variables, _, _ = counted(model, spec, x)
    given = jnp.broadcast_to(jnp.array([1.0, 0.0, 0.0, 0.0]), (500, 4))
    known = np.array([True, False, True, False])
    drawn = np.asarray(model.conditionals.draw(KEY, variables, given, known))
    assert (drawn[:, [0, 2]] == [1, 0]).all()
    assert drawn[:, 3].mean() > 0.98  # what is given is looked at
    with pytest.raises(ValueError, match="do not come first in the order"):
        model.conditionals.draw(KEY, variables, given, ~known)


def test_a_trees_factors_are_smoothed_frequencies_given_its_parents():
    spec, smoothing = Spec((2, 3, 1), 3), 1.0
    x = related(80, 6, 3)
    model = bayesian_network(spec, smoothing=smoothing)
    variables, metrics, images = counted(model, spec, x)
    parents = np.asarray(variables["table"]["learned"]["parents"])
    expected = np.zeros((80, 6))
    for d in range(6):
        for row in range(80):
            own = x[:, d] == x[row, d]
            same = x[:, parents[d]] == x[row, parents[d]]
            share = smoothing if d == 0 else smoothing / 3
            count, of = (own, np.ones(80)) if d == 0 else (own & same, same)
            expected[row, d] = np.log((count.sum() + share) / (of.sum() + 3 * share))
    found = jax.jit(model.conditionals.log_prob)(variables, images)
    np.testing.assert_allclose(found, expected.reshape(80, 2, 3, 1), rtol=2e-5, atol=1e-6)
    assert metrics["bayesian_network/free_parameters"] == 2 * (1 + 5 * 3)


def test_evidence_that_contradicts_itself_in_many_places():
    """300 witnesses against 302 of one unknown: 0.9^2 to 0.1^2, and no product that vanishes."""
    size, spec = 603, Spec((603,), 2)
    levels = np.random.default_rng(0).integers(0, 2, (2000, 1))
    x = np.concatenate([levels, np.repeat(levels, size - 1, 1)], 1)
    lies = np.random.default_rng(1).random(x.shape) < 0.1
    lies[:, 0] = False
    model = bayesian_network(spec, smoothing=0.0)
    variables, _, _ = counted(model, spec, x ^ lies)
    learned = dict(variables["table"]["learned"])
    assert (np.asarray(learned["parents"]) == 0).all()
    learned["probabilities"] = jnp.broadcast_to(jnp.array([[0.9, 0.1], [0.1, 0.9]]), (size, 2, 2))
    learned["probabilities"] = learned["probabilities"].at[0].set(0.5)
    known = np.arange(size) > 0
    given = jnp.broadcast_to((jnp.arange(size) > 300).astype(jnp.float32), (4000, size))
    draw = jax.jit(
        lambda x: model.conditionals.draw(KEY, {"table": {"learned": learned}}, x, known)
    )
    drawn = np.asarray(draw(given))
    assert (drawn[:, 1:] == np.asarray(given)[:, 1:]).all()
    assert drawn[:, 0].mean() == pytest.approx(0.81 / 0.82, abs=0.006)


def test_values_that_are_no_levels_are_not_a_number():
    spec = Spec((2,), 2)
    for structure in ("tree", "chain"):
        model = bayesian_network(spec, structure=structure)
        variables, metrics, _ = counted(model, spec, np.array([[0, 1], [255, 0]]))
        assert np.isnan(metrics["bayesian_network/loss"])
        with pytest.raises(ValueError, match="examples have shape"):
            model.log_prob(KEY, variables, jnp.zeros((4, 3)))


BITS = Spec((4,), 2)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4,)), {}, "these are continuous"),
        (BITS, {"smoothing": -0.5}, "smoothing must be"),
        (BITS, {"structure": "forest"}, "must be one of tree, chain, got 'forest'"),
        (BITS, {"num_parents": 2}, "are options of structure 'chain'"),
        (BITS, {"order": (0, 1, 2, 3)}, "are options of structure 'chain'"),
        (BITS, {"structure": "chain", "num_parents": 4}, "from 0 to 3.*got 4"),
        (BITS, {"structure": "chain", "order": (0, 1, 1, 3)}, "each of 0 to 3 once"),
        (
            Spec((28, 28, 1), 2),
            {"structure": "chain", "num_parents": 30},
            r"784 x 2\^31 = 1,683,627,180,032 entries",
        ),
        (Spec((28, 28, 1), 256), {}, r"614656 x 256\^2 = 40,282,095,616 entries"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(spec, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        bayesian_network(spec, **options)
    assert "\n" not in str(caught.value)
