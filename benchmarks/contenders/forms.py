"""What the representations are made of, for contenders that build them by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import nh3
from markdown_it import MarkdownIt

PAGE = 20
LARGEST_PAGE = 100
STARS = tuple(f"{half / 2:.1f}" for half in range(1, 11))
STAR_COLUMNS = tuple(f"stars_{half * 5:02d}" for half in range(1, 11))
MONTHS = 24
#: Seconds for which statistics are kept.
KEPT = 5
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def moment(value: datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC."""
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def html(text: str) -> str:
    """Markdown as HTML that is safe to show."""
    return nh3.clean(_MARKDOWN.render(text), link_rel="nofollow noopener ugc") if text else ""


def digest(text: str) -> str:
    """What is kept of paths and bodies for an idempotency key."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(body: Any) -> str:
    """A body as text that does not depend on the order of its members."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def mean(count: int, total: int) -> float | None:
    """The mean in stars with two decimals of so many ratings."""
    return (100 * total + count) // (2 * count) / 100 if count else None


def months(now: datetime | None = None) -> list[str]:
    """The last months, the oldest first."""
    now = now or datetime.now(UTC)
    last = now.year * 12 + now.month - 1
    return [f"{n // 12}-{n % 12 + 1:02}" for n in range(last - MONTHS + 1, last + 1)]


def first_day(names: Sequence[str]) -> date:
    """The day on which the first of the months began."""
    year, month = map(int, names[0].split("-"))
    return date(year, month, 1)


def club(row: Mapping[str, Any]) -> dict[str, Any]:
    """The card of a club."""
    card = {name: row[name] for name in CLUB}
    card["archived_at"] = moment(row["archived_at"])
    card["created_at"] = moment(row["created_at"])
    return card


CLUB = (
    "slug", "name", "description", "description_html", "visibility", "join_policy", "language",
    "time_zone", "max_members", "members_count", "my_role", "my_state", "archived_at",
    "created_at",
)  # fmt: skip


def review(row: Mapping[str, Any], viewer_id: int) -> dict[str, Any]:
    """A review, locked for others when it contains spoilers."""
    locked = row["contains_spoilers"] and row["author_id"] != viewer_id
    author = None
    if row["erased_at"] is None:
        author = {
            "username": row["username"],
            "display_name": row["display_name"],
            "imported": row["imported_at"] is not None,
        }
    return {
        "id": row["id"],
        "book": {"id": row["book_id"], "title": row["book_title"]},
        "author": author,
        "club": row["club_slug"],
        "rating": row["rating"] / 2,
        "title": None if locked else row["title"],
        "text": None if locked else row["text"],
        "text_html": None if locked else row["text_html"],
        "contains_spoilers": row["contains_spoilers"],
        "locked": locked,
        "language": row["language"],
        "likes_count": row["likes_count"],
        "liked_by_me": row["liked_by_me"],
        "created_at": moment(row["created_at"]),
        "edited_at": moment(row["edited_at"]),
    }


def figures(
    book: Mapping[str, Any],
    clubs: Sequence[Mapping[str, Any]],
    clubs_count: int,
    by_month: Mapping[str, int],
    names: Sequence[str],
) -> dict[str, Any]:
    """The statistics of a book."""
    return {
        "rating_count": book["rating_count"],
        "rating_average": mean(book["rating_count"], book["rating_sum"]),
        "weighted_mean": round(book["weighted_mean"], 2),
        "histogram": {
            stars: book[column] for stars, column in zip(STARS, STAR_COLUMNS, strict=True)
        },
        "clubs_count": clubs_count,
        "clubs": [
            {"slug": row["slug"], "name": row["name"], "status": row["status"]} for row in clubs
        ],
        "by_month": [{"month": name, "reviews": by_month.get(name, 0)} for name in names],
        "generated_at": moment(datetime.now(UTC)),
    }
