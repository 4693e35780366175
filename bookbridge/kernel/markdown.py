"""Texts of readers as safe HTML: CommonMark without raw HTML, then an allow-list.

Two walls: the parser writes no tag that is not its own, and `nh3` removes whatever is not on
the list. Images are left out (they would tell their host who reads), and so are reference
definitions (one long address, used a thousand times, makes a page out of a line).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt, helpers
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

MAX_LENGTH = 64 * 1024
MAX_NESTING = 8
MAX_ADDRESS_LENGTH = 1_000
# What the parser's time grows with, weighed: each is worth up to some 20 microseconds.
MAX_WORK = 6_000
WORK = dict.fromkeys("[]()*_`<>&\\!#", 1) | {"\n": 2, "](": 6}
LIST_ITEM_WORK = 3
SCHEMES = {"http", "https", "mailto"}
TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "li", "ol", "p", "pre", "strong", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


def render(source: str) -> str:
    """`source`, a text in CommonMark, as HTML that is safe to show.

    Links go to http, https and mailto alone and carry `rel="nofollow noopener ugc"`; an image
    becomes its alternative text. A text that is longer than 64 KiB, or built to make the parser
    work, comes out as plain paragraphs.
    """
    source = source.replace("\0", "")
    if len(source) > MAX_LENGTH or _is_laborious(source):
        return _plain(source[:MAX_LENGTH])
    return nh3.clean(
        _parser.render(source),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        url_relative="deny",
        link_rel="nofollow noopener ugc",
    )


class _Renderer(RendererHTML):
    """Writes what the parser found, with words where images are."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The alternative text of an image."""
        return html.escape(self.renderInlineAsText(tokens[idx].children or [], options, env))


class _BoundedHelpers:
    """The parser's scanners for links, kept from walking to the end of the text each time."""

    parseLinkLabel = staticmethod(helpers.parseLinkLabel)

    @staticmethod
    def parseLinkDestination(text: str, start: int, end: int) -> Any:
        """Find the end of an address."""
        return helpers.parseLinkDestination(text, start, min(end, start + MAX_ADDRESS_LENGTH))

    @staticmethod
    def parseLinkTitle(text: str, start: int, end: int, *args: Any) -> Any:
        """Find the end of a title."""
        return helpers.parseLinkTitle(text, start, min(end, start + MAX_ADDRESS_LENGTH), *args)


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark", {"html": False, "maxNesting": MAX_NESTING}, renderer_cls=_Renderer
    )
    parser.helpers = _BoundedHelpers  # type: ignore[assignment]
    parser.validateLink = _is_allowed  # type: ignore[assignment,method-assign]
    return parser.disable(["reference"])


def _is_allowed(address: str) -> bool:
    if len(address) > MAX_ADDRESS_LENGTH:
        return False
    try:
        return urlsplit(address.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _is_laborious(source: str) -> bool:
    """Whether the parser would have more than some 100 ms to do with `source`.

    Ten pages of prose with links and lists have a tenth of what is allowed.
    """
    work = sum(weight * source.count(markup) for markup, weight in WORK.items())
    return work + LIST_ITEM_WORK * len(_LIST_ITEM.findall(source)) > MAX_WORK


def _plain(source: str) -> str:
    paragraphs = re.split(r"\n\s*\n", source)
    return "\n".join(f"<p>{html.escape(part)}</p>" for part in paragraphs if part.strip())


_LIST_ITEM = re.compile(r"(?:^|(?<=[\n >]))(?:[-+*]|\d{1,9}[.)])(?=\s)")
_parser = _make_parser()
