"""cs_gan: its stages, rewards by hand, decoding, its networks, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import cs_gan
from genjax.losses import sentence_bleu
from genjax.nets import SentenceFeatures, Translator, highway

KEY = jax.random.key(0)
SPEC = Spec((4, 3), 2, None, {"text": (5,)})
TEXT = jnp.asarray([[97, 98, 0, 0, 0], [98, 97, 99, 97, 97], [99, 99, 99, 0, 0]], jnp.int32)
REFERENCE = jnp.asarray([[1, 2, 0, 0], [2, 2, 2, 2], [1, 0, 0, 0]], jnp.int32)
BATCH = {"text": TEXT, "sequence": jax.nn.one_hot(REFERENCE, 3)}
SMALL = {"embedding_dim": 4, "width": 4, "maps": 3, "num_rollouts": 2, "discriminator_turns": 1}
BATCHES = jax.tree.map(lambda leaf: leaf[None], BATCH)


def test_likelihood_trains_the_translator_then_the_judge_and_then_both():
    """By what is told of each stage."""
    stages = cs_gan(SPEC, **SMALL)
    assert [stage.rounds for stage in stages] == [2000, 100, None]
    state = jax.eval_shape(stages[0].model.init, KEY, BATCH)
    told = []
    for stage in stages:
        if stage.enter is not None:
            state = jax.eval_shape(stage.enter, KEY, state)
        state, metrics = jax.eval_shape(stage.model.update, KEY, state, BATCHES)
        told.append({name.split("/")[0] for name in metrics})
    assert told == [{"generator"}, {"discriminator"}, {"generator", "teacher", "discriminator"}]
    alone = cs_gan(SPEC, **SMALL, teacher_forcing=False)[-1].model
    state = jax.eval_shape(alone.init, KEY, BATCH)
    assert "teacher/loss" not in jax.eval_shape(alone.update, KEY, state, BATCHES)[1]


def test_rewards_by_hand_and_beam_and_drawn_translations():
    """A judge that says 0.8 whatever it sees: 0.7 (0.8 - 0.5) + 0.3 BLEU of what is drawn."""
    model = cs_gan(SPEC, **SMALL, beam_size=4)[-1].model

    @jax.jit
    def decode(key):
        variables = model.init(KEY, BATCH).variables
        flat = jax.tree.map(jnp.zeros_like, variables["discriminator"])
        flat["params"]["Dense_0"]["bias"] = jnp.log(jnp.asarray([4.0]))
        variables = {**variables, "discriminator": flat}
        beam = model.translate(None, variables, TEXT)
        drawn = model.sample(key, variables, 3, TEXT)
        log_p = [model.log_prob(None, variables, y, TEXT) for y in (beam, drawn)]
        same = jax.random.split(key)[1]  # what `sample` draws with
        bleu = sentence_bleu(drawn.argmax(-1), REFERENCE)
        return beam, drawn, *log_p, bleu, model.evaluate(same, variables, BATCH)

    beam, drawn, likelier, log_p, bleu, values = jax.device_get(decode(KEY))
    assert beam.shape == drawn.shape == (3, 4, 3)
    for each in (beam, drawn):
        np.testing.assert_array_equal(each.sum(-1), np.ones((3, 4)))
    assert (likelier >= log_p - 1e-5).all() and (log_p < 0).all()
    assert bleu.max() > 0
    np.testing.assert_allclose(values["reward"], 0.7 * 0.3 + 0.3 * bleu, rtol=1e-5)
    assert ((values["bleu"] >= 0) & (values["bleu"] <= 1)).all()
    assert set(values["sequence_accuracy"].tolist()) <= {0.0, 1.0}


def test_padding_of_the_source_changes_nothing():
    net = Translator(128, 3, 4, 4)

    @jax.jit
    def logits():
        variables = net.init(KEY, TEXT, jnp.zeros(3, jnp.int32))
        wide = jnp.pad(TEXT, ((0, 0), (0, 2)))
        after = lambda source: net.apply(variables, source, jnp.full(3, 3))[1]
        return [after(source) for source in (TEXT, wide, TEXT[:, ::-1])]

    one, two, other = jax.device_get(logits())
    np.testing.assert_allclose(one, two, atol=1e-5)
    assert np.abs(one - other)[1].max() > 1e-4


def test_features_are_maxima_over_time_and_a_highway_carries_where_its_gate_is_shut():
    net = SentenceFeatures(5, 4, (1,), (3,))
    tokens = jnp.asarray([[1, 2, 3, 4], [4, 3, 2, 1]])
    found, _ = jax.jit(lambda: net.init_with_output(KEY, tokens, train=False))()
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)  # windows of one: a bag of words
    h, x = jnp.asarray([[-1.0, 2.0]]), jnp.asarray([[5.0, 6.0]])
    np.testing.assert_allclose(highway(h, jnp.zeros((1, 2)), x), [[2.5, 4.0]])
    np.testing.assert_allclose(highway(h, jnp.full((1, 2), -50.0), x), x)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4, 3), 2), {}, "cs_gan needs pairs of sentences"),
        (Spec((8, 8, 3), extras={"text": (5,)}), {}, "cs_gan needs pairs of sentences"),
        (SPEC, {"discriminator_weight": 1.5}, r"discriminator_weight must be in \[0, 1\], got 1.5"),
        (SPEC, {"pretraining_rounds": 0}, "pretraining_rounds must be at least 1, got 0"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        cs_gan(spec, **options)
