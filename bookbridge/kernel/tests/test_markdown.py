"""Safe HTML from whatever readers write, and never slowly."""

from __future__ import annotations

import pytest

from bookbridge.kernel.markdown import MAX_LENGTH, render
from bookbridge.kernel.tests.conftest import cost_of

REL = 'rel="nofollow noopener ugc"'


def test_the_usual_marks_are_rendered() -> None:
    assert render("# A\n\n*b* **c** `d`") == (
        "<h1>A</h1>\n<p><em>b</em> <strong>c</strong> <code>d</code></p>\n"
    )
    assert "<blockquote>" in render("> quoted")
    assert '<ol start="3">' in render("3. three")


def test_links_go_to_known_schemes_alone_and_carry_rel() -> None:
    link = f'<a href="https://e.org/?a=1&amp;b=2" title="t" {REL}>x</a>'
    assert render('[x](https://e.org/?a=1&b=2 "t")') == f"<p>{link}</p>\n"
    assert f'<a href="mailto:a@b.org" {REL}>' in render("<mailto:a@b.org>")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "/admin/logout/",
        "//evil.example",
        "http://[",
        "https://e.org/" + "x" * 3000,
    ],
)
def test_other_addresses_make_no_link(address: str) -> None:
    assert "href" not in render(f"[x]({address})")
    assert "href" not in render(f"<{address}>")


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=x>b</b>",
        "<!-- x -->",
        "<svg/onload=alert(1)>",
        "```html\n<script>\n```",
        '[x](https://e.org "<script>")',
        "![<script>](https://e.org/i.png)",
    ],
)
def test_html_is_text(source: str) -> None:
    rendered = render(source)
    for tag in ("<script", "<img", "<b ", "<svg", "<!--"):
        assert tag not in rendered


def test_an_image_becomes_its_text() -> None:
    assert render('![my *cat* "x"](https://e.org/i.png)') == '<p>my cat "x"</p>\n'


def test_reference_definitions_are_plain_text() -> None:
    assert "<a" not in render("[x]\n\n[x]: https://e.org")


HOSTILE = {
    pattern: pattern * (MAX_LENGTH // len(pattern))
    for pattern in (
        "[", "![", "*", "**a", "*a_", "`", "``a`", "<", "<a@", "a@", "&", "\\", ">", "> ", "- ",
        "- a\n", "1. a\n", "\n", "a\n", "a  \n", "[a](", "[a](http://e.x)\n", "[a]: http://x\n",
        "[[a]", "<!--", "<![CDATA[", "\n> ", "> - ", "~~~\n", "a|b\n", "=\n", "$", "é*", "[a*",
    )
} | {
    "quotes in quotes": "".join(">" * depth + "a\n" for depth in range(1, 350)),
    "lists in lists": "".join("  " * depth + "- a\n" for depth in range(250)),
    "lazy lines": "> " * 100 + "a\n" + "b\n" * 2900,
    "open and close": "[" * 32_000 + "]" * 32_000,
    "parentheses": "[a](" + "(" * 65_000,
    "ticks": " ".join("`" * length + "a" for length in range(1, 350)),
    "a long tail": "[a](" * 590 + "x" * 60_000,
    "a long title": '[a]("' * 450 + "x" * 60_000,
    "one definition, many uses": "[a]: http://" + "x" * 30_000 + "\n\n" + "[a]" * 10_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_64_kib_of_hostile_text_cost_little(name: str) -> None:
    source = HOSTILE[name][:MAX_LENGTH]
    assert cost_of(lambda: render(source)) < 4
    assert len(render(source)) < 10 * MAX_LENGTH


def test_what_is_too_long_comes_out_as_plain_paragraphs() -> None:
    rendered = render("<b>*a*\n\n" + "x" * MAX_LENGTH)
    assert rendered.startswith("<p>&lt;b&gt;*a*</p>\n<p>xxx")
    assert len(rendered) < MAX_LENGTH + 100


def test_a_long_review_is_no_hostile_text() -> None:
    page = "## Chapter\n\n" + "Some *words* of [mine](https://e.org), and more. " * 12 + "\n\n"
    source = (page + "- one\n- two\n\n> said she\n\n") * 14
    assert len(source) < 10_000
    assert "<h2>" in render(source)
    assert render(source).count("<a ") == 12 * 14
