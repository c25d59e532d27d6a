"""Likelihood-free variational inference of Tran, Ranganath and Blei, 2017: a GAN that is a posterior.

A simulator draws x_n from global variables beta ~ p(beta) and local ones z_n ~ p(z|beta); its densities
are not known. q(beta) is a Gaussian of independent elements, q(z|x, beta) a network with noise, and a
discriminator r of single examples, which sees beta, learns log p(x, z|beta) - log q(x, z|beta), where
q(x) is the data (arXiv:1702.08896, section 3):

    ratio:      E_q(beta) [ E_p(x,z|beta) -log sigmoid(r) + E_q(x,z|beta) -log sigmoid(-r) ]
    posterior:  KL(q(beta) || p(beta)) - N E_q(beta) E_data E_q(z|x,beta) r(x, z, beta)
"""

import math

import jax
import jax.numpy as jnp
import optax
from jax.scipy.stats import norm

from genjax.core import Aux, Ema, Model, Player, Shared, Spec, check_at_least, game
from genjax.gan.simulators import Simulator, named_simulator
from genjax.losses import gaussian_kl_between, logit_metrics, non_saturating
from genjax.nets import MlpDiscriminator, MlpGenerator, network

_PREDICTIVE = 200  # draws of beta that a predictive density is averaged over
_TOLD = 4  # most numbers of beta whose mean and deviation are metrics


def lfvi(
    spec: Spec,
    *,
    simulator: str | Simulator = "location",
    num_examples: int | None = None,
    hidden: tuple[int, ...] = (64, 64),
    ratio_turns: int = 1,
    ratio_learning_rate: float = 1e-3,
    learning_rate: float = 1e-3,
    ema_decay: float | None = None,
) -> Model:
    """LFVI of hierarchical implicit models (Tran et al., 2017, arXiv:1702.08896), "Bayesian GAN".

    r is high where the simulator's examples are, and it judges single examples, not data sets, so that
    the sum over the N of the data is N times the mean of a minibatch: without N the posterior is that
    of one example. Each example of a minibatch has a draw of beta of its own, which leaves expectations
    as they are; the authors' code has one for all.

    `shared` tells of beta: its prior, its posterior. `sample` is the posterior predictive. `evaluate`
    gives `ratio`, r at the posterior's mean, about log p(x|beta) - log p_data(x) where there is no z,
    and `log_predictive`, nats, log E_q(beta) p(x|beta) over 200 draws, where the simulator has a
    density. Nothing here takes a gradient through the simulator, so that it may be discrete.

    Args:
        spec: of what the simulator makes.
        simulator: `location`, `random_effects` or `line`, see `genjax.gan.simulators`; or a Simulator.
        num_examples: N. None: counted by the rows of minibatches (`index`), exact after an epoch.
        hidden: widths of r and of the network of z.
        ratio_turns: minibatches that r learns from in a round.
        ratio_learning_rate, learning_rate: of the Adams of r, and of q.
        ema_decay: of the averaged q that samples; none for none.

    Raises:
        ValueError: for an unknown simulator, or data that it does not make.
    """
    check_at_least(1, num_examples=num_examples)
    model = simulator if isinstance(simulator, Simulator) else named_simulator(simulator, spec)
    dim, local_dim = len(model.names), model.local_dim
    adversary = non_saturating()
    seen = jnp.zeros((1, math.prod(spec.shape) + local_dim + dim))
    ratio = network(MlpDiscriminator(hidden), seen)
    guess = network(MlpGenerator((local_dim,), hidden, bounded=False), seen)

    def beside(*parts):
        return jnp.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)

    def log_ratio(variables, x, z, beta):
        return ratio.apply(variables["ratio"], beside(x, z, beta), train=True)[0]["logit"]

    def draw_beta(key, variables, num):
        q = variables["posterior"]["params"]
        noise = jax.random.normal(key, (num, dim))
        return q["mean"][None] + jnp.exp(q["log_std"])[None] * noise

    def simulate(key, beta):
        """x and z of each beta [B, P]."""
        key_local, key_x = jax.random.split(key)
        z = model.local(key_local, beta) if local_dim else jnp.zeros((len(beta), 0))
        return model.simulate(key_x, beta, z), z

    def infer(key, variables, x, beta):
        """A draw of q(z|x, beta)."""
        if not local_dim:
            return jnp.zeros((len(x), 0))
        noise = jax.random.normal(key, (len(x), local_dim))
        return guess.apply(variables["local"], beside(x, beta, noise), train=True)[0]

    def discriminate(key, variables, batch):
        key_beta, key_other, key_simulate, key_infer = jax.random.split(key, 4)
        x = batch[spec.entry]
        beta, other = (draw_beta(each, variables, len(x)) for each in (key_beta, key_other))
        on_model = log_ratio(variables, *simulate(key_simulate, beta), beta)
        on_data = log_ratio(variables, x, infer(key_infer, variables, x, other), other)
        loss = adversary.discriminator(on_model, on_data).mean()
        return loss, Aux(logit_metrics(on_model, on_data))

    def improve(key, variables, batch):
        key_beta, key_infer = jax.random.split(key)
        x, q = batch[spec.entry], variables["posterior"]["params"]
        beta = draw_beta(key_beta, variables, len(x))
        z = infer(key_infer, variables, x, beta)
        num = _count(num_examples, variables, batch)
        mean, log_variance = q["mean"][None], 2 * q["log_std"][None]
        prior = jnp.zeros((1, dim)), jnp.full((1, dim), 2 * math.log(model.prior_std))
        kl = gaussian_kl_between(mean, log_variance, *prior)[0]
        evidence = num * log_ratio(variables, x, z, beta).mean()
        told = {"kl": kl, "evidence": evidence, "num_examples": num}
        for place, name in enumerate(model.names[:_TOLD]):
            told |= {f"{name}_mean": q["mean"][place], f"{name}_std": jnp.exp(q["log_std"][place])}
        return kl - evidence, Aux(told, {"extra": {"num_examples": num}})

    def sample(key, variables, num, condition=None):
        del condition
        key_beta, key_x = jax.random.split(key)
        return simulate(key_x, draw_beta(key_beta, variables, num))[0]

    likelihood = None
    if model.log_likelihood is not None:
        likelihood = jax.vmap(jax.vmap(model.log_likelihood, (None, 0)), (0, None))

    def evaluate(key, variables, batch):
        key_infer, key_beta = jax.random.split(key)
        x = batch[spec.entry]
        mean = jnp.broadcast_to(variables["posterior"]["params"]["mean"][None], (len(x), dim))
        found = {"ratio": log_ratio(variables, x, infer(key_infer, variables, x, mean), mean)}
        if likelihood is not None:
            beta = draw_beta(key_beta, variables, _PREDICTIVE)
            of_draws = jax.nn.logsumexp(likelihood(beta, x), axis=0)
            found["log_predictive"] = of_draws - math.log(_PREDICTIVE)
        return found

    start = {"mean": jnp.zeros(dim), "log_std": jnp.full(dim, math.log(model.prior_std))}
    networks = {
        "posterior": lambda key, batch: {"params": start},
        "ratio": ratio.start,
        "extra": lambda key, batch: {"num_examples": jnp.zeros(())},
    }
    if local_dim:
        networks["local"] = guess.start
    learned = ("posterior", "local") if local_dim else ("posterior",)
    return game(
        networks,
        [
            Player(("ratio",), discriminate, optax.adam(ratio_learning_rate), turns=ratio_turns),
            Player(learned, improve, optax.adam(learning_rate), name="posterior"),
        ],
        ema=None if ema_decay is None else Ema(learned, ema_decay),
        sample=sample,
        evaluate=evaluate,
        shared=Shared(
            names=model.names,
            prior=lambda key, num: model.prior_std * jax.random.normal(key, (num, dim)),
            posterior=draw_beta,
            log_prior=lambda beta: norm.logpdf(beta, 0.0, model.prior_std).sum(1),
            log_likelihood=likelihood,
        ),
    )


def _count(num_examples, variables, batch):
    """N: the number given, or the largest row that any minibatch had, and one."""
    if num_examples is not None:
        return jnp.float32(num_examples)
    if "index" not in batch:
        raise ValueError(
            "lfvi counts examples by `index`, and this batch has none: set num_examples"
        )
    seen = (batch["index"].max() + 1).astype(jnp.float32)
    return jnp.maximum(variables["extra"]["num_examples"], seen)
