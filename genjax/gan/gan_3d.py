"""3D-GAN of Wu et al., 2016: DCGAN in three dimensions, and a gate on its discriminator.

A generator of volumetric convolutions makes grids of occupancy of noise z, uniform in [0, 1]; the game
is GAN's (arXiv:1610.07584, equation 1):

    D maximises  E_x[log D(x)] + E_z[log(1 - D(G(z)))],  G here  E_z[log D(G(z))]

In three dimensions D learns faster than G, so a turn of D is kept only if its accuracy on that turn's
minibatch, the mean of real and fake, is at most 80% (section 3.1).
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from genjax.core import Model, Spec
from genjax.gan.two_players import two_players
from genjax.losses import non_saturating
from genjax.nets import (
    MlpDiscriminator,
    MlpGenerator,
    Network,
    VoxelDiscriminator,
    VoxelGenerator,
    network,
    uniform_noise,
)

_PAPERS_SIDE = 64
_SMALL_WIDTH = 16  # of grids below 32 voxels a side


def gan_3d(
    spec: Spec,
    *,
    latent_dim: int = 200,
    most_accuracy: float | None = 0.8,
    architecture: str | None = None,
    hidden: tuple[int, ...] = (256, 256),
    width: int | None = None,
    learning_rate: float = 2.5e-3,
    discriminator_learning_rate: float = 1e-5,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """3D-GAN (Wu, Zhang, Xue, Freeman & Tenenbaum, 2016, arXiv:1610.07584).

    The paper writes the minimax value for both; G plays the non-saturating form here. The gate looks at
    the minibatch of the turn itself, before its update; `kept` among the metrics is how often it opens.
    A sample is an occupancy in [0, 1]: above a threshold of 0.5 a voxel is full. `shape_features` has
    what the paper classifies shapes by. The MLPs are not the paper's; their
    generator has batch norm, too.

    Args:
        spec: of voxels in [0, 1].
        latent_dim: numbers in z, uniform in [0, 1] as the published networks expect them.
        most_accuracy: of D, up to which it is updated; none for no gate.
        architecture: `conv`, the paper's, or `mlp` for tiny grids. None: `conv` from 12 voxels a side.
        hidden: widths of the MLPs' hidden layers.
        width: channels of the convolutions' first map; None: 64 from 32 voxels a side on (the paper's),
            16 below.
        learning_rate, discriminator_learning_rate, first_moment: of the Adams.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for what is no voxels, an unknown architecture, or an accuracy beyond [0, 1].
    """
    if most_accuracy is not None and not 0 <= most_accuracy <= 1:
        raise ValueError(f"most_accuracy must be between 0 and 1, or none, got {most_accuracy}")
    generator, discriminator = _networks(spec, latent_dim, architecture, hidden, width, precision)
    return two_players(
        spec,
        generator,
        discriminator,
        uniform_noise(latent_dim, 0.0, 1.0),
        adversary=non_saturating(),
        generator_optimizer=optax.adam(learning_rate, first_moment),
        discriminator_optimizer=optax.adam(discriminator_learning_rate, first_moment),
        discriminator_gate=accuracy_gate(most_accuracy),
        ema_decay=ema_decay,
    )


def accuracy_gate(most: float | None):
    """The gate that keeps a turn whose `accuracy` was at most `most`; None for no gate."""
    if most is None:
        return None
    return lambda variables, metrics: metrics["accuracy"] <= most


def _networks(spec, latent_dim, architecture, hidden, width, precision) -> tuple[Network, Network]:
    if spec.entry != "voxels":
        raise ValueError(f"gan_3d needs voxels, and these examples are of shape {spec.shape}")
    side = min(spec.shape[:3])
    if architecture is None:
        architecture = "conv" if side >= 12 else "mlp"
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    if architecture == "mlp":
        generator = MlpGenerator(tuple(spec.shape), hidden, dtype=dtype, batch_norm=True)
        discriminator = MlpDiscriminator(hidden, dtype=dtype)
    elif architecture == "conv":
        width = width or (_PAPERS_SIDE if side >= _PAPERS_SIDE // 2 else _SMALL_WIDTH)
        generator = VoxelGenerator(tuple(spec.shape), width, dtype)
        discriminator = VoxelDiscriminator(width, dtype)
    else:
        raise ValueError(f"architecture must be conv or mlp, got {architecture!r}")
    z, x = jnp.zeros((1, latent_dim)), jnp.zeros((1, *spec.shape))
    return network(generator, z), network(discriminator, x)


def shape_features(variables: Any, voxels: jax.Array) -> jax.Array:
    """What the paper gives a linear classifier of shapes: D's maps, max-pooled, side by side.

    Args:
        variables: of the whole model, with convolutions.
        voxels: [B, D, H, W, 1] in [0, 1].

    Returns:
        [B, F]; F is 7168 of the paper's network.

    Raises:
        ValueError: if the discriminator has no convolutions.

    Reference: Wu et al., 2016, arXiv:1610.07584, section 4.2.
    """
    own = variables["discriminator"]
    if "Conv_0" not in own["params"]:
        raise ValueError("shape features are of convolutions, and this model has none")
    width = own["params"]["Conv_0"]["kernel"].shape[-1]
    heads = VoxelDiscriminator(width).apply(own, 2 * voxels - 1, train=False)
    return heads["shape_features"]
