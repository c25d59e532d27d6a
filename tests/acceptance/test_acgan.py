"""AC-GAN on the digits: the asked label is drawn, and in many ways."""

from genjax.gan import acgan
from tests.acceptance.asked_digits import asked_digits


def test_samples_carry_the_asked_label_and_differ():
    """At least 0.9 by an independent judge, with half of the data's deviation within a class.

    Sees a softmax taken twice, a generator that runs from its class, no class loss of the generator's.
    """
    accuracy, deviation = asked_digits(acgan)
    assert accuracy >= 0.9
    assert deviation >= 0.5
