"""The conditional GAN on the digits: the asked label is drawn, and in many ways."""

from genjax.gan import cgan
from tests.acceptance.asked_digits import asked_digits


def test_samples_carry_the_asked_label_and_differ():
    """At least 0.9 by an independent judge, with half of the data's deviation within a class.

    Sees labels that one side is not told, and z that is not used. A fake judged by another label than
    its own is not seen here but in tests/gan/test_conditional.py.
    """
    accuracy, deviation = asked_digits(cgan)
    assert accuracy >= 0.9
    assert deviation >= 0.5
