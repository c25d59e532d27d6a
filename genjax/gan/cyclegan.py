"""CycleGAN of Zhu, Park, Isola and Efros, 2017: two domains without pairs, there and back again.

G maps a to the domain of b, F maps b to that of a, and least-squares critics f_b, f_a judge patches:

    generators:      (f_b(G(a)) - 1)^2 + (f_a(F(b)) - 1)^2
                       + lambda (|F(G(a)) - a| + |G(F(b)) - b|)
                       + lambda_identity lambda (|G(b) - b| + |F(a) - a|)
    discriminators:  1/2 ((f_b(b) - 1)^2 + f_b(pool of G(a))^2) + the same of f_a

means over patches and pixels (arXiv:1703.10593, equations 1 to 3 and 7; images in [-1, 1]).
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, check_at_least, game
from genjax.gan.domains import find_domains, width_for
from genjax.gan.replay import from_pool, new_pool
from genjax.losses import least_squares
from genjax.nets import PatchDiscriminator, TranslationResNet, network, num_patch_layers

_THERE, _BACK = ("generator", "discriminator"), ("generator_back", "discriminator_back")


def cyclegan(
    spec: Spec,
    *,
    cycle_weight: float = 10.0,
    identity_weight: float = 0.0,
    adversarial_weight: float = 1.0,
    pool_size: int = 50,
    num_rounds: int | None = None,
    num_blocks: int | None = None,
    num_halvings: int | None = None,
    patch_layers: int | None = None,
    norm: str = "instance",
    width: int | None = None,
    learning_rate: float = 2e-4,
    precision: str = "float32",
) -> Model:
    """CycleGAN (Zhu, Park, Isola & Efros, 2017, arXiv:1703.10593).

    Two players, as in the authors' code: both generators have one Adam, both discriminators another;
    the generators play first. No term compares an image with the one in its row, so that of paired data
    (`target`) the pairs are not used. `translate` is G, `translate_back` is F. `evaluate` gives
    `cycle_l1` and `cycle_back_l1`, mean |F(G(a)) - a| and |G(F(b)) - b| of images in [0, 1], and `l1`,
    mean |G(a) - b|, where the data tells which b belongs to a.

    A small cycle error is no proof: a pair of maps that exchange things consistently has one too.

    Args:
        spec: of images with `unpaired` images of another domain, or with `target`, of the same size.
        cycle_weight: lambda, of means over pixels and channels.
        identity_weight: lambda_identity, times lambda; needs as many channels in both domains. The
            paper has it for paintings alone; the authors' PyTorch code has 0.5 everywhere.
        adversarial_weight: of the generators' first two terms (0: the paper's table 4, cycle alone).
        pool_size: how many past translations the discriminators are shown, in each direction; 0 for
            none.
        num_rounds: of the whole training, over whose second half the rates fall to 0; None: they stay.
        num_blocks: of the generators. None: the paper's 9 from 256x256 on, 6 from 64x64 on, 3 below.
        num_halvings: of the generators. None: the paper's 2 from 64x64 on, 1 below.
        patch_layers: of the discriminators, 0 to 6. None: the paper's 3 from 64x64 on, fewer below.
        norm: of all networks: `instance` (the paper's), `minibatch` or `none`.
        width: channels of all first layers; None: the paper's 64 from 128x128 on, 32, 16.
        learning_rate: of both Adams, whose first moment is 0.5.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for data of one domain, or what does not fit.
    """
    domain = find_domains("cyclegan", spec, paired=False)
    channels = spec.shape[-1], domain.shape[-1]
    if identity_weight and channels[0] != channels[1]:
        raise ValueError(
            f"identity_weight needs domains of as many channels, got {channels[0]} and {channels[1]}"
        )
    check_at_least(0, pool_size=pool_size)
    check_at_least(2, num_rounds=num_rounds)
    if norm == "batch":  # the players would have to share its running statistics
        raise ValueError("norm must be one of instance, minibatch, none, got 'batch'")
    side = min(spec.shape[:2])
    width = width_for(spec) if width is None else width
    blocks = (9 if side >= 256 else 6 if side >= 64 else 3) if num_blocks is None else num_blocks
    halvings = (2 if side >= 64 else 1) if num_halvings is None else num_halvings
    layers = num_patch_layers(side) if patch_layers is None else patch_layers
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    starts = jnp.zeros((1, *spec.shape)), jnp.zeros((1, *domain.shape))
    networks = {}
    for names, start, end in ((_THERE, *starts), (_BACK, *starts[::-1])):
        generator = TranslationResNet(end.shape[-1], width, blocks, halvings, norm, dtype)
        networks[names[0]] = network(generator, start)
        networks[names[1]] = network(PatchDiscriminator(width, layers, norm, dtype), end)
    adversary = least_squares()

    def outputs(variables, name, x, train=True):
        return networks[name].apply(variables[name], x, train=train)[0]  # no norm has a memory

    def both(batch):
        return 2 * batch["image"] - 1, 2 * batch[domain.entry] - 1

    def generate(key, variables, batch):
        del key  # it draws nothing
        a, b = both(batch)
        metrics = {}
        for (there, judge), (back, _), x, y in ((_THERE, _BACK, a, b), (_BACK, _THERE, b, a)):
            fake = outputs(variables, there, x)
            logit = outputs(variables, judge, fake)["logit"]
            fooled = 2 * adversary.generator(logit, logit).mean()  # the paper's is not halved
            metrics[f"{there}_adversarial"] = fooled
            metrics[f"{there}_cycle"] = jnp.abs(outputs(variables, back, fake) - x).mean()
            if identity_weight:
                metrics[f"{there}_identity"] = jnp.abs(outputs(variables, there, y) - y).mean()
        weights = {"adversarial": adversarial_weight, "cycle": cycle_weight}
        weights["identity"] = identity_weight * cycle_weight
        loss = sum(weights[name.split("_")[-1]] * value for name, value in metrics.items())
        return loss, Aux(metrics)

    def discriminate(key, variables, batch):
        a, b = both(batch)
        loss, metrics, pools = 0.0, {}, {}
        for index, ((there, judge), x, y) in enumerate(((_THERE, a, b), (_BACK, b, a))):
            fake = jax.lax.stop_gradient(outputs(variables, there, x))
            if pool_size:
                pool = {n: variables["extra"][n] for n in (f"{there}_pool", f"{there}_pool_size")}
                fake, pool = from_pool(jax.random.fold_in(key, index), pool, fake, f"{there}_pool")
                pools |= pool
            on_real, on_fake = (outputs(variables, judge, image)["logit"] for image in (y, fake))
            loss += adversary.discriminator(on_real, on_fake).mean()
            metrics[f"{judge}_real_logit"] = on_real.mean()
            metrics[f"{judge}_fake_logit"] = on_fake.mean()
        return loss, Aux(metrics, {"extra": pools} if pools else {})

    def translating(name):
        return lambda key, variables, x: 0.5 * (outputs(variables, name, 2 * x - 1, False) + 1)

    translate, translate_back = translating(_THERE[0]), translating(_BACK[0])

    def evaluate(key, variables, batch):
        a, b = batch["image"], batch[domain.entry]
        there, back = translate(key, variables, a), translate_back(key, variables, b)
        l1 = lambda x, y: jnp.abs(x - y).reshape(len(x), -1).mean(1)
        values = {
            "cycle_l1": l1(translate_back(key, variables, there), a),
            "cycle_back_l1": l1(translate(key, variables, back), b),
        }
        return {**values, "l1": l1(there, b)} if domain.entry == "target" else values

    optimizer = optax.adam(_rate(learning_rate, num_rounds), b1=0.5)
    kept = {}
    if pool_size:
        for (name, _), start in ((_THERE, starts[1]), (_BACK, starts[0])):
            kept |= new_pool(pool_size, start.shape[1:], f"{name}_pool")
    return game(
        {
            **{name: each.start for name, each in networks.items()},
            **({"extra": lambda key, batch: kept} if kept else {}),
        },
        [
            Player((_THERE[0], _BACK[0]), generate, optimizer, name="generators"),
            Player((_THERE[1], _BACK[1]), discriminate, optimizer, name="discriminators"),
        ],
        translate=translate,
        translate_back=translate_back,
        evaluate=evaluate,
    )


def _rate(learning_rate, num_rounds):
    """Constant for half of the rounds, then in a straight line to 0."""
    if num_rounds is None:
        return learning_rate
    half = num_rounds // 2
    fall = optax.linear_schedule(learning_rate, 0.0, num_rounds - half)
    return optax.join_schedules([optax.constant_schedule(learning_rate), fall], [half])
