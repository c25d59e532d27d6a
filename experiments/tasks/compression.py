"""The task `compression`: files that are smaller, and what comes out of them again."""

import importlib.metadata

import numpy as np
import PIL

from experiments import families
from experiments.compressed import fingerprint, to_bytes
from experiments.tasks.given import Given, Outcome
from genjax.plots.compression import coder_bars, lossy_curves
from genjax.plots.grid import write_bytes
from genjax.tasks import compression as coders

_QUALITIES = (1, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95)
_HOW = {
    "autoregressive": "entropy coding with the model's factors",
    "bits_back": "bits back with the model's latents",
    "lossy": "rounded codes, entropy coding with their probabilities",
}


def compression(
    given: Given,
    *,
    num_images: int | None = None,
    prior_bits: int = 8,
    distortion_weights: tuple[float, ...] = (30.0, 100.0, 1000.0),
) -> Outcome:
    """Writes the test examples to a file, reads it back, and compares its size with other coders'.

    Without loss, with the factors of an autoregressive model or bits back with a VAE: every byte has
    to come back. `test/bits_per_dim` is of the whole file, `test/bits_per_dim_net` of its payload
    (with bits-back, without the random bits that it started with and gives back), and
    `test/bits_per_dim_of_model` what the likelihood, or the bound, promises. gzip, bz2, PNG and WebP
    get all examples at once, in the form that suits each best.

    With loss, with the codes of a compressive autoencoder: rate and PSNR, one training for each weight
    of the distortion, against JPEG on all examples in one picture.

    Args:
        num_images: how many test examples; None for all.
        prior_bits: of bits-back: each latent is cut into 2^prior_bits bins of equal mass.
        distortion_weights: of a lossy model: the others that it is trained with, for the curve.

    Raises:
        ValueError: for a number out of range, or data that the coder cannot take.
    """
    if num_images is not None and num_images < 1:
        raise ValueError(f"--option num_images must be at least 1, got {num_images}")
    if min(distortion_weights, default=1.0) <= 0:
        raise ValueError(f"--option distortion_weights must be above 0, got {distortion_weights}")
    x = given.examples("test", num_images)[given.spec.entry]
    if coders.kind(given.model) == "lossy":
        return _lossy(given, x, distortion_weights)
    return _lossless(given, x, prior_bits)


def _lossless(given: Given, x: np.ndarray, prior_bits: int) -> Outcome:
    spec, levels = given.spec, coders.to_levels(given.spec, x)
    data, back = _through_a_file(given, x, "test.gjx", prior_bits)
    if coders.to_levels(spec, back).tobytes() != levels.tobytes():
        raise ValueError(
            "what came out of the file is not what went in"
        )  # its checksum saw it, too
    sizes = {"file": len(data), **coders.lossless(levels, spec.shape, spec.num_levels)}
    rates = {name: 8 * size / levels.size for name, size in sizes.items()}
    promise = coders.bits_of_model(given.model, spec, given.key, given.variables, x)
    metrics = {
        "test/bits_per_dim": rates.pop("file"),
        "test/bits_per_dim_net": coders.net_bits(given.model, data) / levels.size,
        "test/bits_per_dim_of_model": promise,
        **{f"baseline/{name}/test/bits_per_dim": rate for name, rate in rates.items()},
    }
    coder_bars(
        {given.run.name: metrics["test/bits_per_dim"], **rates},
        given.folder / "compression.png",
        promise=promise,
        title=f"{len(x)} test examples of {given.dataset.name} in one file, without loss",
    )
    return Outcome(metrics, _protocol(given, x, data))


def _lossy(given: Given, x: np.ndarray, weights: tuple[float, ...]) -> Outcome:
    pixels, own, curve, metrics = to_bytes(x), given.run.hyper_parameters, [], {}
    for weight in sorted({own["distortion_weight"], *weights}):
        name = f"weight_{weight:g}.gjx"
        if weight == own["distortion_weight"]:
            data, back = _through_a_file(given, x, name)
            promise = coders.bits_of_model(given.model, given.spec, given.key, given.variables, x)
            metrics = {
                "test/bits_per_dim": 8 * len(data) / x.size,
                "test/bits_per_dim_net": coders.net_bits(given.model, data) / x.size,
                "test/bits_per_dim_of_model": promise,
                "test/psnr": _psnr(pixels, to_bytes(back)),
                **metrics,
            }
        else:
            data, back = _through_a_file(_with_weight(given, weight), x, name)
        curve.append((8 * len(data) / x.size, _psnr(pixels, to_bytes(back))))
        metrics |= dict(zip(_names(f"test/weight_{weight:g}"), curve[-1], strict=True))
    files = coders.jpeg(pixels, _QUALITIES)
    jpeg = [(8 * file.num_bytes / x.size, _psnr(pixels, file.pictures)) for file in files]
    bare = [
        (8 * (file.num_bytes - file.num_header_bytes) / x.size, quality)
        for file, (_, quality) in zip(files, jpeg, strict=True)
    ]
    for name, points in (("bits_per_dim", jpeg), ("bits_per_dim_without_header", bare)):
        at = _rate_at(points, metrics["test/psnr"])
        metrics |= {} if at is None else {f"baseline/jpeg/test/{name}": at}
    lossy_curves(
        {given.run.name: curve, "JPEG": jpeg, "JPEG without its header": bare},
        given.folder / "compression.png",
        title=f"{len(x)} test images of {given.dataset.name} in one file",
    )
    return Outcome(
        metrics,
        {
            **_protocol(given, x, data),
            "psnr": "mean over images of 10 log10(255^2 / MSE), of pictures of 8 bits",
            "baseline/jpeg": "bits for the PSNR of test/psnr, between the qualities on either side",
            "jpeg": [
                {"quality": file.quality, "bits_per_dim": rate, "psnr": quality}
                for file, (rate, quality) in zip(files, jpeg, strict=True)
            ],
        },
    )


def _through_a_file(
    given: Given, x: np.ndarray, name: str, prior_bits: int = 8
) -> tuple[bytes, np.ndarray]:
    """The bytes that x was written in, and what was decoded of the bytes that were read."""
    model, spec, variables, path = given.model, given.spec, given.variables, given.folder / name
    whose = fingerprint(given.run, variables)
    data = coders.compress(model, spec, variables, x, whose, prior_bits=prior_bits)
    write_bytes(path, data)
    return data, coders.decompress(model, spec, variables, path.read_bytes(), whose)


def _with_weight(given: Given, weight: float) -> Given:
    """The run's system trained anew with another weight of the distortion."""
    run = given.run
    values = {**run.hyper_parameters, "distortion_weight": weight}
    system = families.find(run.family, run.name)(run.spec, **values)
    given = given._replace(run=run._replace(system=system, hyper_parameters=values))
    return given._replace(variables=given.refit(given.dataset, given.seed))


def _names(of: str) -> tuple[str, str]:
    return f"{of}/bits_per_dim", f"{of}/psnr"


def _psnr(pixels: np.ndarray, found: np.ndarray) -> float:
    """Mean over images, dB, of bytes [N, H, W, C]; an image without error counts as one of 1/12."""
    squares = (pixels.astype(np.float64) - found) ** 2
    errors = np.maximum(squares.reshape(len(pixels), -1).mean(1), 1 / 12)
    return float((10 * np.log10(255**2 / errors)).mean())


def _rate_at(points: list[tuple[float, float]], quality: float) -> float | None:
    """The rate of a curve of (rate, quality) at a quality; None where it has no point on one side."""
    rates, qualities = np.asarray(sorted(points, key=lambda point: point[1])).T
    inside = qualities[0] <= quality <= qualities[-1]
    return float(np.interp(quality, qualities, rates)) if inside else None


def _protocol(given: Given, x: np.ndarray, data: bytes) -> dict:
    header, words = coders.unpack(data)
    return {
        "coder": _HOW[header.kind],
        "num_examples": len(x),
        "header_bytes": len(data) - 4 * len(words),
        "baselines": "all examples at once; bytes of the smallest of: streams (gzip, bz2) of bytes or "
        "packed bits, by example or by element; pictures (png, webp) of one column, a square or one "
        "row of examples; jpeg of a square",
        "pillow": PIL.__version__,
        "constriction": importlib.metadata.version("constriction"),
    }
