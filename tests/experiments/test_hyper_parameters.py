"""`--set name=value`: by the signature alone, right values and clear refusals."""

import re
from collections.abc import Callable

import pytest

from experiments import hyper_parameters


def system(
    spec,
    *,
    latent_dim: int = 2,
    rate: float = 0.5,
    name: str = "mlp",
    flag: bool = False,
    hidden: tuple[int, ...] | None = None,
    betas: tuple[float, float] = (0.9, 0.999),
    words: tuple[str, ...] = (),
    variance: str | float = "learned",
    maybe: str | None = None,
    generator: Callable | None = None,
):
    """A system of no paper."""


@pytest.mark.parametrize(
    "assignment, value",
    [
        ("latent_dim=10", 10),
        (" latent_dim = 10 ", 10),
        ("latent_dim=-1", -1),
        ("rate=3e-4", 3e-4),
        ("rate=2", 2.0),
        ("name=conv", "conv"),
        ("name=a=b", "a=b"),
        ("name=none", "none"),
        ("flag=true", True),
        ("flag=False", False),
        ("hidden=500", (500,)),
        ("hidden=500,200", (500, 200)),
        ("hidden=(500, 200)", (500, 200)),
        ("hidden=[500,]", (500,)),
        ("hidden=none", None),
        ("hidden=None", None),
        ("betas=0.5,0.9", (0.5, 0.9)),
        ("betas=0,1", (0.0, 1.0)),
        ("words=a,b", ("a", "b")),
        ("variance=0.1", 0.1),
        ("variance=shared", "shared"),
        ("maybe=none", None),
        ("maybe=gaussian", "gaussian"),
        ("generator=none", None),
    ],
)
def test_values_have_the_type_that_the_signature_says(assignment, value):
    (found,) = hyper_parameters.parse(system, [assignment]).values()
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "assignment, message",
    [
        ("latent_dim=two", "--set latent_dim=two: expected a whole number, got 'two'"),
        ("latent_dim=2.5", "expected a whole number, got '2.5'"),
        ("latent_dim=", "expected a whole number, got ''"),
        ("latent_dim=none", "expected a whole number, got 'none'"),
        ("rate=fast", "--set rate=fast: expected a number, got 'fast'"),
        ("rate=nan", "expected a number, got 'nan'"),
        ("rate=inf", "expected a number, got 'inf'"),
        ("name=", "expected a word, got ''"),
        ("flag=1", "expected true or false, got '1'"),
        ("hidden=a,b", "expected whole numbers with commas between or none, got 'a,b'"),
        ("hidden=2.5", "expected whole numbers with commas between or none"),
        ("hidden=", "expected whole numbers with commas between or none"),
        ("hidden=500,,200", "expected whole numbers with commas between or none"),
        ("betas=0.5", "expected 2 values with commas between, got '0.5'"),
        ("betas=0.5,0.9,1", "expected 2 values with commas between"),
        ("generator=Mlp", "expected a value from Python, not from the command line or none"),
        ("latent_dim", "--set latent_dim: expected name=value"),
        ("latentdim=3", "system has no hyper-parameter 'latentdim'; did you mean 'latent_dim'?"),
        ("spec=3", "has no hyper-parameter 'spec'"),
        ("zzz=3", "has no hyper-parameter 'zzz'. It has: latent_dim, rate, name"),
        ("=3", "has no hyper-parameter ''"),
    ],
)
def test_what_is_no_value_is_refused_and_the_mending_named(assignment, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        hyper_parameters.parse(system, [assignment])


def test_the_last_of_several_counts():
    values = hyper_parameters.parse(system, ["latent_dim=3", "rate=1", "latent_dim=4"])
    assert values == {"latent_dim": 4, "rate": 1.0}
    assert hyper_parameters.parse(system, []) == {}


def test_the_description_shows_defaults_as_they_are_set():
    text = hyper_parameters.describe(system)
    for line in (
        "latent_dim=2  (a whole number)",
        "flag=false  (true or false)",
        "hidden=none  (whole numbers with commas between or none)",
        "betas=0.9,0.999  (2 values with commas between)",
        "A system of no paper.",
    ):
        assert line in text
