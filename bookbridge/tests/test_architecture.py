"""The rules of the house, held by reading the code: imports point down, files stay small."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bookbridge", "accounts", "clubs", "reviews", "stats")
#: Each may import those to its right; the kernel none of them.
LAYERS = ("stats", "reviews", "clubs", "accounts", "bookbridge.kernel")
#: Inside clubs: what each feature may import of the others.
FEATURES = {
    "membership": set(),
    "books": {"membership"},
    "reading": {"books", "membership"},
}
LIMIT = 300
DRAWERS = {"utils", "util", "helpers", "common", "misc"}
#: What may import late, and why.
LATE_IMPORTS = {"stats/apps.py": "Django's own place for connecting listeners is ready()"}


def sources(*, tests: bool = True) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            if not tests and ("tests" in path.parts or path.name == "testing.py"):
                continue
            yield path


CODE = list(sources(tests=False))
ALL = [*sources(), *sorted((ROOT / "benchmarks").rglob("*.py"))]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or "", node


def layer_of(module: str) -> str | None:
    if module.startswith("bookbridge") and not module.startswith("bookbridge.kernel"):
        return None
    for layer in LAYERS:
        if module == layer or module.startswith(layer + "."):
            return layer
    return None


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize(
    "path", list(sources(tests=False)), ids=lambda path: str(path.relative_to(ROOT))
)
def test_imports_point_down(path: Path) -> None:
    own = layer_of(module_of(path))
    if own is None:
        return
    below = LAYERS[LAYERS.index(own) :]
    for name, node in imports(ast.parse(path.read_text())):
        target = layer_of(name)
        if name.startswith("bookbridge") and target is None:
            pytest.fail(f"{path}:{node.lineno} imports {name}, which is composition")
        if target is not None:
            assert target in below, f"{path}:{node.lineno} imports {name}: up"


def test_the_program_does_not_know_its_benchmark() -> None:
    for path in sources():
        for name, node in imports(ast.parse(path.read_text())):
            assert name.split(".")[0] != "benchmarks", f"{path}:{node.lineno}"


@pytest.mark.parametrize("feature", FEATURES)
def test_features_of_clubs_import_in_one_direction(feature: str) -> None:
    for path in (ROOT / "clubs" / feature).glob("*.py"):
        for name, node in imports(ast.parse(path.read_text())):
            found = re.match(r"clubs\.(membership|books|reading)\b", name)
            if found and found[1] != feature:
                assert found[1] in FEATURES[feature], f"{path}:{node.lineno} imports {name}"


@pytest.mark.parametrize(
    "path", list(sources(tests=False)), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_import_hides_in_a_function(path: Path) -> None:
    if str(path.relative_to(ROOT)) in LATE_IMPORTS:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name, statement in imports(node):
                pytest.fail(f"{path}:{statement.lineno} imports {name} inside {node.name}()")


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_files_are_small_and_named_after_a_concept(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= LIMIT, f"{lines} lines: split it by feature"
    assert path.stem not in DRAWERS


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_every_module_says_what_lives_in_it(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module starts with a sentence"


def test_the_index_of_models_names_every_model_of_every_feature() -> None:
    declared = {
        node.name
        for feature in FEATURES
        for node in ast.parse((ROOT / "clubs" / feature / "models.py").read_text()).body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base) in ("models.Model", "Timestamped") for base in node.bases)
    }
    assert declared == {model.__name__ for model in apps.get_app_config("clubs").get_models()}


def test_nothing_is_left_unfinished_in_the_code() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    for path in sources():
        assert not words.search(path.read_text()), path
