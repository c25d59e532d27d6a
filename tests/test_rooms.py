"""Arrows between the rooms run downwards only, and the contract is kept by reading every file."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "genjax"
FAMILIES = {"autoencoders", "autoregressive", "vae", "gan"}
# What each room may import of genjax. `data` gives a Spec, so it knows that one file of core.
ALLOWED = {
    "core": set(),
    "nets": {"core"},
    "losses": {"core"},
    "metrics": {"core", "losses", "nets"},
    "data": {"core.spec"},
    "training": {"core", "data"},
    "plots": set(),
    "tasks": {"core", "losses", "metrics"},
    **{family: {"core", "nets", "losses"} for family in FAMILIES},
}
FILES = sorted(ROOT.glob("*/**/*.py"))


def imports(path):
    """Dotted names below genjax that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            deep = node.module == "genjax"
            names = [f"genjax.{a.name}" for a in node.names] if deep else [node.module]
        else:
            continue
        yield from names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_lies_below_it(path):
    room = path.relative_to(ROOT).parts[0]
    assert room in ALLOWED, f"the room {room!r} is not on the plan"
    for name in imports(path):
        if name.startswith("genjax."):
            below = name.removeprefix("genjax.")
            allowed = ALLOWED[room] | {room}
            inside = any(below == a or below.startswith(f"{a}.") for a in allowed)
            assert inside, f"{room} may not import {name}"
        assert not name.startswith(("jax._src", "jax.experimental")), name
        if name.startswith("orbax"):
            assert path.name == "checkpoints.py", "one file imports orbax"


def test_there_are_files_to_read():
    assert len(FILES) > 30
