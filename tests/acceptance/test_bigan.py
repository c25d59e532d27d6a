"""BiGAN on the ring of eight Gaussians: a deterministic encoder inverts the generator."""

from genjax.gan import bigan
from tests.acceptance.joint_ring import inverted


def test_examples_come_back():
    """The reconstruction's error is at most 0.35 of what it is of another point's, 7 modes are found.

    Measured, of five seeds: 0.06 to 0.17; all 8 modes. Seen here: an encoder that is left out of
    its own term (1.00, 1 mode) or pushed the wrong way (1.06, none).
    """
    found = inverted(bigan, prior="normal")
    assert found.error <= 0.35 and found.modes >= 7
