"""The models that count: closed forms, the curse of dimensionality, trees, draws by enumeration."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.sparse.csgraph import minimum_spanning_tree
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from genjax.autoregressive.bayesian_network import bayesian_network
from genjax.autoregressive.histogram import histogram
from genjax.core import Spec
from genjax.data import ArraySource, Dataset
from genjax.training import Config, fit

NUM_TRAIN = 1400
KEY = jax.random.key(0)


def digits(side):
    """Bits of the digits: 8x8, 2x2 means of them (4x4), or of the middle 6x6 (3x3); train and test."""
    ink = load_digits().images[np.random.RandomState(0).permutation(1797)] / 16
    if side < 8:
        ink = ink[:, 1:7, 1:7] if side == 3 else ink
        ink = ink.reshape(-1, side, 2, side, 2).mean((2, 4))
    bits = (ink > 0.5).astype(np.float32)[..., None]
    return bits[:NUM_TRAIN], bits[NUM_TRAIN:]


def log_probs(make, train, *others, spec=None):
    """The model after its one pass by the library's own loop, its variables, and log p of all sets."""
    spec = spec or Spec(train.shape[1:], 2)
    source = ArraySource({spec.entry: train})
    same = lambda key, batch: batch
    model = make(spec)
    fitted = fit(
        model, Dataset("bits", spec, source, source, source, same, same), Config(steps=500)
    )
    found = jax.jit(model.log_prob)
    values = [np.asarray(found(KEY, fitted.state.variables, x), np.float64) for x in others]
    return model, fitted.state.variables, values


def codes_of(x):
    """Bits as one number each."""
    flat = np.asarray(x).reshape(len(x), -1).astype(int)
    return flat @ (1 << np.arange(flat.shape[1]))


def all_bits(*shape):
    """Every binary example."""
    states = list(itertools.product([0.0, 1.0], repeat=int(np.prod(shape))))
    return np.asarray(states, np.float32).reshape(-1, *shape)


def logistic_chain(train, test):
    """Test NLL of logistic regressions of each bit on those before it: the parametric contrast."""
    train, test = (x.reshape(len(x), -1) for x in (train, test))
    nll = 0.0
    for d in range(train.shape[1]):
        ones = train[:, d].sum()
        p = np.full(len(test), (ones + 1) / (len(train) + 2))
        if d > 0 and 0 < ones < len(train):
            chain = LogisticRegression(C=1.0, max_iter=1000).fit(train[:, :d], train[:, d])
            p = chain.predict_proba(test[:, :d])[:, 1]
        nll -= np.log(np.where(test[:, d] == 1, p, 1 - p)).mean()
    return nll


# side: distinct training images, their entropy, unseen share of the test images; test NLL of Laplace's
# table, of the better alpha, of independent pixels, of the logistic chain
CALIBRATED = {
    3: (225, 4.692712, 0.0554, 5.0566, 0.1, 5.0239, 5.4011, 5.086),
    4: (214, 4.651467, 0.0529, 8.5821, 0.01, 5.4748, 5.5894, 5.1414),
}


@pytest.mark.parametrize("side", [3, 4])
def test_counting_wins_at_9_bits_and_loses_at_16(side):
    distinct, entropy, unseen, laplace, alpha, best, independent, chain = CALIBRATED[side]
    train, test = digits(side)
    counts = np.unique(codes_of(train), return_counts=True)[1]
    assert len(counts) == distinct
    _, _, (on_train, on_test) = log_probs(histogram, train, train, test)
    assert -on_train.mean() == pytest.approx(stats.entropy(counts), abs=1e-6)
    assert -on_train.mean() == pytest.approx(entropy, abs=2e-6)
    assert np.isneginf(on_test).mean() == pytest.approx(unseen, abs=1e-4)
    assert (np.isneginf(on_test) == ~np.isin(codes_of(test), codes_of(train))).all()
    for smoothing, expected in ((1.0, laplace), (alpha, best)):
        smooth = lambda spec, s=smoothing: histogram(spec, smoothing=s)
        _, _, (on_test,) = log_probs(smooth, train, test)
        assert -on_test.mean() == pytest.approx(expected, abs=1e-4)
    alone = lambda spec: bayesian_network(spec, structure="chain", num_parents=0)
    _, _, (on_test,) = log_probs(alone, train, test)
    assert -on_test.mean() == pytest.approx(independent, abs=1e-4)
    contrast = logistic_chain(train, test)
    assert contrast == pytest.approx(chain, abs=1e-3)
    assert (best < contrast) == (side == 3)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_full_parents_are_the_table_in_every_order(seed):
    """p(x) = prod p(x_d | all before d): the histogram, to 1e-10 in float64; smoothed, on all."""
    train, _ = digits(3)
    order = None if seed is None else np.random.RandomState(seed).permutation(9)
    order = None if order is None else tuple(int(d) for d in order)
    full = {"structure": "chain", "num_parents": 8, "order": order}
    with jax.enable_x64(True):
        x, states = (jnp.asarray(bits, jnp.float64) for bits in (train, all_bits(3, 3, 1)))

        def log_prob(model, at):
            state = model.init(KEY, {})
            state, _ = jax.jit(model.update)(KEY, state, {"image": x[None]})
            return np.asarray(model.log_prob(KEY, state.variables, at))

        spec = Spec((3, 3, 1), 2)
        table = log_prob(histogram(spec), x)
        network = log_prob(bayesian_network(spec, **full, smoothing=0.0), x)
        assert np.abs(network / table - 1).max() < 1e-10
        # The pseudo-count of a level spread over the 2^8 values of its parents is one of states.
        table = log_prob(histogram(spec, smoothing=1 / 2**8), states)
        network = log_prob(bayesian_network(spec, **full, smoothing=1.0), states)
        assert np.abs(network / table - 1).max() < 1e-10


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_the_tree_is_the_maximum_spanning_tree_of_mutual_information(smoothing):
    """SciPy's tree of NumPy's mutual information: the same edges, and the weight of all 64 pixels'."""
    train, _ = digits(8)
    flat = train.reshape(NUM_TRAIN, 64)
    rate = flat.mean(0)
    for pixels in (np.flatnonzero((rate > 0.02) & (rate < 0.98)), np.arange(64)):
        x = flat[:, pixels]
        information = np.zeros((len(pixels),) * 2)
        total = NUM_TRAIN + 2 * smoothing
        for a, b in itertools.product((0, 1), repeat=2):
            joint = ((x == a).T.astype(float) @ (x == b) + smoothing / 2) / total
            p, q = (((x == level).sum(0) + smoothing) / total for level in (a, b))
            with np.errstate(divide="ignore", invalid="ignore"):
                terms = joint * np.log(joint / (p[:, None] * q[None]))
            information += np.where(joint > 0, terms, 0)
        costs = np.triu(2 - information, 1)
        expected = np.argwhere(minimum_spanning_tree(costs).toarray())
        make = lambda spec: bayesian_network(spec, smoothing=smoothing)
        _, variables, (on_train,) = log_probs(make, x, x, spec=Spec((len(pixels),), 2))
        parents = variables["table"]["learned"]["parents"]
        edges = {frozenset((d, int(parents[d]))) for d in range(1, len(pixels))}
        weight = sum(information[tuple(edge)] for edge in edges)
        assert weight == pytest.approx(sum(information[i, j] for i, j in expected), abs=1e-5)
        if len(pixels) < 64:  # pixels that never change tie
            assert edges == {frozenset(map(int, edge)) for edge in expected}
        if smoothing == 0:  # maximum likelihood of a tree: sum H(x_d) - sum I over its edges
            entropy = stats.entropy([x.mean(0), 1 - x.mean(0)]).sum()
            assert -on_train.mean() == pytest.approx(entropy - weight, abs=1e-4)


def test_every_relation_that_a_model_may_use_pays_on_digits():
    """Binarised 8x8 digits, test NLL in nats: independent 24.6, a chain, then the best tree."""
    train, test = digits(8)
    found = {}
    for name, options in {
        "independent": {"structure": "chain", "num_parents": 0},
        "chain": {"structure": "chain"},
        "tree": {},
    }.items():
        make = lambda spec, options=options: bayesian_network(spec, **options)
        found[name] = -log_probs(make, train, test)[2][0].mean()
    print(found)
    assert found["independent"] == pytest.approx(24.605, abs=0.01)
    assert found["tree"] < found["chain"] - 2 and found["chain"] < found["independent"] - 0.5


@pytest.mark.parametrize(
    "make",
    [
        lambda spec: histogram(spec, smoothing=0.1),
        bayesian_network,
        lambda spec: bayesian_network(
            spec, structure="chain", num_parents=2, order=(4, 0, 8, 2, 6, 1, 3, 5, 7)
        ),
    ],
    ids=["histogram", "tree", "chain"],
)
def test_samples_follow_the_table(make):
    """100,000 samples: chi-square over the 512 images, those expected fewer than 5 times together."""
    train, _ = digits(3)
    states = all_bits(3, 3, 1)
    model, variables, (log_p,) = log_probs(make, train, states)
    num = 100_000
    samples = jax.jit(model.sample, static_argnums=2)(jax.random.key(1), variables, num)
    seen, expected = np.zeros(512), np.zeros(512)
    np.add.at(seen, codes_of(samples), 1)
    expected[codes_of(states)] = num * np.exp(log_p)
    assert expected.sum() == pytest.approx(num, rel=1e-5)
    rare = expected < 5
    if rare.any():
        seen, expected = (np.append(v[~rare], v[rare].sum()) for v in (seen, expected))
    statistic = ((seen - expected) ** 2 / expected).sum()
    p_value = stats.chi2.sf(statistic, len(seen) - 1)
    print(f"chi-square {statistic:.1f} of {len(seen) - 1}, p = {p_value:.3f}")
    assert p_value > 1e-3


@pytest.mark.parametrize("known", ["111000000", "000000111", "101010101", "000010000"])
@pytest.mark.parametrize(
    "make", [lambda spec: histogram(spec, smoothing=0.1), bayesian_network], ids=["table", "tree"]
)
def test_completions_follow_the_enumerated_conditional(make, known):
    """Any pixels known, not only the first: total variation over all completions of three images."""
    train, test = digits(3)
    known = np.array([digit == "1" for digit in known]).reshape(3, 3, 1)
    states = all_bits(3, 3, 1)
    model, variables, (log_p,) = log_probs(make, train, states)
    draw = jax.jit(lambda key, x: model.conditionals.draw(key, variables, x, known))
    worst, unconditional = 0.0, 0.0
    for index in (0, 7, 30):
        x = jnp.broadcast_to(test[index], (50_000, 3, 3, 1))
        drawn = np.asarray(draw(jax.random.key(index), x))
        assert (drawn[:, known] == test[index][known]).all()
        truth, found, free = np.zeros(512), np.zeros(512), np.zeros(512)
        agrees = (states[:, known] == test[index][known]).all(-1)
        truth[codes_of(states)] = np.where(agrees, np.exp(log_p), 0)
        np.add.at(found, codes_of(drawn), 1 / len(drawn))
        np.add.at(free, codes_of(np.where(known, test[index], states)), np.exp(log_p))
        distance = lambda p, truth=truth: 0.5 * np.abs(p - truth / truth.sum()).sum()
        worst, unconditional = max(worst, distance(found)), max(unconditional, distance(free))
    print(f"total variation {worst:.4f}; {unconditional:.4f} if what is known said nothing")
    assert worst < 0.03 and unconditional > 0.08
