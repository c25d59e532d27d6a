"""Deep embedded clustering of Xie, Girshick and Farhadi, 2016.

An autoencoder is trained first; then k-means starts K centres mu_j among its codes z_i, the decoder is
left behind, and encoder and centres are trained to agree with their own confident guesses:

    q_ij = (1 + |z_i - mu_j|^2)^-1 / sum_j' (1 + |z_i - mu_j'|^2)^-1
    p_ij = (q_ij^2 / f_j) / sum_j' (q_ij'^2 / f_j'),   f_j = sum_i q_ij
    loss = KL(P || Q) = sum_ij p_ij log(p_ij / q_ij)

(arXiv:1511.06335, equations 1 to 3), mean over the batch. No label is looked at.
"""

import math

import jax
import jax.numpy as jnp
import optax

from genjax.autoencoders.corruption import masking
from genjax.autoencoders.dense import dense_autoencoder
from genjax.core import Aux, Player, Spec, Stage, check_at_least, check_name, game
from genjax.nets import STARTS, first_clusters

_MOST_EXAMPLES = 10_000  # that the centres are found among
_MEMORY = 0.9  # of the running frequencies f, a round


def dec(
    spec: Spec,
    *,
    num_clusters: int | None = None,
    code_dim: int = 10,
    hidden: tuple[int, ...] | None = None,
    dropout_rate: float = 0.2,
    start: str = "kmeans",
    pretraining_rounds: int = 1500,
    pretraining_learning_rate: float = 1e-3,
    learning_rate: float = 0.01,
    momentum: float = 0.9,
) -> tuple[Stage, ...]:
    """Deep embedded clustering, DEC (Xie, Girshick & Farhadi, 2016, arXiv:1511.06335).

    `clusters` gives log q_ij, `encode` the code; `decode` is that of the pre-training, from which the
    encoder has moved away. `evaluate` gives `divergence`, KL(P || Q), of the clustering stage: none of
    its figures says which checkpoint is best, so the latest is used.

    Departures: the autoencoder is pre-trained at once, by Adam, to undo dropout of its input, not layer
    by layer; P is computed anew for each minibatch, where the paper holds it for a while, and its f_j
    is a running mean over minibatches, which starts from all the examples that k-means saw; with fewer
    than 784 inputs the networks are narrower.

    Args:
        spec: of vectors, or images in [0, 1].
        num_clusters: K; None for as many as there are classes (their number alone), or 10.
        code_dim: numbers in a code.
        hidden: widths between input and code, mirrored in the decoder, ReLU; None for the paper's
            (500, 500, 2000) from 784 inputs on, and (256, 256, 512) below.
        dropout_rate: share of the input that pre-training sets to 0, in [0, 1).
        start: what finds the first centres among the codes: `kmeans` (the paper's, the best of 20
            starts) or `gmm` (a Gaussian mixture).
        pretraining_rounds: of the first stage.
        pretraining_learning_rate: of its Adam.
        learning_rate: of SGD in the second stage.
        momentum: of the same.

    Raises:
        ValueError: for fewer than 2 clusters or 1 round, an unknown start, or a rate that cannot be.
    """
    num_clusters = (spec.num_classes or 10) if num_clusters is None else num_clusters
    check_at_least(2, num_clusters=num_clusters)
    check_at_least(1, pretraining_rounds=pretraining_rounds)
    check_name("start", start, STARTS)
    if not 0.0 <= dropout_rate < 1.0:
        raise ValueError(f"dropout_rate must be at least 0 and below 1, got {dropout_rate}")
    if hidden is None:
        hidden = (500, 500, 2000) if math.prod(spec.shape) >= 784 else (256, 256, 512)
    parts = dense_autoencoder(spec, code_dim, hidden=hidden, output="linear")

    def log_q(variables, x):
        centres = variables["centres"]["params"]["centres"]
        return log_assignment(parts.encode(variables, x), centres)

    def reconstruct(key, variables, batch):
        x = batch[spec.entry]
        z = parts.encode(variables, masking(key, x, dropout_rate))
        return parts.squared_error(variables, z, x).mean(), Aux()

    def agree(key, variables, batch):
        found = log_q(variables, batch[spec.entry])
        frequencies = _moved(variables["extra"]["frequencies"], found)
        loss = divergence(found, frequencies).mean()
        return loss, Aux({}, {"extra": {"frequencies": frequencies}})

    def evaluate(key, variables, batch):
        found = log_q(variables, batch[spec.entry])
        return {"divergence": divergence(found, variables["extra"]["frequencies"])}

    networks = {
        **parts.networks,
        "centres": lambda key, batch: {
            "params": {"centres": jax.random.normal(key, (num_clusters, code_dim))}
        },
        "extra": lambda key, batch: {"frequencies": jnp.full(num_clusters, 1 / num_clusters)},
    }
    codes = {
        "encode": lambda key, variables, x: parts.encode(variables, x),
        "decode": lambda key, variables, z: parts.decode(variables, z),
    }
    adam, sgd = optax.adam(pretraining_learning_rate), optax.sgd(learning_rate, momentum)
    first = Player(("encoder", "decoder"), reconstruct, adam, name="autoencoder")
    second = Player(("encoder", "centres"), agree, sgd, name="clusters")
    model = game(
        networks,
        [second],
        evaluate=evaluate,
        clusters=lambda key, variables, x: log_q(variables, x),
        **codes,
    )

    def enter(key, state, examples):
        z = parts.encode(state.variables, examples[spec.entry])
        centres = first_clusters(key, z, num_clusters, start).means
        found = {
            "centres": {"params": {"centres": centres}},
            "extra": {"frequencies": jnp.exp(log_assignment(z, centres)).mean(axis=0)},
        }
        return model.init(key, examples)._replace(variables={**state.variables, **found})

    return (
        Stage(game(networks, [first], **codes), pretraining_rounds),
        Stage(model, enter=enter, num_examples=_MOST_EXAMPLES),
    )


def log_assignment(z: jax.Array, centres: jax.Array) -> jax.Array:
    """log q_ij of a Student t with one degree of freedom around each centre, equation 1.

    Args:
        z: codes, [B, D].
        centres: mu, [K, D].

    Returns:
        [B, K]; each row's exponentials sum to 1.
    """
    squared = jnp.square(z[:, None] - centres[None]).sum(axis=-1)
    return jax.nn.log_softmax(-jnp.log1p(squared), axis=1)


def divergence(log_q: jax.Array, frequencies: jax.Array) -> jax.Array:
    """KL(P || Q) of each example, equations 2 and 3; no gradient runs through P.

    Args:
        log_q: [B, K].
        frequencies: f_j, up to a factor, [K].

    Returns:
        [B], nats.
    """
    log_p = jax.nn.log_softmax(2 * log_q - jnp.log(frequencies)[None], axis=1)
    log_p = jax.lax.stop_gradient(log_p)
    return jnp.sum(jnp.exp(log_p) * (log_p - log_q), axis=1)


def _moved(frequencies, log_q):
    """The running mean of q over examples, with a minibatch's."""
    seen = jax.lax.stop_gradient(jnp.exp(log_q).mean(axis=0))
    return _MEMORY * frequencies + (1 - _MEMORY) * seen
