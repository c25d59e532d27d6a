"""A directed graph over the elements of an example, its tables filled by counting.

    p(x) = prod_d p(x_d | x_parents(d)),   p(b | a) = (n(a, b) + s / L^k) / (n(a) + s / L^(k-1))

n counts the training set, L levels, k parents. The pseudo-counts are those of one uniform joint table
of weight s L, so that every structure smooths alike (BDeu: Heckerman, Geiger and Chickering, 1995,
Machine Learning 20). A chain has the k elements before as parents. The tree is that of the largest
likelihood among all trees: the maximum spanning tree of the mutual information

    I(i, j) = sum_ab p(a, b) log p(a, b) / (p(a) p(b)).

(Chow and Liu, 1968, "Approximating discrete probability distributions with dependence trees".)
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from genjax.autoregressive import counting
from genjax.autoregressive.factors import check_known
from genjax.core import Model, Spec

_MAX_ENTRIES = 2**28  # 1 GiB of counts
_ONE_HOT = 2**24  # numbers in the one-hot rows of a part of a minibatch


def bayesian_network(
    spec: Spec,
    *,
    structure: str = "tree",
    num_parents: int = 1,
    order: tuple[int, ...] | None = None,
    smoothing: float = 1.0,
) -> Model:
    """Bayesian network of counts (Chow and Liu, 1968, IEEE Trans. Inf. Theory 14(3), for its tree).

    `log_prob` is exact. `conditionals.draw` of a tree takes any known elements (messages to the root
    carry what they say of the others), that of a chain those which come first in its order. Every round
    reports `free_parameters`.

    Args:
        spec: of discrete data.
        structure: `tree`, learned, or `chain`.
        num_parents: k of a chain: 0 for independent elements, one less than there are for a full table.
        order: of a chain: the elements, numbered in raster order, in the order in which they are drawn;
            None for raster order.
        smoothing: s, the pseudo-count of each level of an element, spread evenly over its parents'; 0
            is maximum likelihood.

    Raises:
        ValueError: for continuous data, a number out of range, an option of the other structure, an
            order that is no permutation, or tables of more than 2^28 entries.
    """
    counting.check_counts(spec, "bayesian_network", smoothing)
    if structure == "tree":
        if num_parents != 1 or order is not None:
            raise ValueError(
                "num_parents and order are options of structure 'chain': in a tree every element has "
                f"one parent, and both are learned; got {num_parents} and {order}"
            )
        return _tree(spec, smoothing)
    if structure != "chain":
        raise ValueError(f"structure must be one of tree, chain, got {structure!r}")
    size = math.prod(spec.shape)
    if not 0 <= num_parents < size:
        raise ValueError(
            f"num_parents must be from 0 to {size - 1}, one less than the elements, got {num_parents}"
        )
    if order is not None and sorted(order) != list(range(size)):
        raise ValueError(f"order must name each of 0 to {size - 1} once, got {tuple(order)}")
    return _chain(spec, num_parents, np.arange(size) if order is None else order, smoothing)


def _chain(spec: Spec, num_parents: int, order, smoothing: float) -> Model:
    levels, size = spec.num_levels, math.prod(spec.shape)
    _check_fits(spec, num_parents + 1, size)
    order, places, rows = np.asarray(order), np.arange(size), levels**num_parents
    before = np.minimum(places, num_parents)  # parents of each, fewer at the beginning
    pseudo_counts = smoothing / levels**before

    def contexts(x):
        """The row of each element's table: its parents as digits, the nearest the least significant."""
        found = jnp.zeros_like(x)
        for back in range(1, num_parents + 1):
            parent = jnp.pad(x, ((0, 0), (back, 0)))[:, :size]
            found += parent * levels ** (back - 1)
        return found

    def count(x):
        x = x[:, order]
        empty = jnp.zeros((size, rows, levels))
        return {"families": empty.at[places[None], contexts(x), x].add(1)}

    def learn(counts):
        smooth = counts["families"] + jnp.asarray(pseudo_counts)[:, None, None]
        return {"probabilities": counting.normalized(smooth)}

    def factors(learned, x):
        x = x[:, order]
        found = jnp.log(learned["probabilities"][places[None], contexts(x), x])
        return found[:, np.argsort(order)]

    def draw_levels(key, learned, x, known):
        def one(context, of_place):
            place, table, is_known, given = of_place
            drawn = jax.random.categorical(jax.random.fold_in(key, place), jnp.log(table[context]))
            level = jnp.where(is_known, given, drawn.astype(given.dtype))
            return (context * levels + level) % rows, level

        by_place = (places, learned["probabilities"], known[order], x[:, order].T)
        _, drawn = lax.scan(one, jnp.zeros(len(x), x.dtype), by_place)
        return drawn.T[:, np.argsort(order)]

    drawn_at = np.argsort(order).reshape(spec.shape)
    return counting.counting_model(
        spec,
        name="bayesian_network",
        count=count,
        learn=learn,
        factors=factors,
        draw_levels=draw_levels,
        check_known=lambda known: check_known(known, drawn_at, spec.shape),
        num_parameters=sum((levels - 1) * levels ** int(k) for k in before),
        order=drawn_at,
    )


def _tree(spec: Spec, smoothing: float) -> Model:
    levels, size = spec.num_levels, math.prod(spec.shape)
    _check_fits(spec, 2, size**2)

    def count(x):
        return {"pairs": pair_counts(x, levels)}

    def learn(counts):
        pairs, elements = counts["pairs"], np.arange(size)
        parents, order = maximum_spanning_tree(mutual_information(pairs, smoothing))
        families = pairs[parents, :, elements] + smoothing / levels  # [D, parent's level, own]
        own = pairs[elements, :, elements].sum(1)[:, None] + smoothing
        # The root is its own parent, with one table whatever that is: no case of its own below.
        root = (parents == elements)[:, None, None]
        families = jnp.where(root, jnp.broadcast_to(own, families.shape), families)
        probabilities = counting.normalized(families)
        return {"parents": parents, "order": order, "probabilities": probabilities}

    def factors(learned, x):
        parents = x[:, learned["parents"]]
        return jnp.log(learned["probabilities"][np.arange(size)[None], parents, x])

    def draw_levels(key, learned, x, known):
        tables, parents = learned["probabilities"], learned["parents"]
        evidence = _evidence(learned, x, known)
        known = jnp.asarray(known)

        def one(place, x):
            d = learned["order"][place]
            logits = jnp.log(tables[d][x[parents[d]]]) + evidence[d]
            drawn = jax.random.categorical(jax.random.fold_in(key, d), _possible(logits))
            return x.at[d].set(jnp.where(known[d], x[d], drawn.astype(x.dtype)))

        return lax.fori_loop(0, size, one, x.T).T

    return counting.counting_model(
        spec,
        name="bayesian_network",
        count=count,
        learn=learn,
        factors=factors,
        draw_levels=draw_levels,
        check_known=lambda known: check_known(known, None, spec.shape),
        factor_order=lambda learned: jnp.argsort(learned["order"]),
        num_parameters=(levels - 1) * (1 + (size - 1) * levels),
    )


def _evidence(learned, x: jax.Array, known: np.ndarray) -> jax.Array:
    """log p(what is known at and below d | x_d), up to a constant, [D, B, L]: messages to the root.

    J. Pearl, "Reverend Bayes on inference engines: a distributed hierarchical approach", 1982.
    """
    tables, parents, order = (learned[name] for name in ("probabilities", "parents", "order"))
    size, levels = tables.shape[:2]
    agrees = (x.T[..., None] == jnp.arange(levels)[None, None]) | ~known[:, None, None]

    def send(step, evidence):
        d = order[size - step]
        below = evidence[d]
        largest = below.max(-1, keepdims=True)
        # Full precision: what a GPU takes for float32 by default has three digits.
        sums = jnp.matmul(jnp.exp(below - largest), tables[d].T, precision=lax.Precision.HIGHEST)
        return evidence.at[parents[d]].add(_possible(jnp.log(sums) + largest))

    own = jnp.where(agrees, jnp.zeros((), tables.dtype), -jnp.inf)
    return lax.fori_loop(1, size, send, own)


def _possible(logits: jax.Array) -> jax.Array:
    """Even odds where nothing is possible, as after what was never seen (without smoothing)."""
    return jnp.where(jnp.isneginf(logits).all(-1, keepdims=True), 0.0, logits)


def pair_counts(levels: jax.Array, num_levels: int) -> jax.Array:
    """How often elements i and j have levels a and b: [D, L, D, L].

    Args:
        levels: integers below L, [B, D]; others are not counted.
        num_levels: L.
    """
    num, size = levels.shape
    width = size * num_levels
    part = max(1, min(num, _ONE_HOT // width))
    padded = jnp.pad(levels, ((0, -num % part), (0, 0)), constant_values=-1)

    def add(counts, rows):
        seen = jax.nn.one_hot(rows, num_levels, dtype=counts.dtype).reshape(part, width)
        return counts + seen.T @ seen, None

    counts, _ = lax.scan(add, jnp.zeros((width, width)), padded.reshape(-1, part, size))
    return counts.reshape(size, num_levels, size, num_levels)


def mutual_information(pairs: jax.Array, smoothing: float = 0.0) -> jax.Array:
    """I(i, j) in nats, [D, D], of counts of pairs; the diagonal says nothing.

    Args:
        pairs: [D, L, D, L], as `pair_counts` has them.
        smoothing: pseudo-count of each level of an element, spread evenly over the other's.
    """
    if pairs.ndim != 4 or pairs.shape[:2] != pairs.shape[2:]:
        raise ValueError(f"counts of pairs have shape [D, L, D, L], got {pairs.shape}")
    size, levels = pairs.shape[:2]
    elements = np.arange(size)
    single = counting.normalized(pairs[elements, :, elements].sum(1) + smoothing)
    total = pairs[0, :, 0].sum() + smoothing * levels
    joint = (pairs + smoothing / levels) / jnp.maximum(total, jnp.finfo(pairs.dtype).tiny)
    independent = single[:, :, None, None] * single[None, None]
    ratio = jnp.where(joint > 0, joint / jnp.where(joint > 0, independent, 1), 1)
    return (joint * jnp.log(ratio)).sum((1, 3))


def maximum_spanning_tree(weights: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The tree of the largest total weight over all nodes, from node 0 on.

    Args:
        weights: [D, D], symmetric; the diagonal is not looked at.

    Returns:
        Each node's parent, int32 [D], that of node 0 itself; and the nodes, parents before children.

    Raises:
        ValueError: if the weights are no square.

    Reference: R. C. Prim, "Shortest connection networks and some generalizations", 1957.
    """
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise ValueError(f"weights have shape [D, D], got {weights.shape}")
    size = len(weights)

    def grow(place, carry):
        inside, best, parents, order = carry
        node = jnp.argmax(jnp.where(inside, -jnp.inf, best)).astype(jnp.int32)
        inside = inside.at[node].set(True)
        closer = ~inside & (weights[node] > best)
        best = jnp.where(closer, weights[node], best)
        return inside, best, jnp.where(closer, node, parents), order.at[place].set(node)

    nodes = jnp.zeros(size, jnp.int32)
    start = (jnp.arange(size) == 0, weights[0], nodes, nodes)
    _, _, parents, order = lax.fori_loop(1, size, grow, start)
    return parents, order


def _check_fits(spec: Spec, digits: int, tables: int) -> None:
    """Refuses `tables` tables, each with an entry for every value of `digits` elements."""
    levels = spec.num_levels
    if math.log2(tables) + digits * math.log2(levels) > math.log2(_MAX_ENTRIES):
        raise ValueError(
            f"bayesian_network needs {counting.power(levels, digits, tables)} entries in its tables, "
            f"and {counting.power(2, 28)} fit: take fewer num_parents of a chain, data of fewer "
            "levels, or a network (made, pixel_cnn)"
        )
