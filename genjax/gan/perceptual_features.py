"""The features by which SRGAN compares images: a given function, VGG19's, or some that it learns."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux
from genjax.nets import VggFeatures, imagenet_range, load_vgg19

_VGG_SCALE = 1 / 12.75  # SRGAN, section 3.2: so that distances are of the size of squared errors
_BLOCKS = ((32, 32), (64, 64))


class Features(NamedTuple):
    """phi, as a game has it.

    Attributes:
        see: `(variables, images) -> [B, ...]`, for images [B, H, W, C] in [0, 1].
        networks: how its network `features` starts, for `game`; empty for a function.
        loss: `(key, variables, images) -> (loss, Aux)`, what it learns by; None where it is given.
    """

    see: Callable[..., jax.Array]
    networks: Mapping[str, Callable[..., Any]]
    loss: Callable[..., tuple[jax.Array, Aux]] | None = None


class TurnFeatures(nn.Module):
    """Features, and from their means the logits of the four quarter turns of a square image."""

    def setup(self):
        self.features = VggFeatures(_BLOCKS)
        self.head = nn.Dense(4)

    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, S, S, 3] -> logits [B, 4]."""
        return self.head(self.features(x).mean((1, 2)))

    def see(self, x: jax.Array) -> jax.Array:
        """[B, H, W, 3] -> features [B, h, w, F]."""
        return self.features(x)


def find_features(vgg: str | None, function: Callable[[jax.Array], jax.Array] | None) -> Features:
    """The function, or VGG19's phi_{5,4} from a file, or a small network that learns quarter turns.

    Args:
        vgg: path of its weights, or None.
        function: images in [0, 1] -> [B, ...], or None.
    """
    if function is not None:
        return Features(lambda variables, images: function(images), {})
    if vgg is not None:
        given, loaded = VggFeatures(), load_vgg19(vgg)
        see = lambda variables, x: (
            _VGG_SCALE * given.apply(variables["features"], imagenet_range(x))
        )
        return Features(see, {"features": lambda key, batch: loaded})
    learned = TurnFeatures()
    see = lambda variables, x: learned.apply(variables["features"], imagenet_range(x), method="see")
    start = lambda key, batch: learned.init(key, jnp.zeros((1, 8, 8, 3)))
    return Features(see, {"features": start}, turns_loss)


def turns_loss(key: jax.Array, variables, images: jax.Array) -> tuple[jax.Array, Aux]:
    """Cross-entropy of `features` telling by which quarter turn each image was turned, at random.

    Args:
        key: typed key.
        variables: of the game.
        images: [B, H, W, 1 or 3] in [0, 1]; of what is no square, the upper left corner is turned.

    Reference: Gidaris, Singh and Komodakis, 2018, arXiv:1803.07728, equation 2.
    """
    side = min(images.shape[1:3])
    x = imagenet_range(images[:, :side, :side])
    turns = jax.random.randint(key, (len(x),), 0, 4)
    all_turns = jnp.stack([jnp.rot90(x, k, (1, 2)) for k in range(4)])
    logits = TurnFeatures().apply(variables["features"], all_turns[turns, jnp.arange(len(x))])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, turns)
    return losses.mean(), Aux({"accuracy": (logits.argmax(-1) == turns).mean()})
