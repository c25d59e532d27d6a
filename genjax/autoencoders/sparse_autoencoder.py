"""Sparse autoencoders: a code may be wide, but few of its numbers are to be on at a time.

    loss = |x - decoder(z)|^2 + beta Omega(z),  z = encoder(x),

Omega = sum_j KL(rho || mean of z_j over the batch), of sigmoid units (Ng, 2011, CS294A lecture notes);
or sum_j |z_j|; or none, and all but the k largest numbers of z are set to 0 (Makhzani and Frey, 2013,
arXiv:1312.5663).
"""

import jax.numpy as jnp
import optax

from genjax.autoencoders.code_model import code_model
from genjax.autoencoders.dense import dense_autoencoder
from genjax.core import Model, Spec, check_name
from genjax.losses import sparsity_kl, top_k

_CODES = {"kl": "sigmoid", "l1": "relu", "top_k": "linear"}


def sparse_autoencoder(
    spec: Spec,
    *,
    penalty: str = "kl",
    sparsity_weight: float = 3.0,
    rate: float = 0.05,
    num_active: int = 10,
    code_dim: int = 100,
    hidden: tuple[int, ...] = (),
    activation: str = "relu",
    output: str | None = None,
    tied: bool = False,
    weight_decay: float = 1e-4,
    learning_rate: float = 1e-3,
    precision: str = "float32",
) -> Model:
    """Sparse autoencoder (Ng, 2011, CS294A lecture notes; Makhzani & Frey, 2013, arXiv:1312.5663).

    The notes take half the squared error, and a mean over the whole set for a unit's activation; here
    the error is whole and the mean is that of a minibatch, so take large ones. `evaluate` gives
    `active`, the share of the code above one half (`kl`) or other than 0, and does not count the
    penalty `kl`, which is of a minibatch and of no single example.

    Args:
        spec: of vectors, or images in [0, 1].
        penalty: `kl` (of sigmoid units), `l1` (of ReLU units), or `top_k` (linear units, a hard limit).
        sparsity_weight: beta; not of `top_k`.
        rate: rho, the mean activation that `kl` wants.
        num_active: k, of `top_k`.
        code_dim: numbers in a code; it may be wider than the input.
        hidden, activation, output, tied, precision: as in `autoencoder`.
        weight_decay: lambda of a penalty lambda/2 |params|^2 in the loss.
        learning_rate: of Adam.

    Raises:
        ValueError: for a name that is none, a rate outside (0, 1), more active numbers than the code
            has, or what `autoencoder` refuses.
    """
    check_name("penalty", penalty, _CODES)
    if not 0.0 < rate < 1.0:
        raise ValueError(f"rate must be above 0 and below 1, got {rate}")
    if penalty == "top_k" and not 1 <= num_active <= code_dim:
        raise ValueError(f"num_active must be from 1 to code_dim {code_dim}, got {num_active}")
    if sparsity_weight < 0 or weight_decay < 0:
        raise ValueError(
            f"sparsity_weight and weight_decay must be at least 0, got {sparsity_weight} and "
            f"{weight_decay}"
        )
    parts = dense_autoencoder(
        spec,
        code_dim,
        hidden=hidden,
        activation=activation,
        code_activation=_CODES[penalty],
        output=output,
        tied=tied,
        precision=precision,
    )

    def encode(variables, x):
        z = parts.encode(variables, x)
        return top_k(z, num_active) if penalty == "top_k" else z

    def terms(key, variables, x):
        z = encode(variables, x)
        active = z > 0.5 if penalty == "kl" else z != 0.0
        loss = parts.squared_error(variables, z, x)
        if penalty == "l1":
            loss += sparsity_weight * jnp.abs(z).sum(axis=1)
        return loss, {
            "active": active.mean(axis=1, dtype=jnp.float32),
            "activation": z.mean(axis=1),
        }

    def of_batch(variables, x):
        """What is of the minibatch as a whole, or of the params."""
        params = {name: variables[name]["params"] for name in parts.networks}
        term = 0.5 * weight_decay * optax.tree.norm(params, squared=True)
        if penalty == "kl":
            term += sparsity_weight * sparsity_kl(encode(variables, x), rate)
        return term

    return code_model(
        spec,
        parts._replace(encode=encode),
        terms,
        optax.adam(learning_rate),
        of_batch=of_batch,
    )
