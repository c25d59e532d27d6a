"""CS-GAN of Yang, Chen, Wang and Xu, 2018: translation against a judge of pairs of sentences.

The generator p(y|x) writes symbol by symbol, so that the judge D(x, y) reaches it by policy gradient
alone (arXiv:1703.04887). Of a translation y that it drew, with Y_1, ..., Y_N its own completions of
y_<=t and y* the reference,

    grad = -sum_t Q_t grad log p(y_t | y_<t, x)
    Q_t  = mean_n [ lambda (D(x, Y_n) - b) + (1 - lambda) BLEU(Y_n, y*) ]

and after each such step one of teacher forcing on the reference: Q = 1 of y*. D minimises
-log D(x, y*) - log(1 - D(x, y)). Likelihood alone trains p first, and then D alone is trained.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Player, Spec, Stage, carry_over, check_at_least, game
from genjax.losses import (
    action_values,
    clip_parameters,
    logit_metrics,
    non_saturating,
    policy_gradient,
    sentence_bleu,
    until_end,
)
from genjax.nets import (
    PairDiscriminator,
    SentenceFeatures,
    Translator,
    beam_search,
    draw_sequence,
    log_probs_of,
    network,
)

_NUM_SOURCE = 128  # ASCII, as everywhere in `text`
_REMEMBERED = "sources"  # the network of source sentences for samples without any


def cs_gan(
    spec: Spec,
    *,
    num_rollouts: int = 20,
    discriminator_weight: float = 0.7,
    baseline: float = 0.5,
    teacher_forcing: bool = True,
    pretraining_rounds: int = 2000,
    discriminator_rounds: int = 100,
    discriminator_turns: int = 125,
    embedding_dim: int = 512,
    width: int = 512,
    windows: tuple[int, ...] | None = None,
    maps: int | None = None,
    beam_size: int = 10,
    pretraining_learning_rate: float = 1e-3,
    learning_rate: float = 1e-5,
    discriminator_learning_rate: float = 1e-4,
    clip_norm: float = 5.0,
    clip: float = 1.0,
) -> tuple[Stage, ...]:
    """BR-CSGAN (Yang, Chen, Wang & Xu, 2018, arXiv:1703.04887), a curriculum of three stages.

    `sample` draws translations of `text`, `translate` finds the likeliest by beam search, `log_prob` is
    exact. `evaluate` gives, of greedy translations, `sequence_accuracy` and `bleu` (of single
    sentences, smoothed, as in `genjax.metrics.sentence_bleu`), and of drawn ones the mean
    `reward`. Sources of samples without any are those of the first minibatch, kept in the variables.

    The first stage is likelihood, the second trains D on the translator that came out of it, the third
    is the game, a round of which is a policy step, a teacher-forcing step and D's turns; each has one
    minibatch size, where the authors' code has 100 for the translator and 40 for D, which sees 5000
    fresh translations a round. Their p is RNNSearch or a Transformer; it is RNNSearch here. b = 0.5
    is the paper's (the code has 0.6). Both parts of the reward are averaged over the roll-outs. How
    the first stage is trained, and for how long, is a choice of this file.

    Args:
        spec: of one-hot sentences [T, V], whose symbol 0 ends them, with `text`, the source.
        num_rollouts: N.
        discriminator_weight: lambda, in [0, 1]; 1 is CS-GAN without BLEU.
        baseline: b.
        teacher_forcing: whether a step on the reference follows each policy step.
        pretraining_rounds, discriminator_rounds: of the first and second stage.
        discriminator_turns: of D in a round of the second and third.
        embedding_dim, width: of the translator; D's embeddings have as many numbers.
        windows: of D's convolutions. None: 1, 5, 9, ... as far as sentences are long.
        maps: of each window; None: 100 + 10 times its width, as in the authors' code.
        beam_size: of `translate`.
        pretraining_learning_rate: of the first stage's Adam.
        learning_rate, discriminator_learning_rate: of RMSProp.
        clip_norm: that the translator's gradients are scaled down to.
        clip: D's weights lie in [-clip, clip].

    Raises:
        ValueError: for data without pairs of sentences, or a number that cannot be.
    """
    if spec.entry != "sequence" or "text" not in spec.extras:
        raise ValueError(
            "cs_gan needs pairs of sentences (one-hot `sequence` with `text`), and this data has none"
        )
    if not 0 <= discriminator_weight <= 1:
        raise ValueError(f"discriminator_weight must be in [0, 1], got {discriminator_weight}")
    check_at_least(1, pretraining_rounds=pretraining_rounds)
    check_at_least(1, discriminator_rounds=discriminator_rounds)
    (length, num_symbols), (source_length,) = spec.shape, spec.extras["text"]
    translator = Translator(_NUM_SOURCE, num_symbols, embedding_dim, width)
    x, y = jnp.ones((2, source_length), jnp.int32), jnp.zeros((2, length), jnp.int32)
    writer = network(translator, x, y[:, 0])
    sides = []
    for symbols, longest in ((_NUM_SOURCE, source_length), (num_symbols, length)):
        found = tuple(w for w in windows or range(1, longest + 1, 4) if w <= longest)
        features = tuple(maps or 100 + 10 * window for window in found)
        sides.append(SentenceFeatures(symbols, embedding_dim, found, features))
    discriminator = network(PairDiscriminator(*sides), x, y)
    adversary = non_saturating()

    def writing(variables, source):
        """The step of the decoder and its first carry."""
        own = variables["generator"]
        step = lambda carry, previous: translator.apply(own, carry, previous, method="step")
        return step, translator.apply(own, source, method="encode")

    def written(key, variables, source, **known):
        return draw_sequence(
            key, *writing(variables, source), len(source), length, num_symbols, **known
        )

    def log_probs(variables, source, tokens):
        return log_probs_of(*writing(variables, source), tokens, num_symbols)

    def judged(own, source, tokens, train):
        heads, updates = discriminator.apply(own, source, tokens, train=train)
        return heads["logit"], updates

    def reward_of(variables, source, reference):
        def reward(tokens):
            logit, _ = judged(variables["discriminator"], source, tokens, False)
            by_judge = discriminator_weight * (jax.nn.sigmoid(logit) - baseline)
            return by_judge + (1 - discriminator_weight) * sentence_bleu(tokens, reference)

        return reward

    def imitate(key, variables, batch):
        del key
        reference = _tokens(batch["sequence"])
        log_p = log_probs(variables, batch["text"], reference)
        loss = policy_gradient(log_p, jnp.ones_like(log_p), until_end(reference))
        return loss.mean(), Aux()

    def act(key, variables, batch):
        key_draw, key_rollouts = jax.random.split(key)
        source = batch["text"]
        tokens = jax.lax.stop_gradient(written(key_draw, variables, source))
        reward = reward_of(variables, source, _tokens(batch["sequence"]))

        def complete(key, tokens, num_known):
            return written(key, variables, source, known=tokens, num_known=num_known)

        values = action_values(key_rollouts, complete, reward, tokens, num_rollouts=num_rollouts)
        log_p = log_probs(variables, source, tokens)
        loss = policy_gradient(log_p, values, until_end(tokens)).mean()
        return loss, Aux({"reward": values[:, -1].mean()})

    def discriminate(key, variables, batch):
        source, own = batch["text"], variables["discriminator"]
        fake = written(key, variables, source)
        on_real, updates = judged(own, source, _tokens(batch["sequence"]), True)
        on_fake, updates = judged({**own, **updates}, source, fake, True)
        loss = adversary.discriminator(on_real, on_fake).mean()
        return loss, Aux(logit_metrics(on_real, on_fake), {"discriminator": updates})

    def sample(key, variables, num, condition=None):
        key_source, key_draw = jax.random.split(key)
        if condition is None:
            kept = variables[_REMEMBERED]["memory"]["text"]
            condition = kept[jax.random.randint(key_source, (num,), 0, len(kept))]
        tokens = written(key_draw, variables, jnp.asarray(condition))
        return jax.nn.one_hot(tokens, num_symbols)

    def translate(key, variables, source):
        del key
        step, carry = writing(variables, source)
        sizes = (len(source), length, num_symbols)
        tokens, _ = beam_search(step, carry, *sizes, beam_size=beam_size)
        return jax.nn.one_hot(tokens, num_symbols)

    def log_prob(key, variables, sequence, source):
        del key
        return log_probs(variables, source, _tokens(sequence)).sum(1)

    def evaluate(key, variables, batch):
        source, reference = batch["text"], _tokens(batch["sequence"])
        likeliest = written(None, variables, source)
        mask = until_end(reference)
        right = (mask * (likeliest != reference)).sum(1) == 0
        drawn = written(key, variables, source)
        return {
            "sequence_accuracy": right.astype(jnp.float32),
            "bleu": sentence_bleu(likeliest, reference),
            "reward": reward_of(variables, source, reference)(drawn),
        }

    networks = {
        "generator": writer.start,
        "discriminator": discriminator.start,
        # Of a later stage's first state, which no batch makes, the sources are the first stage's.
        _REMEMBERED: lambda key, batch: {"memory": {"text": batch.get("text", x)}},
    }
    bounded = lambda tx: optax.chain(optax.clip_by_global_norm(clip_norm), tx)
    first = Player(("generator",), imitate, bounded(optax.adam(pretraining_learning_rate)))
    actor = Player(("generator",), act, bounded(optax.rmsprop(learning_rate)))
    teacher = Player(("generator",), imitate, bounded(optax.rmsprop(learning_rate)), name="teacher")
    judge = Player(
        ("discriminator",),
        discriminate,
        optax.chain(optax.rmsprop(discriminator_learning_rate), clip_parameters(clip)),
        turns=discriminator_turns,
    )
    able = {
        "sample": sample,
        "translate": translate,
        "log_prob": log_prob,
        "evaluate": evaluate,
        "select": "bleu",
        "condition": "text",
    }
    likelihood, judging, adversarial = (
        game(networks, players, **able)
        for players in ([first], [judge], [actor, *([teacher] * teacher_forcing), judge])
    )

    return (
        Stage(likelihood, pretraining_rounds),
        Stage(judging, discriminator_rounds, carry_over(judging)),
        Stage(adversarial, None, carry_over(adversarial)),
    )


def _tokens(sequence):
    """One-hot [B, T, V] -> int32 [B, T]."""
    return sequence.argmax(-1).astype(jnp.int32)
