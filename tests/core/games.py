"""Tiny systems that need every clause of the contract; the tests beside this file play them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Player, game
from genjax.nets import BatchNorm

DIM = 3


class Mlp(nn.Module):
    """Two dense layers, smooth so that gradients of gradients are not zero."""

    features: int

    @nn.compact
    def __call__(self, x):
        return nn.Dense(self.features)(nn.tanh(nn.Dense(5)(x)))


class NormedMlp(nn.Module):
    """An Mlp with batch statistics."""

    features: int

    @nn.compact
    def __call__(self, x, train):
        x = BatchNorm()(nn.Dense(5)(x), train=train)
        return nn.Dense(self.features)(nn.tanh(x))


def start(module, width):
    """How a network of one input starts."""
    return lambda key, batch: module.init(key, jnp.zeros((1, width)))


def data(key, num_batches, batch_size=4, dim=DIM):
    """Minibatches of vectors, all different."""
    return {"vector": jax.random.normal(key, (num_batches, batch_size, dim))}


def vae(learning_rate=1e-2, ema=None):
    """One player trains an encoder and a decoder by the evidence lower bound."""
    encoder, decoder = Mlp(2 * 2), Mlp(DIM)

    def objective(key, variables, batch):
        mean, log_variance = jnp.split(encoder.apply(variables["encoder"], batch["vector"]), 2, -1)
        noise = jax.random.normal(key, mean.shape)
        latents = mean + jnp.exp(log_variance / 2) * noise
        error = (decoder.apply(variables["decoder"], latents) - batch["vector"]) ** 2
        kl = 0.5 * (mean**2 + jnp.exp(log_variance) - 1 - log_variance)
        return (error.sum(-1) + kl.sum(-1)).mean(), Aux({"kl": kl.sum(-1).mean()})

    return game(
        {"encoder": start(encoder, DIM), "decoder": start(decoder, 2)},
        [Player(("encoder", "decoder"), objective, optax.adam(learning_rate), name="vae")],
        ema=ema,
    )


def wgan_gp(critic_turns=5, penalty_weight=10.0):
    """A critic of several turns with a penalty on the gradient; the critic notes what it was shown."""
    generator, critic = Mlp(DIM), Mlp(1)

    def generate(key, variables, num):
        return generator.apply(variables["generator"], jax.random.normal(key, (num, 2)))

    def critic_objective(key, variables, batch):
        key_latent, key_mix = jax.random.split(key)
        real = batch["vector"]
        fake = generate(key_latent, variables, len(real))
        score = lambda x: critic.apply(variables["critic"], x)[..., 0]
        mix = jax.random.uniform(key_mix, (len(real), 1))
        slopes = jax.vmap(jax.grad(score))(mix * real + (1 - mix) * fake)
        penalty = (jnp.linalg.norm(slopes + 1e-12, axis=-1) - 1) ** 2
        loss = (score(fake) - score(real) + penalty_weight * penalty).mean()
        seen = jnp.roll(variables["extra"]["seen"], -1).at[-1].set(batch["vector"].sum())
        turns = variables["extra"]["critic_turns"] + 1
        return loss, Aux(
            {"penalty": penalty.mean()}, {"extra": {"seen": seen, "critic_turns": turns}}
        )

    def generator_objective(key, variables, batch):
        fake = generate(key, variables, len(batch["vector"]))
        return -critic.apply(variables["critic"], fake).mean(), Aux()

    # eps_root: the gradient of a whole round passes through Adam's square root, at zero for a bias.
    adam = optax.adam(1e-2, b1=0.5, eps_root=1e-8)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), adam)
    return game(
        {
            "generator": start(generator, 2),
            "critic": start(critic, DIM),
            "extra": lambda key, batch: {"seen": jnp.zeros(5), "critic_turns": jnp.zeros(())},
        },
        [
            Player(("critic",), critic_objective, optimizer, turns=critic_turns),
            Player(("generator",), generator_objective, optimizer),
        ],
        ema=Ema(("generator",), 0.9),
    )


def bigan():
    """Two networks with one joint objective against a discriminator of pairs."""
    generator, encoder, discriminator = Mlp(DIM), Mlp(2), Mlp(1)

    def logits(key, variables, batch):
        latents = jax.random.normal(key, (len(batch["vector"]), 2))
        fake = generator.apply(variables["generator"], latents)
        codes = encoder.apply(variables["encoder"], batch["vector"])
        judge = lambda x, z: discriminator.apply(
            variables["discriminator"], jnp.concatenate([x, z], -1)
        )
        return judge(batch["vector"], codes), judge(fake, latents)

    def adversary(sign):
        def objective(key, variables, batch):
            real, fake = logits(key, variables, batch)
            return (jax.nn.softplus(-sign * real) + jax.nn.softplus(sign * fake)).mean(), Aux()

        return objective

    return game(
        {
            "generator": start(generator, 2),
            "encoder": start(encoder, DIM),
            "discriminator": start(discriminator, DIM + 2),
        },
        [
            Player(("discriminator",), adversary(1.0), optax.sgd(0.1)),
            Player(("generator", "encoder"), adversary(-1.0), optax.sgd(0.1)),
        ],
    )


def cyclegan():
    """Four players, two domains as sub-dicts; the generators share a cycle loss."""
    names = ("to_b", "to_a", "judge_a", "judge_b")
    nets = {name: Mlp(DIM if name.startswith("to") else 1) for name in names}

    def run(name, variables, x):
        return nets[name].apply(variables[name], x)

    def generator_objective(there, back, judge, source):
        def objective(key, variables, batch):
            x = batch[source]["vector"]
            fake = run(there, variables, x)
            cycle = jnp.abs(run(back, variables, fake) - x).mean()
            return ((run(judge, variables, fake) - 1) ** 2).mean() + 10 * cycle, Aux(
                {"cycle": cycle}
            )

        return objective

    def judge_objective(judge, there, source, target):
        def objective(key, variables, batch):
            real = run(judge, variables, batch[target]["vector"])
            fake = run(judge, variables, run(there, variables, batch[source]["vector"]))
            return ((real - 1) ** 2 + fake**2).mean(), Aux()

        return objective

    objectives = {
        "to_b": generator_objective("to_b", "to_a", "judge_b", "a"),
        "to_a": generator_objective("to_a", "to_b", "judge_a", "b"),
        "judge_a": judge_objective("judge_a", "to_a", "b", "a"),
        "judge_b": judge_objective("judge_b", "to_b", "a", "b"),
    }
    return game(
        {name: start(net, DIM) for name, net in nets.items()},
        [Player((name,), objectives[name], optax.sgd(0.05)) for name in names],
    )


def normed_gan():
    """A GAN whose networks both keep batch statistics and whose objectives return both."""
    generator, discriminator = NormedMlp(DIM), NormedMlp(1)

    def both(key, variables, batch):
        latents = jax.random.normal(key, (len(batch["vector"]), 2))
        run = lambda net, name, x: net.apply(
            variables[name], x, train=True, mutable=["batch_stats"]
        )
        fake, of_generator = run(generator, "generator", latents)
        logits, of_discriminator = run(
            discriminator, "discriminator", jnp.concatenate([batch["vector"], fake])
        )
        return logits, {"generator": of_generator, "discriminator": of_discriminator}

    def objective(sign):
        def loss(key, variables, batch):
            logits, updates = both(key, variables, batch)
            real, fake = jnp.split(logits, 2)
            return (jax.nn.softplus(-sign * real) + jax.nn.softplus(sign * fake)).mean(), Aux(
                updates=updates
            )

        return loss

    begin = lambda net, width: lambda key, batch: net.init(key, jnp.zeros((1, width)), train=True)
    return game(
        {"generator": begin(generator, 2), "discriminator": begin(discriminator, DIM)},
        [
            Player(("discriminator",), objective(1.0), optax.sgd(0.1)),
            Player(("generator",), objective(-1.0), optax.sgd(0.1)),
        ],
    )
