"""SNGAN: hinge's value, the projection discriminator's optimum, attention's symmetry, eight classes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy import stats

from genjax.core import Spec
from genjax.gan import sngan
from genjax.losses import non_saturating
from genjax.nets import SelfAttention, SpectralMlpDiscriminator

ANGLES = 2 * np.pi * np.arange(8) / 8
CENTRES = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def draw(key, num):
    key_label, key_noise = jax.random.split(key)
    label = jax.random.randint(key_label, (num,), 0, 8)
    centres = jnp.asarray(CENTRES, jnp.float32)[label]
    return {"vector": centres + 0.1 * jax.random.normal(key_noise, (num, 2)), "label": label}


def test_a_discriminator_that_says_nothing_loses_2():
    """Hinge at f = 0: 1 + 1 for the discriminator, 0 for the generator."""
    options = {"learning_rate": 0.0, "discriminator_turns": 1}
    model = sngan(Spec((2,), None, 8), conditional=True, hidden=(16,), latent_dim=2, **options)
    state = jax.jit(model.init)(jax.random.key(0), draw(jax.random.key(0), 4))
    silent = jax.tree.map(jnp.zeros_like, state.variables["discriminator"]["params"])
    state.variables["discriminator"]["params"] = silent
    batch = jax.tree.map(lambda leaf: leaf[None], draw(jax.random.key(1), 32))
    _, metrics = jax.jit(model.update)(jax.random.key(2), state, batch)
    assert float(metrics["discriminator/loss"]) == 2.0
    assert float(metrics["generator/loss"]) == 0.0


def test_projection_is_the_log_ratio_of_posteriors():
    """f(x, y) - f(x, y') = log p(y|x) / p(y'|x) - log q(y|x) / q(y'|x), of two known mixtures.

    The logistic loss's optimum is f = log p(x, y) / q(x, y). Correlation above .98 and a slope near 1.
    Sees an embedding that is not used, or is taken of another label, or real and fake swapped.
    """
    p_of_y, q_of_y = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    p_means = np.array([[1.5, 0.0], [-1.0, 1.0], [0.0, -1.0]])
    q_means = np.array([[0.0, 0.5], [0.5, -0.5], [-1.0, 0.5]])
    module = SpectralMlpDiscriminator((64, 64), num_classes=3, num_iterations=0)
    optimizer, adversary = optax.adam(optax.cosine_decay_schedule(3e-3, 2500)), non_saturating()

    def mixture(key, of_y, means, num):
        key_label, key_noise = jax.random.split(key)
        label = jax.random.choice(key_label, 3, (num,), p=jnp.asarray(of_y, jnp.float32))
        return jnp.asarray(means, jnp.float32)[label] + jax.random.normal(
            key_noise, (num, 2)
        ), label

    logit = lambda params, x, y: module.apply({"params": params}, x, y, train=True)["logit"]

    def step(carry, key):
        params, opt_state = carry
        key_real, key_fake = jax.random.split(key)
        real, fake = (
            mixture(key_real, p_of_y, p_means, 512),
            mixture(key_fake, q_of_y, q_means, 512),
        )
        loss = lambda params: adversary.discriminator(
            logit(params, *real), logit(params, *fake)
        ).mean()
        updates, opt_state = optimizer.update(jax.grad(loss)(params), opt_state)
        return (optax.apply_updates(params, updates), opt_state), None

    @jax.jit
    def run(key):
        key_init, key_train, key_test = jax.random.split(key, 3)
        x, y = mixture(key_test, p_of_y, p_means, 1000)
        params = module.init(key_init, x, y, train=False)["params"]
        keys = jax.random.split(key_train, 2500)
        (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), keys)
        labels = [jnp.full(1000, k) for k in range(3)]
        return x, jnp.stack([logit(params, x, label) for label in labels], 1)

    x, logits = (np.asarray(each, np.float64) for each in run(jax.random.key(0)))
    joint = lambda of_y, means: np.log(of_y) + stats.norm.logpdf(x[:, None] - means).sum(-1)
    truth = joint(p_of_y, p_means) - joint(q_of_y, q_means)
    for y, other in ((0, 1), (1, 2), (2, 0)):
        found, expected = logits[:, y] - logits[:, other], truth[:, y] - truth[:, other]
        correlation, slope = np.corrcoef(found, expected)[0, 1], np.polyfit(expected, found, 1)[0]
        print(f"classes {y} and {other}: correlation {correlation:.4f}, slope {slope:.3f}")
        assert correlation > 0.98 and 0.85 < slope < 1.15


def test_attention_has_no_sense_of_place():
    """Without pooling, permuted pixels give permuted outputs; with it they do not."""
    x = jax.random.normal(jax.random.key(0), (2, 6, 6, 16))
    order = np.random.default_rng(0).permutation(36)
    permuted = lambda x: x.reshape(2, 36, 16)[:, order].reshape(x.shape)
    for pooled in (False, True):
        layer = SelfAttention(pooled=pooled)
        variables = jax.jit(lambda key: layer.init(key, x, train=False))(jax.random.key(1))
        variables["params"]["gamma"] = jnp.ones(())
        apply = jax.jit(lambda x, v=variables, layer=layer: layer.apply(v, x, train=False))
        difference = float(np.abs(apply(permuted(x)) - permuted(apply(x))).max())
        print(f"pooled {pooled}: {difference:.1e}")
        assert (difference < 1e-5) != pooled


def test_each_class_is_drawn_at_its_own_cluster():
    """.95 of the samples of each of eight classes are nearest to its centre. The median of three seeds.

    Sees a generator or discriminator that does not heed the label, or of the wrong sign.
    """
    model = sngan(
        Spec((2,), None, 8),
        conditional=True,
        hidden=(64, 64),
        latent_dim=2,
        discriminator_turns=2,
        learning_rate=1e-3,
        decay_rounds=2000,
    )
    labels = jnp.repeat(jnp.arange(8), 250)

    def run(key):
        key_init, key_rounds, key_sample = jax.random.split(key, 3)

        def play(state, key):
            key_data, key_round = jax.random.split(key)
            batches = jax.vmap(lambda key: draw(key, 64))(jax.random.split(key_data, 2))
            return model.update(key_round, state, batches)[0], None

        state = model.init(key_init, draw(key_init, 4))
        state, _ = jax.lax.scan(play, state, jax.random.split(key_rounds, 1600))
        return model.sample(key_sample, state.variables, len(labels), condition=labels)

    samples = np.asarray(jax.jit(jax.vmap(run))(jax.vmap(jax.random.key)(jnp.arange(3))))
    distances = np.linalg.norm(samples[:, :, None] - CENTRES[None, None], axis=-1)
    right = (distances.argmin(-1) == np.asarray(labels)).reshape(3, 8, 250).mean(-1)
    print("of each class at its cluster, worst class of each seed:", right.min(1))
    assert np.median(right.min(1)) >= 0.95
