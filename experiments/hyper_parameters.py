"""`--set name=value`, checked against the signature of the system's function."""

import ast
import difflib
import inspect
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any


def parse(make: Callable, assignments: Iterable[str]) -> dict[str, Any]:
    """The hyper-parameters that `name=value` strings give to `make(spec, *, ...)`.

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
            raise ValueError(f"--set {assignment!r} is not of the form name=value")
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


def _value(name: str, text: str, expected: Any) -> Any:
    options = typing.get_args(expected) if _is_union(expected) else (expected,)
    for option in sorted(options, key=lambda option: option is str):  # a string fits any text
        try:
            return _of_type(text, option)
        except (ValueError, SyntaxError):
            continue
    wanted = " or ".join(_type_name(option) for option in options)
    raise ValueError(f"--set {name}={text}: expected {wanted}, got {text!r}")


def _of_type(text: str, expected: Any) -> Any:
    if expected is type(None):
        if text.lower() != "none":
            raise ValueError
        return None
    if expected is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError
        return text.lower() == "true"
    if expected in (int, float, str):
        return expected(text)
    if typing.get_origin(expected) is tuple:
        inner = typing.get_args(expected)[0]
        value = ast.literal_eval(text)
        items = value if isinstance(value, tuple | list) else (value,)
        if not all(type(item) in (inner, int) for item in items):
            raise ValueError
        return tuple(inner(item) for item in items)
    raise ValueError


def _is_union(expected: Any) -> bool:
    return typing.get_origin(expected) in (typing.Union, types.UnionType)


def _type_name(expected: Any) -> str:
    if expected is type(None):
        return "none"
    if typing.get_origin(expected) is tuple:
        return f"{typing.get_args(expected)[0].__name__}s with commas between"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}[
        expected
    ]
