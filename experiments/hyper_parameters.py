"""`--set name=value`, checked against the signature of the system's function."""

import difflib
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def parse(make: Callable, assignments: Iterable[str]) -> dict[str, Any]:
    """The hyper-parameters that `name=value` strings give to `make(spec, *, ...)`; the last one counts.

    Raises:
        ValueError: for a string of another form, a name that `make` does not have (with the nearest
            that it has), or a value that is not of the parameter's type.
    """
    known = parameters(make)
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            raise ValueError(f"--set {assignment}: expected name=value; --set help lists the names")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise ValueError(
                f"{make.__name__} has no hyper-parameter {name!r}{hint} It has: {', '.join(known)}"
            )
        values[name] = _value(name, text.strip(), known[name])
    return values


def parameters(make: Callable) -> dict[str, Any]:
    """Name -> annotated type of each hyper-parameter of `make` (its keyword-only arguments)."""
    hints = typing.get_type_hints(make)
    return {
        name: hints.get(name, Any)
        for name, parameter in inspect.signature(make).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def defaults(make: Callable) -> dict[str, Any]:
    """Name -> default of each hyper-parameter of `make`."""
    signature = inspect.signature(make).parameters
    return {name: signature[name].default for name in parameters(make)}


def describe(make: Callable) -> str:
    """A line for each hyper-parameter, its default and what it takes; then what `make` says of them."""
    lines = [
        f"  {name}={_shown(default)}  ({_wanted(parameters(make)[name])})"
        for name, default in defaults(make).items()
    ]
    return "\n".join([f"{make.__name__}:", *lines, "", inspect.getdoc(make) or ""])


def _shown(value: Any) -> str:
    """As `--set` would be given it."""
    if isinstance(value, tuple):
        return ",".join(map(_shown, value)) or "()"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _value(name: str, text: str, expected: Any) -> Any:
    for option in sorted(_options(expected), key=lambda option: option is str):  # takes any text
        try:
            return _of_type(text, option)
        except ValueError:
            continue
    raise ValueError(f"--set {name}={text}: expected {_wanted(expected)}, got {text!r}")


def _of_type(text: str, expected: Any) -> Any:
    if expected is type(None):
        if text.lower() != "none":
            raise ValueError
        return None
    if expected is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError
        return text.lower() == "true"
    if expected is float and not math.isfinite(float(text)):
        raise ValueError
    if expected in (int, float) or (expected is str and text):
        return expected(text)
    if typing.get_origin(expected) is tuple:
        inner = typing.get_args(expected)
        if text.replace(" ", "") in ("()", "[]") and inner[1:] == (Ellipsis,):
            return ()
        items = [item.strip() for item in text.strip("()[]").rstrip(",").split(",")]
        if inner[1:] == (Ellipsis,):
            inner = inner[:1] * len(items)
        return tuple(_of_type(item, one) for item, one in zip(items, inner, strict=True))
    raise ValueError


def _options(expected: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(expected) in (typing.Union, types.UnionType)
    return typing.get_args(expected) if is_union else (expected,)


def _wanted(expected: Any) -> str:
    return " or ".join(_type_name(option) for option in _options(expected))


def _type_name(expected: Any) -> str:
    if expected is type(None):
        return "none"
    if typing.get_origin(expected) is tuple:
        inner = typing.get_args(expected)
        if inner[1:] == (Ellipsis,):
            return f"{_WORDS.get(inner[0], 'values').removeprefix('a ')}s with commas between"
        return f"{len(inner)} values with commas between"
    return _WORDS.get(expected, "a value from Python, not from the command line")
