"""A translator as the player of a game: RNNSearch that draws, searches, and learns by likelihood."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from genjax.core import Aux, Spec
from genjax.losses import policy_gradient, until_end
from genjax.nets import Translator, beam_search, draw_sequence, log_probs_of, network

NUM_SOURCE = 128  # ASCII, as everywhere in `text`
_REMEMBERED = "sources"  # the network of source sentences for samples without any


class Translation(NamedTuple):
    """What p(y|x), the network `generator` of a game, can do.

    Attributes:
        networks: `generator`, and the sources of the first minibatch, for samples without any.
        write: `(key, variables, source, **known) -> tokens`, as `draw_sequence`; the likeliest symbols
            where there is no key. Sources are [B, S] int32, tokens [B, T] int32.
        log_probs: `(variables, source, tokens) -> [B, T]`, log p(y_t | y_<t, x), nats.
        imitate: the objective of likelihood: -sum_t log p(y*_t | y*_<t, x).
        able: `sample`, `translate`, `log_prob` and `condition` of a Model.
    """

    networks: Mapping[str, Callable[..., Any]]
    write: Callable[..., jax.Array]
    log_probs: Callable[..., jax.Array]
    imitate: Callable[..., tuple[jax.Array, Aux]]
    able: Mapping[str, Any]


def translation(spec: Spec, *, embedding_dim: int, width: int, beam_size: int) -> Translation:
    """The functions of a `Translator` of sentences like these.

    Args:
        spec: of one-hot sentences [T, V] with `text`, the source.
        embedding_dim, width: of the network.
        beam_size: of `translate`.
    """
    (length, num_symbols), (source_length,) = spec.shape, spec.extras["text"]
    translator = Translator(NUM_SOURCE, num_symbols, embedding_dim, width)
    x = jnp.ones((2, source_length), jnp.int32)
    networks = {
        "generator": network(translator, x, jnp.zeros(2, jnp.int32)).start,
        # Of a later stage's first state, which no batch makes, the sources are the first stage's.
        _REMEMBERED: lambda key, batch: {"memory": {"text": batch.get("text", x)}},
    }

    def writing(variables, source):
        """The step of the decoder and its first carry."""
        own = variables["generator"]
        step = lambda carry, previous: translator.apply(own, carry, previous, method="step")
        return step, translator.apply(own, source, method="encode")

    def write(key, variables, source, **known):
        sizes = (len(source), length, num_symbols)
        return draw_sequence(key, *writing(variables, source), *sizes, **known)

    def log_probs(variables, source, tokens):
        return log_probs_of(*writing(variables, source), tokens, num_symbols)

    def imitate(key, variables, batch):
        del key  # it draws nothing
        reference = tokens_of(batch["sequence"])
        log_p = log_probs(variables, batch["text"], reference)
        loss = policy_gradient(log_p, jnp.ones_like(log_p), until_end(reference))
        return loss.mean(), Aux()

    def sample(key, variables, num, condition=None):
        key_source, key_draw = jax.random.split(key)
        if condition is None:
            kept = variables[_REMEMBERED]["memory"]["text"]
            condition = kept[jax.random.randint(key_source, (num,), 0, len(kept))]
        return jax.nn.one_hot(write(key_draw, variables, jnp.asarray(condition)), num_symbols)

    def translate(key, variables, source):
        del key
        sizes = (len(source), length, num_symbols)
        tokens, _ = beam_search(*writing(variables, source), *sizes, beam_size=beam_size)
        return jax.nn.one_hot(tokens, num_symbols)

    def log_prob(key, variables, sequence, source):
        del key
        return log_probs(variables, source, tokens_of(sequence)).sum(1)

    able = {"sample": sample, "translate": translate, "log_prob": log_prob, "condition": "text"}
    return Translation(networks, write, log_probs, imitate, able)


def tokens_of(sequence: jax.Array) -> jax.Array:
    """One-hot [B, T, V] -> int32 [B, T]."""
    return sequence.argmax(-1).astype(jnp.int32)
