"""Any TFDS set by name: prepared once to Array-record, then read without TensorFlow.

What a set holds is read from its metadata; no set is a special case here.
"""

import contextlib
import difflib
import importlib.util

import numpy as np
from absl import logging

from genjax.core.spec import Spec
from genjax.data import checks, images
from genjax.data.dataset import LazySource, Splits, in_memory_if_small, sample
from genjax.data.splits import assign

_SPLITS = {"train": "train", "valid": "validation", "test": "test"}  # ours: TFDS's
OFFLINE = "digits, pictures, file:PATH and folder:PATH need neither network nor TensorFlow"


def tfds_set(
    name: str,
    *,
    data_dir: str | None = None,
    image_size: int | None = None,
    channels: int | None = None,
    test_fraction: float = 0.1,
    valid_fraction: float = 0.1,
) -> Splits:
    """The TFDS set `name`: its image feature, and its class where it has one.

    Args:
        name: as TFDS writes it: `mnist`, `emnist/letters`, `cifar10:3.0.2`; also a set that only
            lies prepared under `data_dir`.
        data_dir: where prepared sets lie or are put; None is TFDS's own default.
        image_size, channels: see `genjax.data.load`.
        test_fraction, valid_fraction: see `genjax.data.splits.assign`.

    Raises:
        ValueError: if TFDS or the set is missing, it cannot be prepared, or it holds no images.
    """
    tfds = _import_tfds()
    builder = _prepared(tfds, name, data_dir)
    image_key, label_key = _features(tfds, name, builder.info.features)
    feature = builder.info.features[image_key]
    if feature.np_dtype != np.uint8:
        raise ValueError(f"{name} has images of {feature.np_dtype}, expected uint8: choose another")
    if image_size is None and None in feature.shape[:2]:
        raise ValueError(f"images of {name} differ in size: pass image_size")
    channels = channels or feature.shape[2] or 3
    # Masks and other second images would cost as much to decode as the image.
    skipped = {
        key: tfds.decode.SkipDecoding()
        for key, each in builder.info.features.items()
        if isinstance(each, tfds.features.Image) and key != image_key
    }
    records = {
        ours: builder.as_data_source(theirs, decoders=skipped)
        for ours, theirs in _found_splits(name, builder.info.splits).items()
    }

    def source(split, rows):
        def decode(rows):
            for record in records[split].__getitems__(rows):  # twenty times faster than one by one
                pixels = record[image_key]
                pixels = pixels[..., None] if pixels.ndim == 2 else pixels
                example = {"image": images.fit(pixels, image_size, channels)}
                yield {**example, "label": np.int32(record[label_key])} if label_key else example

        return in_memory_if_small(LazySource(decode, rows))

    sizes = {split: len(each) for split, each in records.items()}
    found = assign(sizes, test_fraction, valid_fraction)
    sources = {ours: source(split, rows) for ours, (split, rows) in found.items()}
    samples = {ours: sample(each) for ours, each in sources.items()}
    num_classes = builder.info.features[label_key].num_classes if label_key else None
    if label_key:
        checks.check_classes({ours: each["label"] for ours, each in samples.items()}, num_classes)
    maximum, num_levels = checks.levels([each["image"] for each in samples.values()])
    shape = samples["train"]["image"].shape[1:]
    return Splits(Spec(shape, num_levels, num_classes), maximum, **sources)


def _import_tfds():
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ValueError(
            "TFDS sets need tensorflow-datasets and array_record: "
            f"pip install tensorflow-datasets array_record; {OFFLINE}"
        ) from error
    return tensorflow_datasets


def _prepared(tfds, name, data_dir):
    """A builder whose Array-record files are on disk, by now if not before."""
    # Any version on disk will do: asked for a version, TFDS looks at files before its own code.
    versioned = name if ":" in name or "=" in name else f"{name}:*.*.*"
    try:
        with _quiet():
            builder = tfds.builder(versioned, data_dir=data_dir, file_format="array_record")
            ready = builder.is_prepared()
    except tfds.core.DatasetNotFoundError as error:
        raise ValueError(_unknown(tfds, name)) from error
    except Exception as error:  # wrong names, versions, formats: TFDS raises whatever it likes
        if "tensorflow" in str(error) and isinstance(error, ImportError) and not _has_tensorflow():
            raise ValueError(
                _needs_tensorflow(name, data_dir or "~/tensorflow_datasets")
            ) from error
        raise ValueError(
            f"TFDS cannot open {name!r} ({_first_line(error)}): check the name, and pass a data_dir "
            f"whose sets are Array-record; {OFFLINE}"
        ) from error
    if not ready:
        _prepare(name, builder)
    return builder


@contextlib.contextmanager
def _quiet():
    """Without TFDS's warnings about folders that it looked into in vain."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def _has_tensorflow():
    return importlib.util.find_spec("tensorflow") is not None


def _needs_tensorflow(name, place):
    return (
        f"{name} is not prepared, which takes TensorFlow once (reading it does not): "
        f"pip install tensorflow importlib_resources, {_elsewhere(place)}"
    )


def _elsewhere(place):
    return (
        "or prepare it on another machine with file_format='array_record' and copy it to "
        f"{place} (data_dir chooses the place); {OFFLINE}"
    )


def _prepare(name, builder):
    if not _has_tensorflow():
        raise ValueError(_needs_tensorflow(name, builder.data_dir))
    logging.warning(
        "Preparing %s in %s, once. Downloads are tried anew for minutes.", name, builder.data_dir
    )
    try:
        builder.download_and_prepare()
    except Exception as error:  # the network, the disk, a missing package of a set's own
        raise ValueError(
            f"{name} could not be prepared ({type(error).__name__}: {_first_line(error)}): mend the "
            "network, put files that ask for a manual download where TFDS looks for them, "
            f"{_elsewhere(builder.data_dir)}"
        ) from error


def _unknown(tfds, name):
    known = tfds.list_builders(with_community_datasets=False)
    near = difflib.get_close_matches(name.split("/")[0].split(":")[0], known)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"unknown data set {name!r}: {hint}expected a name of TFDS, or one of ours; {OFFLINE}"


def _features(tfds, name, features):
    """Keys of the image and of the class (None without one) among the features of a set."""
    kinds = {"image": tfds.features.Image, "label": tfds.features.ClassLabel}
    image_key, label_key = (
        _choose([key for key, each in features.items() if isinstance(each, kind)], wanted)
        for wanted, kind in kinds.items()
    )
    if image_key is None:
        raise ValueError(
            f"{name} has not one image feature, or one named image, but {', '.join(features)}: "
            "choose a set of images"
        )
    return image_key, label_key


def _choose(keys, wanted):
    """The key that is called as wanted, or the only one."""
    if wanted in keys:
        return wanted
    return keys[0] if len(keys) == 1 else None


def _found_splits(name, splits):
    found = {ours: theirs for ours, theirs in _SPLITS.items() if theirs in splits}
    if "train" in found:
        return found
    if len(splits) == 1:
        return {"train": next(iter(splits))}
    raise ValueError(f"{name} has no split train, but {', '.join(splits)}: choose another set")


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
