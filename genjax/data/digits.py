"""scikit-learn's 8x8 handwritten digits: a real set that needs no network and no files."""

from genjax.core.spec import Spec
from genjax.data.dataset import ArraySource, Splits
from genjax.data.images import fit_all
from genjax.data.splits import fixed_permutation

_INK = 16  # the largest pixel
_SIZES = (1200, 200, 397)  # train, valid, test of the 1797 digits


def digits(image_size: int | None = None, channels: int | None = None) -> Splits:
    """The 1797 digits, 8x8x1, ink 0..16, in 10 classes: 1200 to train, 200 valid, 397 test.

    Args:
        image_size, channels: see `genjax.data.load`.

    Raises:
        ValueError: if scikit-learn is missing.

    Reference: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI, 1998.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ValueError(
            "data set 'digits' needs scikit-learn, which is not installed: pip install scikit-learn"
        ) from error
    raw = load_digits()
    image = fit_all(raw.images[..., None].astype("uint8"), image_size, channels)
    # A cubic kernel overshoots: ink stays 0..16.
    image, label = image.clip(0, _INK), raw.target.astype("int32")
    rows = fixed_permutation(len(image))
    num_train, num_valid, _ = _SIZES
    train, valid, test = (
        ArraySource({"image": image[part], "label": label[part]})
        for part in (
            rows[:num_train],
            rows[num_train : num_train + num_valid],
            rows[num_train + num_valid :],
        )
    )
    return Splits(
        Spec(image.shape[1:], _INK + 1, 10),
        float(_INK),
        train,
        valid,
        test,
        binarization="threshold",
    )
