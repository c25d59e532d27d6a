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
from genjax.gan.telling_apart import tell_apart
from genjax.gan.translator import NUM_SOURCE, tokens_of, translation
from genjax.losses import (
    action_values,
    clip_parameters,
    non_saturating,
    policy_gradient,
    sentence_bleu,
    until_end,
)
from genjax.nets import PairDiscriminator, SentenceFeatures, network


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
    p = translation(spec, embedding_dim=embedding_dim, width=width, beam_size=beam_size)
    sides = []
    for symbols, longest in ((NUM_SOURCE, source_length), (num_symbols, length)):
        found = tuple(w for w in windows or range(1, longest + 1, 4) if w <= longest)
        features = tuple(maps or 100 + 10 * window for window in found)
        sides.append(SentenceFeatures(symbols, embedding_dim, found, features))
    pair = [jnp.ones((2, size), jnp.int32) for size in (source_length, length)]
    discriminator = network(PairDiscriminator(*sides), *pair)
    adversary = non_saturating()

    def reward_of(variables, source, reference):
        def reward(tokens):
            own = variables["discriminator"]
            logit = discriminator.apply(own, source, tokens, train=False)[0]["logit"]
            by_judge = discriminator_weight * (jax.nn.sigmoid(logit) - baseline)
            return by_judge + (1 - discriminator_weight) * sentence_bleu(tokens, reference)

        return reward

    def act(key, variables, batch):
        key_draw, key_rollouts = jax.random.split(key)
        source = batch["text"]
        tokens = jax.lax.stop_gradient(p.write(key_draw, variables, source))
        reward = reward_of(variables, source, tokens_of(batch["sequence"]))

        def complete(key, tokens, num_known):
            return p.write(key, variables, source, known=tokens, num_known=num_known)

        values = action_values(key_rollouts, complete, reward, tokens, num_rollouts=num_rollouts)
        log_p = p.log_probs(variables, source, tokens)
        loss = policy_gradient(log_p, values, until_end(tokens)).mean()
        return loss, Aux({"reward": values[:, -1].mean()})

    def discriminate(key, variables, batch):
        source, reference = batch["text"], tokens_of(batch["sequence"])
        real, fake = (source, reference), (source, p.write(key, variables, source))
        return tell_apart(adversary, discriminator, variables, real, fake)

    def evaluate(key, variables, batch):
        source, reference = batch["text"], tokens_of(batch["sequence"])
        likeliest = p.write(None, variables, source)
        wrong = until_end(reference) * (likeliest != reference)
        drawn = p.write(key, variables, source)
        return {
            "sequence_accuracy": (wrong.sum(1) == 0).astype(jnp.float32),
            "bleu": sentence_bleu(likeliest, reference),
            "reward": reward_of(variables, source, reference)(drawn),
        }

    bounded = lambda tx: optax.chain(optax.clip_by_global_norm(clip_norm), tx)
    first = Player(("generator",), p.imitate, bounded(optax.adam(pretraining_learning_rate)))
    actor = Player(("generator",), act, bounded(optax.rmsprop(learning_rate)))
    teacher = Player(
        ("generator",), p.imitate, bounded(optax.rmsprop(learning_rate)), name="teacher"
    )
    judge = Player(
        ("discriminator",),
        discriminate,
        optax.chain(optax.rmsprop(discriminator_learning_rate), clip_parameters(clip)),
        turns=discriminator_turns,
    )
    networks = {**p.networks, "discriminator": discriminator.start}
    likelihood, judging, adversarial = (
        game(networks, players, evaluate=evaluate, select="bleu", **p.able)
        for players in ([first], [judge], [actor, *([teacher] * teacher_forcing), judge])
    )
    return (
        Stage(likelihood, pretraining_rounds),
        Stage(judging, discriminator_rounds, carry_over(judging)),
        Stage(adversarial, None, carry_over(adversarial)),
    )
