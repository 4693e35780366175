"""The Brazilian Portuguese texts: complete, compiled, and with their places for values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "locale" / "pt_BR" / "LC_MESSAGES"
PACKAGES = ("bookbridge", "accounts", "clubs", "reviews", "stats")
#: As in the Makefile.
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(
    [
        "gettext_noop",
        "gettext_lazy",
        "ngettext_lazy:1,2",
        "pgettext_lazy:1c,2",
        "npgettext_lazy:1c,2,3",
    ]
)
#: A text, or a singular and its plural.
Text = str | tuple[str, ...]
PLACES = re.compile(r"\{[a-z_]*\}|%\([a-z_]+\)[sd]|`[^`]+`")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file)


def messages_of(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms_of(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The text and its translation, each as singular and plural where it has these."""
    text, translation = (
        (words,) if isinstance(words, str) else tuple(words)
        for words in (message.id, message.string)
    )
    return text, translation


@pytest.fixture
def method_map(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Which files are read, and how: as `make messages` does."""
    monkeypatch.syspath_prepend(ROOT / "locale")
    with (ROOT / "locale" / "babel.cfg").open() as file:
        return parse_mapping_cfg(file)[0]


def texts_in(folder: Path, method_map: list[tuple[str, str]]) -> set[Text]:
    """The texts of the Python and the templates below a folder."""
    return {
        message
        for name, _line, message, *_rest in extract_from_dir(
            str(folder), method_map=method_map, keywords=KEYWORDS
        )
        if "tests" not in Path(name).parts
    }


def untranslated(texts: Iterable[Text], catalogue: Catalog) -> list[Text]:
    """Those that the catalogue lacks, or has without one of their forms."""
    whole = {
        message.id
        for message in messages_of(catalogue)
        if all(forms := forms_of(message)[1])
        and len(forms) == (catalogue.num_plurals if message.pluralizable else 1)
    }
    return sorted((text for text in texts if text not in whole), key=str)


def calls(node: ast.AST, names: dict[str, str], inside: bool) -> Iterator[tuple[ast.Call, bool]]:
    """Calls of gettext below `node`, each with whether it waits for a function to be called."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
        yield node, inside
    within = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for name, value in ast.iter_fields(node):
        waits = inside or (within and name == "body")
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from calls(child, names, waits)


def wrong_calls(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if "gettext" in alias.name
    }
    for call, waits in calls(tree, names, False):
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        if not isinstance(call.args[0], ast.Constant | ast.Name):
            yield f"{place}: made at run time, so no catalogue can have it"
        if not waits and names[call.func.id] in ("gettext", "ngettext", "pgettext"):
            yield f"{place}: translated once, while importing; take gettext_lazy"


def test_texts_are_constant_and_translated_when_they_are_shown() -> None:
    wrong = [
        fault
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "tests" not in path.parts
        for fault in wrong_calls(path)
    ]
    assert not wrong


def test_every_text_is_translated(catalogue: Catalog, method_map: list[tuple[str, str]]) -> None:
    texts = set().union(*(texts_in(ROOT / package, method_map) for package in PACKAGES))
    assert {"Waiting for a decision", "%(time)s ago"} <= texts, "templates are read"
    assert ("%(number)s day", "%(number)s days") in texts, "plurals are read"
    missing = untranslated(texts, catalogue)
    assert not missing, f"run `make messages` and translate: {missing}"


def test_texts_of_templates_are_found_whatever_stands_around_them(
    tmp_path: Path, method_map: list[tuple[str, str]]
) -> None:
    page = """{% load i18n %}
        <p title='{% translate "It\'s" %}'>) "{% trans 'One' context "here" %}</p>
    <p>{{ _("Two") }} é 'x {% if a %}{% blocktranslate trimmed with b=c|upper %}
  Three {{ b }},
        100% of it
    {% endblocktranslate %}{% endif %}
  {% blocktrans count n=many|length %}{{ n }} book{% plural %}{{ n }} books{% endblocktrans %}
"""
    (tmp_path / "templates" / "admin").mkdir(parents=True)
    (tmp_path / "templates" / "admin" / "page.html").write_text(page)
    assert texts_in(tmp_path, method_map) == {
        "It's",
        "One",
        "Two",
        "Three %(b)s, 100%% of it",
        ("%(n)s book", "%(n)s books"),
    }


def test_a_missing_plural_is_noticed() -> None:
    text = ("%(n)s book", "%(n)s books")
    for forms in [("", ""), ("%(n)s livro", ""), ("%(n)s livro",)]:
        catalogue = Catalog(locale="pt_BR")
        catalogue.add(text, forms)
        assert untranslated([text], catalogue) == [text], forms
    catalogue = Catalog(locale="pt_BR")
    catalogue.add(text, ("%(n)s livro", "%(n)s livros"))
    assert untranslated([text], catalogue) == []


def test_no_translation_is_marked_as_doubtful_or_loses_a_value(catalogue: Catalog) -> None:
    for message in messages_of(catalogue):
        assert not message.fuzzy, message.id
        assert set(PLACES.findall(str(message.id))) == set(PLACES.findall(str(message.string)))


def test_the_compiled_catalogue_is_the_one_of_the_texts(catalogue: Catalog) -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = dict(map(forms_of, messages_of(read_mo(file))))
    translated = (message for message in messages_of(catalogue) if message.string)
    assert compiled == dict(map(forms_of, translated)), "run `make messages`"
