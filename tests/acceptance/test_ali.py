"""ALI on the ring of eight Gaussians: the encoder inverts the generator, and codes are the prior's."""

from genjax.gan import ali
from tests.acceptance.joint_ring import inverted


def test_examples_come_back_and_codes_are_like_the_prior():
    """The reconstruction's error is at most 0.3 of what it is of another point's, 7 modes are found.

    Measured, of five seeds: 0.08 to 0.13; all 8 modes; |mean| of codes 0.08 to 0.40, deviations 0.66 to
    1.56, in the median 0.17 and 1.23 to 1.35. Nothing in the game compares x with its reconstruction.
    Seen here: an encoder that is left out of its own term (1.01, 4 modes) or pushed the wrong way
    (0.97, none).
    """
    found = inverted(ali, maxout_pieces=1, input_dropout_rate=0.0, dropout_rate=0.0)
    assert found.error <= 0.3 and found.modes >= 7
    assert found.mean <= 0.4 and found.stds[0] >= 0.7 and found.stds[1] <= 1.4
