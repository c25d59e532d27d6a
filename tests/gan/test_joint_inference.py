"""ALI and BiGAN: both terms train both, the losses by hand, what a code is, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.gan import ali, bigan
from genjax.gan.joint_inference import squared_error
from genjax.gan.two_players import generator_functions
from genjax.nets import JointDiscriminator, MlpGenerator, TrunkEncoder, network, uniform_noise
from tests.gan.images import KEY, images, moved, softplus, watched

IMAGE = Spec((4, 4, 1), 17)
X = images((4, 4, 4, 1))
PLAIN = {"maxout_pieces": 1, "input_dropout_rate": 0.0, "dropout_rate": 0.0}
SMALL = {"latent_dim": 3, "hidden": (8, 8)}


@pytest.mark.parametrize("system", [ali, bigan])
def test_both_sides_by_what_the_networks_were_given_and_gave(system):
    """D is shown (x, z_x) and (x_z, z); E and G lose the same with the sides exchanged, both terms."""
    options = {**SMALL, **(PLAIN if system is ali else {"norm": "none"})}
    model = system(IMAGE, **options)
    state = jax.jit(model.init)(KEY, {"image": X})
    with (
        watched(TrunkEncoder) as read,
        watched(MlpGenerator) as made,
        watched(JointDiscriminator) as judged,
    ):
        after, metrics = jax.jit(model.update)(KEY, state, {"image": X[None]})
    read, made, judged = ([*calls.values()] for calls in (read, made, judged))
    for turn, player in enumerate(("discriminator", "encoder+generator")):
        (given, code), ((z,), x_z) = read[turn], made[turn]
        on_data, on_prior = judged[2 * turn : 2 * turn + 2]
        np.testing.assert_allclose(given[0], 2 * X - 1, atol=1e-6)
        np.testing.assert_array_equal(on_data[0][0], given[0])
        for shown, own in zip(on_prior[0], (x_z, z), strict=True):
            np.testing.assert_array_equal(shown, own)
        if system is bigan:
            np.testing.assert_array_equal(on_data[0][1], code)
            assert np.abs(z).max() <= 1.0
        else:  # a draw: mean + deviation eps
            eps = (on_data[0][1] - code[:, :3]) / np.exp(0.5 * code[:, 3:])
            assert 0.2 < eps.std() < 3.0 and np.abs(eps).min() > 0
        f_q, f_p = on_data[1]["logit"], on_prior[1]["logit"]
        f_q, f_p = (f_q, f_p) if player == "discriminator" else (-f_q, -f_p)
        expected = (softplus(-f_q) + softplus(f_p)).mean()
        np.testing.assert_allclose(metrics[f"{player}/loss"], expected, rtol=1e-5)
    assert moved(state.variables, after.variables) == {"encoder", "generator", "discriminator"}


def test_a_code_is_a_mean_and_the_posterior_a_draw_about_it():
    model = ali(IMAGE, **SMALL)
    variables = jax.jit(model.init)(KEY, {"image": X}).variables
    mean, log_variance = jax.jit(model.latents.moments)(variables, X)
    np.testing.assert_allclose(jax.jit(model.encode)(KEY, variables, X), mean, atol=1e-6)
    z, log_q = jax.jit(model.latents.posterior)(KEY, variables, X)
    expected = stats.norm.logpdf(z, mean, np.exp(0.5 * log_variance)).sum(1)
    np.testing.assert_allclose(log_q, expected, rtol=1e-4)
    values = jax.jit(model.evaluate)(KEY, variables, {"image": X})
    rebuilt = jax.jit(model.decode)(KEY, variables, mean)
    error = np.square(np.asarray(X) - rebuilt).mean((1, 2, 3))
    np.testing.assert_allclose(values["squared_error"], error, rtol=1e-4)
    sure = bigan(IMAGE, **SMALL).latents
    assert sure.moments is None and sure.shape == (3,)


def test_networks_are_chosen_by_the_data():
    """MLPs up to 28x28 for bigan, as in its paper; convolutions from 12x12 on for ali."""
    for system, side, convolutional in (
        (ali, 8, False),
        (ali, 16, True),
        (bigan, 28, False),
        (bigan, 32, True),
    ):
        model = system(Spec((side, side, 1), 256))
        state = jax.eval_shape(lambda model=model: model.init(KEY, {}))
        for name in ("encoder", "generator", "discriminator"):
            assert (
                any("Conv" in layer for layer in state.variables[name]["params"]) == convolutional
            )
        own = state.variables["discriminator"]["params"]
        if (system, side) == (bigan, 28):
            assert own["MlpDiscriminator_0"]["Dense_0"]["kernel"].shape == (784 + 50, 1024)


def test_decode_and_sample_of_a_generator():
    """A generator that adds nothing: tanh z in [0, 1]; a draw is decode of a draw of the prior."""
    generator = network(MlpGenerator((2,), ()), jnp.zeros((1, 2)))
    noise = uniform_noise(2)
    variables = {"generator": {"params": {"Dense_0": {"kernel": jnp.eye(2), "bias": jnp.zeros(2)}}}}
    decode, sample = generator_functions(Spec((2,), 2), generator, noise)
    z = jnp.asarray([[0.0, 0.5]])
    expected = 0.5 + 0.5 * np.tanh([[0.0, 0.5]])
    np.testing.assert_allclose(decode(KEY, variables, z), expected, rtol=1e-6)
    drawn, (_, key_latents, _) = sample(KEY, variables, 5), jax.random.split(KEY, 3)
    np.testing.assert_allclose(
        drawn, decode(KEY, variables, noise.sample(key_latents, 5)), rtol=1e-6
    )


def test_squared_error_is_a_mean_over_elements():
    x = jnp.zeros((2, 2, 1, 1))
    y = jnp.asarray([[1.0, 3.0], [0.0, 0.0]]).reshape(2, 2, 1, 1)
    np.testing.assert_allclose(squared_error(x, y), [5.0, 0.0])


@pytest.mark.parametrize("system", [ali, bigan])
@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((12,)), {"architecture": "dcgan"}, "dcgan needs images"),
        (Spec((4, 8)), {}, "takes images or vectors"),
        (IMAGE, {"norm": "layers"}, "norm must be one of batch, none, got 'layers'"),
    ],
)
def test_what_does_not_fit_is_refused(system, spec, options, message):
    with pytest.raises(ValueError, match=message):
        system(spec, **options)
