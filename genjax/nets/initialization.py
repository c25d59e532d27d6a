"""How weights start."""

import flax.linen as nn


def normal_or_default(std: float | None) -> dict[str, nn.initializers.Initializer]:
    """`kernel_init` and `bias_init` of a layer: N(0, std^2) for both, or {} (linen's own) for None."""
    if std is None:
        return {}
    start = nn.initializers.normal(std)
    return {"kernel_init": start, "bias_init": start}
