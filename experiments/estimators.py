"""Estimates of a trained model's log-likelihood, by name.

What a model says of its latents is enough for each. `importance` is the model's own `log_prob`.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags

from experiments import runs
from genjax import metrics
from genjax.core import Latents, Model
from genjax.metrics.reciprocal import MAX_LATENTS

IMPORTANCE = "importance"
EXACT = "exact"  # a model's own log_prob that draws nothing
ESTIMATORS = (IMPORTANCE, "ais", "quadrature", "reciprocal")
_RECIPROCAL = {"chains": 40, "burn_in": 100, "leapfrog": 4}
_QUADRATURE_LIMIT = 8.0


class Estimator(NamedTuple):
    """How a log-likelihood is estimated.

    Attributes:
        name: one of `ESTIMATORS`.
        settings: for the protocol.
        figures: `(key, variables, batch) -> {name: [B]}`, `log_likelihood` among them, nats.
    """

    name: str
    settings: dict[str, Any]
    figures: Callable[..., dict[str, jax.Array]]


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_enum(
        "estimator",
        IMPORTANCE,
        ESTIMATORS,
        "Of log p(x). importance: the model's own, draws of its encoder, a lower bound. ais: annealed "
        "importance sampling, a lower bound without the encoder; on examples drawn from the model also "
        "an upper bound. quadrature: exact, on a grid, for 1 or 2 latents. reciprocal: Kingma and "
        f"Welling's, for at most {MAX_LATENTS} latents, biased upwards. Those other than importance "
        "write results_ESTIMATOR.json.",
    )

    def whole(name, default, meaning, least=1):
        flags.DEFINE_integer(name, default, meaning, lower_bound=least)

    whole("importance_samples", None, "Draws from the encoder; the run's own number if not given.")
    whole(
        "ais_steps",
        500,
        "Temperatures. An example costs about 3 (ais_chains + 4) ais_steps (ais_leapfrog + 2) passes "
        "through the decoder and back: about 2 million by default, so give --examples where there are "
        "many or they are large.",
    )
    whole("ais_chains", 16, "Chains for each example, in memory at once.")
    whole("ais_leapfrog", 10, "Leapfrog steps of a Hamiltonian transition.")
    whole("quadrature_points", 201, "Of the grid, on each axis, from -8 to 8.", least=2)
    whole("reciprocal_samples", 1000, "Draws of the posterior that are averaged; 50 in the paper.")


def from_flags(run: runs.Run) -> Estimator | None:
    """The estimator that the flags ask for; None where none was asked for and the model has none.

    Raises:
        ValueError: if the model lacks what it needs, or a flag is given that another one reads.
    """
    name = flags.FLAGS.estimator
    others = [other for other in ESTIMATORS if other != name]
    for flag in flags.FLAGS:
        prefix = flag.partition("_")[0]
        if prefix in others and "_" in flag and flags.FLAGS[flag].present:
            raise ValueError(f"--{flag} is of --estimator={prefix}, not of {name}: leave it out")
    make = {IMPORTANCE: own, "ais": ais, "quadrature": quadrature, "reciprocal": reciprocal}[name]
    estimator = make(run)
    if estimator is None and flags.FLAGS["estimator"].present:
        raise ValueError(f"--estimator={name} needs a log-likelihood, and {run.name} has none")
    return estimator


def own(run: runs.Run) -> Estimator | None:
    """The model's `log_prob`; None where it has none."""
    model, entry = run.model, run.spec.entry
    if model.log_prob is None:
        return None

    def figures(key, variables, batch):
        given = _condition(model, batch)
        return {"log_likelihood": model.log_prob(key, variables, batch[entry], *given)}

    samples = run.hyper_parameters.get("importance_samples")
    settings = {} if samples is None else {"samples": samples}
    return Estimator(IMPORTANCE if settings else EXACT, settings, figures)


def ais(run: runs.Run) -> Estimator:
    """Annealed importance sampling; on examples drawn from the model, from both sides.

    Figures `simulated_lower`, `simulated_upper` and `simulated_gap` are of as many drawn examples as
    there are in the batch (with its conditions): the z that made one is an exact draw of its posterior,
    from which a chain back to the prior gives an upper bound. They say how far off the estimate is.
    """
    latents, model, entry = _densities(run, "ais"), run.model, run.spec.entry
    steps, chains = flags.FLAGS.ais_steps, flags.FLAGS.ais_chains
    path = {"num_steps": steps, "num_leapfrog": flags.FLAGS.ais_leapfrog}

    def figures(key, variables, batch):
        key_z, key_x, key_lower, key_upper = jax.random.split(key, 4)
        x, given = batch[entry], _condition(model, batch)
        num = len(x)
        drawn, of_drawn = x[:0], given
        if latents.draw is not None:
            z = latents.prior(key_z, variables, num, *given)
            drawn = latents.draw(key_x, variables, z, *given)
            of_drawn = tuple(jnp.concatenate([each, each]) for each in given)
        both = _joint(latents, variables, jnp.concatenate([x, drawn]), of_drawn)
        bounds = metrics.ais_log_likelihood(key_lower, both, num_chains=chains, **path)
        if latents.draw is None:
            return {"log_likelihood": bounds}
        joint = _joint(latents, variables, drawn, given)
        starts = jnp.broadcast_to(z[None], (chains, *z.shape))
        upper = metrics.reverse_ais_log_likelihood(key_upper, joint, starts, **path)
        return {
            "log_likelihood": bounds[:num],
            "simulated_lower": bounds[num:],
            "simulated_upper": upper,
            "simulated_gap": upper - bounds[num:],
        }

    schedule = {"schedule": "sigmoid, delta 4", "step_sizes": "pilot run, then frozen"}
    settings = {"steps": steps, "chains": chains, "leapfrog": flags.FLAGS.ais_leapfrog, **schedule}
    return Estimator("ais", settings, figures)


def quadrature(run: runs.Run) -> Estimator:
    """Quadrature on a grid; `prior_mass` says what share of the prior it reaches, which is to be 1."""
    latents, model, entry = _densities(run, "quadrature"), run.model, run.spec.entry
    dim, points = int(np.prod(latents.shape)), flags.FLAGS.quadrature_points
    if dim > 2:
        raise ValueError(f"--estimator=quadrature is for 1 or 2 latents, and {run.name} has {dim}")

    def of_some(variables, x, given):
        """x [B, ...] of one condition: the decoder sees the grid once, not once for each x."""
        many = lambda values, num: jnp.broadcast_to(values, (num, *values.shape[1:]))
        shaped = lambda z: z.reshape(len(z), *latents.shape)

        def log_prior(z):
            return latents.log_prior(variables, shaped(z), *(many(g, len(z)) for g in given))

        def log_likelihood(z, x):
            of_grid = [many(g, len(z)) for g in given]
            one = lambda x: latents.log_likelihood(
                variables, shaped(z), many(x[None], len(z)), *of_grid
            )
            return jax.vmap(one, out_axes=1)(x)

        integral = functools.partial(
            metrics.quadrature_log_likelihood,
            latent_dim=dim,
            log_prior=log_prior,
            num_points=points,
            limit=_QUADRATURE_LIMIT,
        )
        mass = integral(lambda z, x: jnp.zeros((len(z), 1)), x[:1])
        return integral(log_likelihood, x), jnp.broadcast_to(jnp.exp(mass), x.shape[:1])

    def figures(key, variables, batch):
        x, given = batch[entry], _condition(model, batch)
        if given:  # each example has a prior and a decoder of its own
            one = lambda each: of_some(variables, each[0], each[1:])
            values = jax.lax.map(one, tuple(values[:, None] for values in (x, *given)))
            log_likelihood, mass = (each[:, 0] for each in values)
        else:
            log_likelihood, mass = of_some(variables, x, ())
        return {"log_likelihood": log_likelihood, "prior_mass": mass}

    return Estimator("quadrature", {"points": points, "limit": _QUADRATURE_LIMIT}, figures)


def reciprocal(run: runs.Run) -> Estimator:
    """Kingma and Welling's own; chains start from draws of the encoder."""
    latents, model, entry = _densities(run, "reciprocal"), run.model, run.spec.entry
    if len(latents.shape) != 1 or latents.shape[0] > MAX_LATENTS:
        raise ValueError(
            f"--estimator=reciprocal is for at most {MAX_LATENTS} latents, and {run.name} has "
            f"{int(np.prod(latents.shape))}"
        )
    if latents.posterior is None:
        raise ValueError(f"--estimator=reciprocal needs an encoder, and {run.name} has none")
    samples = flags.FLAGS.reciprocal_samples

    def figures(key, variables, batch):
        key_start, key_chains = jax.random.split(key)
        x, given = batch[entry], _condition(model, batch)
        start = jax.vmap(lambda key: latents.posterior(key, variables, x, *given)[0])
        value = metrics.reciprocal_log_likelihood(
            key_chains,
            _joint(latents, variables, x, given),
            start(jax.random.split(key_start, _RECIPROCAL["chains"])),
            num_samples=samples,
            burn_in=_RECIPROCAL["burn_in"],
            num_leapfrog=_RECIPROCAL["leapfrog"],
        )
        return {"log_likelihood": value}

    settings = {"samples": samples, **_RECIPROCAL, "density": "Gaussian, full covariance"}
    return Estimator("reciprocal", settings, figures)


def _joint(latents: Latents, variables, x, given) -> metrics.Joint:
    return metrics.Joint(
        lambda key: latents.prior(key, variables, len(x), *given),
        lambda z: latents.log_prior(variables, z, *given),
        lambda z: latents.log_likelihood(variables, z, x, *given),
    )


def _densities(run: runs.Run, name: str) -> Latents:
    latents = run.model.latents
    if latents is None or latents.log_prior is None or latents.log_likelihood is None:
        raise ValueError(
            f"--estimator={name} needs densities of latents and of examples given latents, and "
            f"{run.name} has none"
        )
    return latents


def _condition(model: Model, batch) -> tuple[jax.Array, ...]:
    return () if model.condition is None else (batch[model.condition],)
