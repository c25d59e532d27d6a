import numpy as np

from genjax import data
from genjax.data.line import LINE


def test_points_lie_about_the_line_and_are_the_same_again():
    dataset = data.load("line")
    assert dataset.spec.shape == (2,) and len(dataset.train) == 40
    points = dataset.test.arrays()["vector"]
    slope, intercept = np.polyfit(*points.T, 1)
    np.testing.assert_allclose([intercept, slope], LINE, atol=0.15)
    rest = points[:, 1] - intercept - slope * points[:, 0]
    np.testing.assert_allclose(rest.std(), 0.5, rtol=0.1)
    np.testing.assert_array_equal(points, data.load("line").test.arrays()["vector"])
