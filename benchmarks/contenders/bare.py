"""The floor: one WSGI function, prepared statements, dicts to JSON, and nothing else.

It remembers verified tokens, as the fastest way does; session and state are asked every time.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import psycopg
from psycopg.rows import dict_row

from benchmarks.contenders import cursors, forms, statements
from benchmarks.contenders.tokens import Refused, Viewer, claims_of, require_standing

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]

_local = threading.local()
_verified: dict[str, dict[str, Any]] = {}
_figures: dict[int, tuple[float, bytes]] = {}
_figures_lock = threading.Lock()


def connection() -> psycopg.Connection[dict[str, Any]]:
    """The connection of this thread."""
    found: psycopg.Connection[dict[str, Any]] | None = getattr(_local, "connection", None)
    if found is None:
        found = _local.connection = psycopg.connect(
            os.environ["DATABASE_URL"], autocommit=True, row_factory=dict_row, prepare_threshold=0
        )
    return found


def rows(statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """What a statement gives."""
    return connection().execute(statement, parameters).fetchall()


def viewer_of(environ: Environ) -> Viewer:
    """Who asks.

    Raises:
        Refused: the token, its session or its reader counts no more.
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    claims = _verified.get(header)
    if claims is None or claims["exp"] <= time.time():
        claims = _verified[header] = claims_of(header)
    for row in rows(statements.VIEWER, session=claims["sid"], reader=claims["sub"]):
        require_standing(row)
        return Viewer(row["id"], row["language"])
    raise Refused


def club(environ: Environ, slug: str) -> bytes | None:
    """The card of one club."""
    for row in rows(statements.CLUB, viewer=viewer_of(environ).id, slug=slug):
        return to_json(forms.club(row))
    return None


def clubs(environ: Environ) -> bytes:
    """Clubs searched."""
    viewer, pairs = viewer_of(environ), query(environ)
    asked = dict(pairs)
    words = asked["search"].lower().split()
    scope = cursors.scope_of(environ["PATH_INFO"], pairs, viewer.id)
    offset = cursors.decode(asked["cursor"], scope)[1][0] if "cursor" in asked else 0
    size = int(asked.get("page_size", forms.PAGE))
    statement = statements.clubs_with(len(words), limit=size + 1, offset=offset)
    found = rows(statement, viewer=viewer.id, **statements.clubs_asked(words))
    after = cursors.encode("r", [offset + size], scope) if len(found) > size else None
    before = cursors.encode("r", [max(0, offset - size)], scope) if offset else None
    return page(environ, pairs, after, before, [forms.club(row) for row in found[:size]])


def reviews(environ: Environ, book: str) -> bytes:
    """Reviews of a book, the newest first."""
    viewer, pairs = viewer_of(environ), query(environ)
    asked = dict(pairs)
    scope = cursors.scope_of(environ["PATH_INFO"], pairs, viewer.id)
    size = int(asked.get("page_size", forms.PAGE))
    parameters: dict[str, Any] = {"viewer": viewer.id, "book": int(book), "limit": size + 1}
    if "cursor" in asked:
        created_at, last = cursors.decode(asked["cursor"], scope)[1]
        found = rows(statements.REVIEWS_AFTER, created_at=created_at, id=last, **parameters)
    else:
        found = rows(statements.REVIEWS, **parameters)
    shown = found[:size]
    after = before = None
    if len(found) > size:
        after = cursors.encode("n", [shown[-1]["created_at"], shown[-1]["id"]], scope)
    if shown and "cursor" in asked:
        before = cursors.encode("p", [shown[0]["created_at"], shown[0]["id"]], scope)
    return page(environ, pairs, after, before, [forms.review(row, viewer.id) for row in shown])


def publish(environ: Environ) -> bytes | None:
    """A new review, with the numbers of its book and the answer kept for its key."""
    viewer = viewer_of(environ)
    body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    half_stars, text = round(body["rating"] * 2), body.get("text", "")
    key, now = environ["HTTP_IDEMPOTENCY_KEY"], datetime.now(UTC)
    path = forms.digest(environ["PATH_INFO"])
    with connection().transaction():
        for kept in rows(statements.KEPT_ANSWER, viewer=viewer.id, path=path, key=key):
            return bytes(kept["body"].encode())
        made = rows(
            statements.publish(half_stars),
            viewer=viewer.id,
            book=body["book"],
            rating=half_stars,
            title=body.get("title", ""),
            text=text,
            text_html=forms.html(text),
            language=viewer.language,
            now=now,
        )
        if not made:
            return None
        answer = to_json(forms.review(made[0], viewer.id))
        connection().execute(
            statements.KEEP_ANSWER,
            {
                "viewer": viewer.id,
                "path": path,
                "key": key,
                "fingerprint": forms.digest(forms.canonical(body)),
                "body": answer.decode(),
                "location": f"{base(environ)}{made[0]['id']}/",
                "now": now,
            },
        )
    return answer


def figures(environ: Environ, book: str) -> bytes | None:
    """The statistics of a book, at most five seconds old; one thread computes them."""
    found = _figures.get(int(book))
    if found is None or found[0] <= time.monotonic():
        with _figures_lock:
            found = _figures.get(int(book))
            if found is None or found[0] <= time.monotonic():
                body = compute(int(book))
                if body is None:
                    return None
                found = _figures[int(book)] = (time.monotonic() + forms.KEPT, body)
    return found[1]


def compute(book: int) -> bytes | None:
    """The statistics of a book, anew."""
    names = forms.months()
    for row in rows(statements.BOOK, book=book):
        counted = rows(statements.MONTHS, book=book, since=forms.first_day(names))
        clubs = rows(statements.CLUBS_OF_BOOK, book=book)
        by_month = {month["month"]: month["n"] for month in counted}
        number = clubs[0]["clubs_count"] if clubs else 0
        return to_json(forms.figures(row, clubs, number, by_month, names))
    return None


def query(environ: Environ) -> list[tuple[str, str]]:
    """The query parameters."""
    return parse_qsl(environ.get("QUERY_STRING", ""))


def base(environ: Environ) -> str:
    """The address of what was asked for, without its query."""
    return f"http://{environ['HTTP_HOST']}{environ['PATH_INFO']}"


def page(
    environ: Environ,
    pairs: list[tuple[str, str]],
    after: str | None,
    before: str | None,
    results: list[Any],
) -> bytes:
    """One page of a list."""
    return to_json(
        {
            "next": cursors.address(base(environ), pairs, after),
            "previous": cursors.address(base(environ), pairs, before),
            "results": results,
        }
    )


def to_json(data: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


ROUTES: list[tuple[re.Pattern[str], Callable[..., bytes | None]]] = [
    (re.compile("GET /api/v1/clubs/([a-z0-9-]+)/"), club),
    (re.compile("GET /api/v1/clubs/"), clubs),
    (re.compile("GET /api/v1/books/([0-9]+)/reviews/"), reviews),
    (re.compile("POST /api/v1/reviews/"), publish),
    (re.compile("GET /api/v1/stats/books/([0-9]+)/"), figures),
]


def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer one request."""
    asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    status, body = "404 Not Found", b"{}"
    try:
        for pattern, answer in ROUTES:
            if match := pattern.fullmatch(asked):
                found = answer(environ, *match.groups())
                if found is not None:
                    status, body = ("201 Created" if answer is publish else "200 OK"), found
                break
    except Refused:
        status = "401 Unauthorized"
    except (KeyError, ValueError):
        status = "400 Bad Request"
    except psycopg.errors.UniqueViolation:
        status = "409 Conflict"
    start_response(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
