"""The networks and rounds of `benchmarks.gan` in PyTorch, as they are written there: eager and NCHW.

    python -m benchmarks.gan_torch --system=dcgan --width=64 --batch=64 --steps=2

Run so, it trains `steps` rounds in a process of its own and prints that one's peak memory in MB.

Layers, widths, losses, optimizers and turns are those of `genjax.gan`; each turn draws its own fakes,
as there, and no gradient is taken that its player does not need. 5x5 windows of stride 2 lie a pixel
further than SAME padding puts them, and SNGAN's rates do not fall; neither changes the work.
"""

import itertools
import resource
import sys

import torch
from absl import app, flags
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

# System -> ((height and width, channels), latents, turns of the discriminator).
SHAPES = {
    "dcgan": ((64, 3), 100, 1),
    "wgan_gp": ((28, 1), 128, 5),
    "pix2pix": ((64, 3), 0, 1),
    "sngan": ((32, 3), 128, 5),
}


def _dcgan_networks(size, channels, latents, width, norm):
    """`DcganGenerator` and `DcganDiscriminator`."""
    steps = 2 if size == 28 else 4
    side, first = size >> steps, width << (steps - 1)
    up = [nn.Linear(latents, first * side * side, bias=False), nn.Unflatten(1, (first, side, side))]
    for step in range(steps):
        last = step == steps - 1
        ends = first >> step, channels if last else first >> (step + 1)
        up += [nn.BatchNorm2d(ends[0]), nn.ReLU()]
        up.append(nn.ConvTranspose2d(*ends, 5, 2, 2, output_padding=1, bias=last))
    down, ends = [], (channels, width)
    for step in range(steps):
        normed = step > 0 and norm
        down.append(nn.Conv2d(*ends, 5, 2, 2, bias=not normed))
        down += [nn.BatchNorm2d(ends[1])] if normed else []
        down.append(nn.LeakyReLU(0.2))
        ends = ends[1], 2 * ends[1]
    down += [nn.Flatten(), nn.Linear(ends[0] * side * side, 1), nn.Flatten(0)]
    return nn.Sequential(*up, nn.Tanh()), nn.Sequential(*down)


class _UpBlock(nn.Module):
    """Of SNGAN's generator. The 1x1 comes before the doubling, where there is less to do."""

    def __init__(self, width):
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2))
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.shortcut = nn.Conv2d(width, width, 1)

    def forward(self, x):
        double = lambda x: functional.interpolate(x, scale_factor=2)
        y = self.convs[0](double(functional.relu(self.norms[0](x))))
        y = self.convs[1](functional.relu(self.norms[1](y)))
        return y + double(self.shortcut(x))


class _DownBlock(nn.Module):
    """Of SNGAN's discriminator."""

    def __init__(self, channels, width, first, halves):
        super().__init__()
        ends = (channels, width), (width, width)
        self.convs = nn.ModuleList(spectral_norm(nn.Conv2d(*e, 3, padding=1)) for e in ends)
        self.first, self.halves = first, halves
        changes = halves or channels != width
        self.shortcut = spectral_norm(nn.Conv2d(channels, width, 1)) if changes else nn.Identity()

    def forward(self, x):
        halve = (lambda x: functional.avg_pool2d(x, 2)) if self.halves else lambda x: x
        y = self.convs[0](x if self.first else functional.relu(x))
        y = halve(self.convs[1](functional.relu(y)))
        return y + self.shortcut(halve(x))


class _Judge(nn.Module):
    """SNGAN's discriminator."""

    def __init__(self, channels, width):
        super().__init__()
        self.blocks = nn.Sequential(
            *(_DownBlock(width if k else channels, width, k == 0, k < 2) for k in range(4))
        )
        self.linear = spectral_norm(nn.Linear(width, 1))

    def forward(self, x):
        return self.linear(functional.relu(self.blocks(x)).sum((2, 3)))[:, 0]


def _residual_networks(size, channels, latents, width):
    """`ResnetGenerator` and `ResnetDiscriminator` of 32x32."""
    side = size >> 3
    generator = nn.Sequential(
        nn.Linear(latents, width * side * side),
        nn.Unflatten(1, (width, side, side)),
        *(_UpBlock(width) for _ in range(3)),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, channels, 3, padding=1),
        nn.Tanh(),
    )
    return generator, _Judge(channels, width)


def _minibatch_norm(channels):
    return nn.BatchNorm2d(channels, track_running_stats=False)


class _UNet(nn.Module):
    """`UNet` with the norm of the minibatch."""

    def __init__(self, size, channels, width):
        super().__init__()
        levels = size.bit_length() - 1
        widths = [width * min(2**level, 8) for level in range(levels)]
        down, up = [], []
        for level in range(levels):
            normed = 0 < level < levels - 1
            ends = widths[level - 1] if level else channels, widths[level]
            layer = nn.Conv2d(*ends, 4, 2, 1, bias=not normed)
            layers = [nn.LeakyReLU(0.2)] * (level > 0) + [layer]
            down.append(nn.Sequential(*layers, *[_minibatch_norm(ends[1])] * normed))
        for level in reversed(range(levels - 1)):
            below = widths[level + 1] * (1 if level == levels - 2 else 2)
            layer = nn.ConvTranspose2d(below, widths[level], 4, 2, 1, bias=False)
            dropped = [nn.Dropout(0.5)] * (levels - 2 - level < 3)
            up.append(nn.Sequential(nn.ReLU(), layer, _minibatch_norm(widths[level]), *dropped))
        last = nn.ConvTranspose2d(2 * widths[0], channels, 4, 2, 1)
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
        self.last = nn.Sequential(nn.ReLU(), last, nn.Tanh())

    def forward(self, x):
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        skips.pop()
        for layer in self.up:
            x = torch.cat([layer(x), skips.pop()], 1)
        return self.last(x)


def _patches(channels, width):
    """`PatchDiscriminator` of three layers, of a pair side by side."""
    layers, before = [], 2 * channels
    for index, (widths, stride) in enumerate([(1, 2), (2, 2), (4, 2), (8, 1)]):
        layers.append(nn.Conv2d(before, widths * width, 4, stride, 1, bias=index == 0))
        before = widths * width
        layers += [_minibatch_norm(before)] * (index > 0) + [nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(before, 1, 4, 1, 1))


def _step(loss, parameters, adam):
    """A step along the gradient of those parameters alone."""
    for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = slope
    adam.step()


def _gradient_penalty(critic, real, fake):
    mix = torch.rand(len(real), 1, 1, 1)
    x = (real + mix * (fake - real)).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    norm = torch.sqrt(slope.square().sum((1, 2, 3)) + 1e-12)
    return (norm - 1).square().mean()


class Rounds:
    """Training of one system.

    Attributes:
        networks: generator and discriminator.
        play: `(minibatches of examples in [0, 1]) -> None`, a round; one minibatch a turn of the
            discriminator, each a dict with `image`, and for pix2pix `target`, [B, C, H, W].
    """

    def __init__(self, system: str, width: int):
        (size, channels), self.latents, _ = SHAPES[system]
        if system in ("dcgan", "wgan_gp"):
            self.networks = _dcgan_networks(size, channels, self.latents, width, system == "dcgan")
        elif system == "sngan":
            self.networks = _residual_networks(size, channels, self.latents, width)
        else:
            self.networks = _UNet(size, channels, width), _patches(channels, width)
        rate, moments = {
            "dcgan": (2e-4, (0.5, 0.999)),
            "wgan_gp": (1e-4, (0.5, 0.9)),
            "pix2pix": (2e-4, (0.5, 0.999)),
            "sngan": (2e-4, (0.0, 0.9)),
        }[system]
        self.parameters = [list(network.parameters()) for network in self.networks]
        self.adams = [torch.optim.Adam(each, rate, moments) for each in self.parameters]
        self.system = system
        self.play = self._translate if system == "pix2pix" else self._play

    def _fakes(self, num):
        generator = self.networks[0]
        if self.system == "dcgan":
            return generator(2 * torch.rand(num, self.latents) - 1)
        return generator(torch.randn(num, self.latents))

    def _play(self, batches):
        judge = self.networks[1]
        for batch in batches:
            real = 2 * batch["image"] - 1
            with torch.no_grad():
                fake = self._fakes(len(real))
            on_real, on_fake = judge(real), judge(fake)
            if self.system == "dcgan":
                loss = (functional.softplus(-on_real) + functional.softplus(on_fake)).mean()
            elif self.system == "sngan":
                loss = (functional.relu(1 - on_real) + functional.relu(1 + on_fake)).mean()
            else:
                loss = (on_fake - on_real).mean() + 10 * _gradient_penalty(judge, real, fake)
            _step(loss, self.parameters[1], self.adams[1])
        logit = judge(self._fakes(len(real) * (2 if self.system == "sngan" else 1)))
        loss = functional.softplus(-logit) if self.system == "dcgan" else -logit
        _step(loss.mean(), self.parameters[0], self.adams[0])

    def _translate(self, batches):
        generator, judge = self.networks
        a, b = (2 * batches[0][name] - 1 for name in ("image", "target"))
        with torch.no_grad():
            fake = generator(a)
        on_real, on_fake = judge(torch.cat([a, b], 1)), judge(torch.cat([a, fake], 1))
        loss = (functional.softplus(-on_real) + functional.softplus(on_fake)).mean()
        _step(loss, self.parameters[1], self.adams[1])
        fake = generator(a)
        logit = judge(torch.cat([a, fake], 1))
        loss = functional.softplus(-logit).mean() + 100 * (b - fake).abs().mean()
        _step(loss, self.parameters[0], self.adams[0])


def torch_steps(rounds: Rounds, data: dict, batch: int, steps: int):
    """A function that trains `steps` rounds on data [N, C, H, W], shuffled anew each epoch."""
    turns = SHAPES[rounds.system][2]
    number = len(data["image"])
    rows = (rows for _ in itertools.count() for rows in torch.randperm(number).split(batch))

    def run():
        for _ in range(steps):
            chosen = list(itertools.islice(rows, turns))
            rounds.play([{name: array[part] for name, array in data.items()} for part in chosen])

    return run


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kilobytes here


def main(argv) -> None:
    """Trains and prints what it took."""
    del argv
    system, batch = flags.FLAGS.system, flags.FLAGS.batch
    (size, channels), _, turns = SHAPES[system]
    names = ["image", "target"] if system == "pix2pix" else ["image"]
    data = {name: torch.rand(2 * batch * turns, channels, size, size) for name in names}
    torch_steps(Rounds(system, flags.FLAGS.width), data, batch, flags.FLAGS.steps)()
    print(peak_megabytes())


if __name__ == "__main__":
    flags.DEFINE_enum("system", "dcgan", list(SHAPES), "Which.")
    flags.DEFINE_integer("width", 64, "Of its networks.", lower_bound=1)
    flags.DEFINE_integer("batch", 64, "Of a turn.", lower_bound=1)
    flags.DEFINE_integer("steps", 2, "Rounds.", lower_bound=1)
    app.run(main)
