"""Bayesian GAN of Saatci and Wilson, 2017: a posterior over the weights of both networks.

M chains, each of J_g generators and J_d discriminators, are moved by stochastic gradient Hamiltonian
Monte Carlo. With f a discriminator's logit, N examples and weights ~ N(0, s^2), chain m samples

    theta_g^j :  sum_k [ sum_z log sigmoid(f_k(G_j(z))) + log p(theta_g^j) ]  J_g times
    theta_d^k :  sum_j [ sum_x log sigmoid(f_k(x)) + sum_z log(1 - sigmoid(f_k(G_j(z))))
                         + log p(theta_d^k) ]  J_d times

(arXiv:1705.09558, section 2 and Algorithm 1); samples are a mixture over what the chains passed.
"""

import math

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, check_at_least, game
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.sghmc import after, sghmc
from genjax.gan.two_players import network_range
from genjax.losses import logit_metrics, non_saturating
from genjax.nets import named_noise


def bayesian_gan(
    spec: Spec,
    *,
    num_examples: int = 10_000,
    num_generators: int = 10,
    num_discriminators: int = 1,
    num_chains: int = 2,
    prior_std: float = 1.0,
    step_size: float = 1e-2,
    friction: float = 0.5,
    warmup_rounds: int = 5000,
    warmup_rate: float = 2e-4,
    warmup_moment: float = 0.5,
    num_samples: int = 5,
    thinning: int = 100,
    latent_dim: int = 100,
    prior: str = "normal",
    architecture: str | None = "mlp",
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    precision: str = "float32",
) -> Model:
    """Bayesian GAN (Saatci and Wilson, 2017, arXiv:1705.09558): SGHMC over the weights, unsupervised.

    Each network's energy u is a mean over examples, other networks and draws of z, less log prior / N,
    and its temperature 1 / (N J_g J_d): the same posterior as the sums of Algorithm 1, whose numbers
    of z and of networks count as so many more examples. z is one minibatch for each network; the
    generator, which no data bounds, has as many examples as there are data. Chains see their own
    networks alone.

    The authors' code differs: the prior is the mean of each parameter's squares, without the
    half; the noise, of deviation sqrt(2 alpha), enters the loss as noise * weight / N, and so Adam or
    momentum 0.5, which stand in place of Algorithm 1's step, scale it again; one discriminator faces
    the generators of all chains. The paper's semi-supervised classifier is not here, nor are batch
    statistics, with which a likelihood would be no function of the weights.

    At first Adam brings the chains to where the game is played; then they sample. `samples` of the
    generators, [S, M, J_g, ...], are the last S thinned ones (the first weights until there are any):
    `sample` draws as many examples of each. `evaluate` gives the mean `logit` of the present
    discriminators.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        num_examples: N, examples that the posterior is given: the size of the training set. Fewer make
            it wider.
        num_generators: J_g.
        num_discriminators: J_d.
        num_chains: M.
        prior_std: s of the weights' prior.
        step_size: eta of SGHMC, for u.
        friction: alpha; 1 - alpha is the momentum.
        warmup_rounds, warmup_rate, warmup_moment: of Adam, before SGHMC begins.
        num_samples: S.
        thinning: rounds from one kept sample to the next.
        latent_dim: numbers in z.
        prior: of z, `normal` or `uniform` in [-1, 1].
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for a number below 1, an unknown name, or DCGAN for what is no image.
    """
    check_at_least(
        1,
        num_examples=num_examples,
        num_generators=num_generators,
        num_discriminators=num_discriminators,
        num_chains=num_chains,
        num_samples=num_samples,
        thinning=thinning,
    )
    adversary = non_saturating()
    noise = named_noise(prior, latent_dim)
    inward, outward = network_range(spec)
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    generator, discriminator = generator_and_discriminator(
        spec, latent_dim, generator_norm="none", discriminator_norm="none", **look
    )
    of_generators = (num_chains, num_generators)
    of_discriminators = (num_chains, num_discriminators)

    def make(variables, z):
        return generator.apply(variables, z, train=True)[0]

    def judge(variables, x):
        return discriminator.apply(variables, x, train=True)[0]["logit"]

    def fakes(key, variables, num):
        z = noise.sample(key, math.prod(of_generators) * num)
        z = z.reshape(*of_generators, num, latent_dim)
        own = {"params": variables["generators"]["params"]}
        return jax.vmap(jax.vmap(make))(own, z)

    def logits(variables, x):
        """Of x [M, J, B, ...] by each discriminator of its chain: [M, J_d, J, B]."""
        by_all = jax.vmap(jax.vmap(judge, (None, 0)), (0, None))
        return jax.vmap(by_all)(variables["discriminators"], x)

    def on_data(variables, x):
        """Of x [B, ...] by every discriminator: [M, J_d, B]."""
        return jax.vmap(jax.vmap(judge, (0, None)), (0, None))(variables["discriminators"], x)

    def minus_log_prior(params):
        """Less what is constant, over N; the sum over networks."""
        squares = sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(params))
        return squares / (2 * prior_std**2 * num_examples)

    def discriminate(key, variables, batch):
        x = inward(batch[spec.entry])
        real, fake = on_data(variables, x), logits(variables, fakes(key, variables, len(x)))
        losses = adversary.discriminator(real[:, :, None], fake)
        # The sum over networks of their own means: each has the gradient of its own.
        loss = losses.mean() * math.prod(of_discriminators)
        loss += minus_log_prior(variables["discriminators"]["params"])
        return loss, Aux(logit_metrics(real, fake))

    def generate(key, variables, batch):
        num = len(batch[spec.entry])
        fake = logits(variables, fakes(key, variables, num))
        loss = adversary.generator(fake, fake).mean() * math.prod(of_generators)
        loss += minus_log_prior(variables["generators"]["params"])
        own = variables["generators"]
        kept, rounds = own["samples"], own["clock"]["rounds"]
        slot = (rounds // thinning) % num_samples
        kept = jax.tree.map(lambda old, new: old.at[slot].set(new), kept, own["params"])
        return loss, Aux({}, {"generators": {"samples": kept, "clock": {"rounds": rounds + 1}}})

    def sample(key, variables, num, condition=None):
        del condition
        key_latents, key_order = jax.random.split(key)
        flat = lambda leaf: leaf.reshape(-1, *leaf.shape[3:])
        networks = jax.tree.map(flat, variables["generators"]["samples"])
        total = num_samples * math.prod(of_generators)
        each = -(-num // total)
        z = noise.sample(key_latents, total * each).reshape(total, each, latent_dim)
        x = jax.lax.map(lambda given: make({"params": given[0]}, given[1]), (networks, z))
        x = jax.random.permutation(key_order, x.reshape(-1, *spec.shape))[:num]
        return outward(x)

    def evaluate(key, variables, batch):
        return {"logit": on_data(variables, inward(batch[spec.entry])).mean((0, 1))}

    def several(start, shape):
        many = jax.vmap(jax.vmap(start))
        return lambda key, batch: {"params": many(jax.random.split(key, shape))["params"]}

    def start_generators(key, batch):
        own = several(generator.start, of_generators)(key, batch)
        kept = jax.tree.map(lambda leaf: jnp.repeat(leaf[None], num_samples, 0), own["params"])
        return {**own, "samples": kept, "clock": {"rounds": jnp.zeros((), jnp.int32)}}

    temperature = 1 / (num_examples * num_generators * num_discriminators)
    optimizer = sghmc(step_size, friction, temperature)
    if warmup_rounds:
        optimizer = after(warmup_rounds, optax.adam(warmup_rate, warmup_moment), optimizer)
    return game(
        {
            "generators": start_generators,
            "discriminators": several(discriminator.start, of_discriminators),
        },
        [
            Player(("discriminators",), discriminate, optimizer),
            Player(("generators",), generate, optimizer),
        ],
        sample=sample,
        evaluate=evaluate,
    )
