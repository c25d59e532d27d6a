"""The task `denoising`: an autoencoder against the filters that one would use without it."""

import importlib.metadata

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.given import Given, Outcome
from genjax import plots
from genjax.autoencoders import corruption as corruptions
from genjax.tasks import denoising as tasks

_SHOWN = 8
_NOISE = 0.3
_LIBRARIES = ("scikit-image", "PyWavelets", "scipy")


def denoising(
    given: Given,
    *,
    corruption: str | None = None,
    noise: float | None = None,
    examples: int = 400,
) -> Outcome:
    """Denoises test images by decode(encode(noisy)), and measures PSNR and SSIM.

    Baselines, on the same noisy images: scikit-image's Gaussian filter, non-local means and wavelets
    and SciPy's median, each at the strength with the highest mean PSNR on noisy validation images; and
    the noisy images as they are. SSIM's window is 11x11, and on smaller images the largest odd one that
    fits: 7x7 on the digits.

    Args:
        corruption: `gaussian`, `masking` or `salt_and_pepper`; if not given what the model was trained
            with, or gaussian where it was trained without.
        noise: standard deviation of `gaussian`, else the share of elements that is spoilt; if not given
            what the model was trained with, or 0.3.
        examples: of the test split, the first so many, and at most half as many of the validation
            split.

    Raises:
        ValueError: for data that is no images, or a noise that is none.
    """
    spec, model = given.spec, given.model
    if spec.entry != "image" or spec.shape[-1] not in (1, 3):
        raise ValueError(f"denoising needs grey or RGB images, and this data is of {spec.shape}")
    if min(spec.shape[:2]) < 3 or examples < 2:
        raise ValueError(
            f"denoising needs sides of at least 3 and 2 examples, got {spec.shape} and {examples}"
        )
    trained = given.run.hyper_parameters
    corruption = corruption or trained.get("corruption", "gaussian")
    if noise is None:
        noise = trained.get("noise", _NOISE)
    corrupt = corruptions.find(corruption, noise)
    key_valid, key_test = jax.random.split(given.key)
    batch, valid = given.examples("test", examples), given.examples("valid", examples // 2)
    clean, held_out = batch["image"], valid["image"]
    noisy = np.asarray(corrupt(key_test, jnp.asarray(clean), noise))
    noisy_held_out = np.asarray(corrupt(key_valid, jnp.asarray(held_out), noise))

    condition = () if model.condition is None else (batch[model.condition],)

    def denoise(key, variables, x, *condition):
        key_encode, key_decode = jax.random.split(key)
        code = model.encode(key_encode, variables, x, *condition)
        return model.decode(key_decode, variables, code, *condition)

    ways = {"noisy": noisy, "model": given.each(denoise, noisy, *condition)}
    strengths = {}
    for name in tasks.FILTERS:
        strengths[name] = tasks.best_strength(name, held_out, noisy_held_out)
        ways[name] = tasks.filtered(noisy, name, strengths[name])
    figures = {name: tasks.measured(found, clean) for name, found in ways.items()}
    _draw(given, clean, ways, figures, corruption, noise)
    metrics = {
        f"{'' if name == 'model' else f'baseline/{name}/'}test/{measure}": value
        for name, values in figures.items()
        for measure, value in values.items()
    }
    window = tasks.ssim_window(spec.shape)
    protocol = {
        "split": "test",
        "images": len(clean),
        "corruption": corruption,
        "noise": noise,
        "clipped": "results are, to [0, 1]; noisy images, as model and filters see them, are not",
        "psnr": "mean over images, peak 1, 100 dB at most",
        "ssim": f"{window}x{window} Gaussian window of 1.5 pixels, K1 0.01, K2 0.03, peak 1",
        "strengths": {
            name: {"chosen": value, "is": tasks.FILTERS[name].meaning}
            for name, value in strengths.items()
        },
        "strengths_chosen_by": f"mean PSNR on {len(held_out)} noisy validation images",
        "versions": {name: importlib.metadata.version(name) for name in _LIBRARIES},
    }
    return Outcome(metrics, protocol)


def _draw(given, clean, ways, figures, corruption, noise) -> None:
    """A row an example: as it was, noisy, by the model, by each filter."""
    columns = {"original": clean}
    for name in ("noisy", "model", *tasks.FILTERS):
        told = given.run.name if name == "model" else name
        values = figures[name]
        title = f"{told.replace('_', ' ')}\n{values['psnr']:.2f} dB\nSSIM {values['ssim']:.3f}"
        columns[title] = np.clip(ways[name], 0, 1)
    plots.image_columns(
        {name: images[:_SHOWN] for name, images in columns.items()},
        given.folder / "denoising.png",
        f"{corruption.replace('_', ' ')} noise of {noise:g}: means over {len(clean)} test images",
    )
