"""The pages' own code runs: the example of docs/architecture.md, and README's commands' names."""

import re
from pathlib import Path

import jax

from genjax import data
from genjax.gan import MODELS
from genjax.training import Config, fit

ROOT = Path(__file__).parent.parent


def code_blocks(page):
    """The Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def test_the_example_of_adding_a_paper_trains():
    (example,) = (
        block for block in code_blocks("docs/architecture.md") if "def penalized" in block
    )
    scope = {}
    exec(compile(example, "docs/architecture.md", "exec"), scope)
    digits = data.load("digits")
    model = scope["penalized_autoencoder"](digits.spec)
    start = fit(model, digits, Config(steps=1, chunk=1)).state.variables
    end = fit(model, digits, Config(steps=300)).state.variables
    images = digits.eval_transform(None, digits.test.arrays())
    error = lambda v: -float(model.evaluate(jax.random.key(0), v, images)["negative_error"].mean())
    assert error(end) < 0.7 * error(start)


def test_readmes_python_runs():
    (example,) = code_blocks("README.md")
    scope = {}
    exec(example.replace("steps=2000", "steps=20"), scope)
    assert scope["images"].shape == (16, 8, 8, 1)


def test_readmes_binaries_and_flags_exist():
    text = (ROOT / "README.md").read_text()
    for binary in re.findall(r"python -m ((?:experiments|benchmarks)\.\w+)", text):
        assert (ROOT / f"{binary.replace('.', '/')}.py").exists(), binary
    sources = "".join(path.read_text() for path in (ROOT / "experiments").glob("*.py"))
    for flag in set(re.findall(r"--([a-z_]+)", text)) - {"help"}:
        assert f'"{flag}"' in sources, flag
    for link in re.findall(r"\]\(([\w/.]+)\)", text):
        assert (ROOT / link).exists(), link


def test_what_docs_link_to_exists():
    for page in (ROOT / "docs").glob("*.md"):
        for link in re.findall(r"\]\(([\w/.]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_system_of_the_zoo_has_a_row_and_a_picture():
    page = (ROOT / "docs" / "zoo.md").read_text()
    systems = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    pictures = re.findall(r"\| !\[[^\]]*\]\(zoo/(\w+)\.png\)", page)
    assert systems == pictures and set(systems) <= set(MODELS)
