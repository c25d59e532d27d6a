"""ProGAN's networks: each level starts as the one before, and ends without its image layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import ProgressiveDiscriminator, ProgressiveGenerator, double, halve, lerp
from genjax.nets.progressive import level_width

KEY = jax.random.key(0)
Z = jax.random.normal(jax.random.key(1), (4, 6))


def grown(old, new):
    return {**new, **{name: old[name] for name in new if name in old}}


@pytest.fixture(scope="module")
def levels():
    """(module, params) of levels 0 to 2 for both networks, each with the layers of the one before."""
    found = {"generator": [], "discriminator": []}
    for level in range(3):
        x = jnp.zeros((4, 4 * 2**level, 4 * 2**level, 2))
        modules = {
            "generator": (ProgressiveGenerator(level, (4, 4), 2, 8), Z),
            "discriminator": (ProgressiveDiscriminator(level, (4, 4), 8), x),
        }
        for name, (module, given) in modules.items():
            start = lambda key, module=module, given=given: module.init(
                key, given, 1.0, train=False
            )
            params = jax.jit(start)(jax.random.fold_in(KEY, level))["params"]
            old = found[name][-1][1] if level else {}
            found[name].append((module, grown(old, params)))
    return found


@pytest.mark.parametrize("level", [1, 2])
def test_at_alpha_0_a_level_is_the_one_before(levels, level):
    """G(z) = double(old G(z)), D(x) = old D(halve(x)), exactly; and no longer at alpha .1."""
    run = lambda of, x, alpha: of[0].apply({"params": of[1]}, x, alpha, train=False)
    old, new = levels["generator"][level - 1 : level + 1]
    expected = double(run(old, Z, 1.0))
    np.testing.assert_allclose(run(new, Z, 0.0), expected, atol=1e-5)
    assert np.abs(run(new, Z, 0.1) - expected).max() > 1e-3
    old, new = levels["discriminator"][level - 1 : level + 1]
    x = jax.random.normal(KEY, (4, 4 * 2**level, 4 * 2**level, 2))
    expected = run(old, halve(x), 1.0)["logit"]
    np.testing.assert_allclose(run(new, x, 0.0)["logit"], expected, atol=1e-5)
    assert np.abs(run(new, x, 0.1)["logit"] - expected).max() > 1e-3


def test_at_alpha_1_the_old_image_layers_are_out(levels):
    """Their gradient is 0, all others' is not; at alpha 0 it is the newest layers' that is 0."""
    x = jax.random.normal(KEY, (4, 8, 8, 2))
    for name, given, image in (("generator", Z, "to_image"), ("discriminator", x, "from_image")):
        module, params = levels[name][1]

        def total(params, alpha, module=module, given=given):
            out = module.apply({"params": params}, given, alpha, train=True)
            return jnp.sin(out if module.__class__ is ProgressiveGenerator else out["logit"]).sum()

        gradient = jax.jit(jax.grad(total))
        for alpha, silent in ((1.0, {f"{image}_0"}), (0.0, {f"{image}_1"})):
            sizes = {
                layer: float(np.abs(leaves["kernel"]).max())
                for layer, leaves in gradient(params, alpha).items()
            }
            new = {layer for layer in sizes if layer in ("up_1", "conv_1", "down_1")}
            assert {layer for layer, size in sizes.items() if size == 0} == (
                silent if alpha else silent | new
            )


def test_widths_and_lerp():
    """The paper's 512 up to 32x32, then 256, 128, 64, 32, 16 at 1024x1024 (table 2)."""
    assert [level_width(512, level) for level in range(9)] == [512] * 4 + [256, 128, 64, 32, 16]
    assert lerp(jnp.array(2.0), jnp.array(4.0), 0.25) == 2.5
