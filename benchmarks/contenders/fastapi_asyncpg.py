"""FastAPI on a raw pool of asyncpg: the fastest that is still called FastAPI.

SQL by hand, dicts to JSON without models, verified tokens remembered.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from benchmarks.contenders import POOL, cursors, forms, statements
from benchmarks.contenders.tokens import Refused, Viewer, claims_of, require_standing

_numbered: dict[str, tuple[str, tuple[str, ...]]] = {}
_verified: dict[str, dict[str, Any]] = {}
_figures: dict[int, tuple[float, bytes]] = {}
_figures_lock = asyncio.Lock()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The pool lives as long as the server."""
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=POOL, max_size=POOL
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)


async def rows(to: Any, statement: str, **parameters: Any) -> list[Any]:
    """What a statement gives, asked of the pool or of a connection."""
    if statement not in _numbered:
        _numbered[statement] = statements.numbered(statement)
    text, names = _numbered[statement]
    found: list[Any] = await to.fetch(text, *(parameters[name] for name in names))
    return found


async def signed_in(request: Request) -> Viewer:
    """Who asks; 401 when the token, its session or its reader counts no more."""
    header = request.headers.get("authorization", "")
    try:
        claims = _verified.get(header)
        if claims is None or claims["exp"] <= time.time():
            claims = _verified[header] = claims_of(header)
        for row in await rows(
            app.state.pool, statements.VIEWER, session=claims["sid"], reader=claims["sub"]
        ):
            require_standing(row)
            return Viewer(row["id"], row["language"])
    except Refused as error:
        raise HTTPException(401) from error
    raise HTTPException(401)


Reader = Annotated[Viewer, Depends(signed_in)]


@app.get("/api/v1/clubs/{slug}/")
async def club(slug: str, viewer: Reader) -> Response:
    """The card of one club."""
    for row in await rows(app.state.pool, statements.CLUB, viewer=viewer.id, slug=slug):
        return JSONResponse(forms.club(row))
    raise HTTPException(404)


@app.get("/api/v1/clubs/")
async def clubs(
    request: Request,
    viewer: Reader,
    search: str,
    page_size: int = forms.PAGE,
    cursor: str | None = None,
) -> Response:
    """Clubs searched."""
    words = search.lower().split()
    scope = scope_of(request, viewer)
    offset = place(cursor, scope)[0] if cursor else 0
    statement = statements.clubs_with(len(words), limit=page_size + 1, offset=offset)
    asked = statements.clubs_asked(words)
    found = await rows(app.state.pool, statement, viewer=viewer.id, **asked)
    after = cursors.encode("r", [offset + page_size], scope) if len(found) > page_size else None
    before = cursors.encode("r", [max(0, offset - page_size)], scope) if offset else None
    return page(request, after, before, [forms.club(row) for row in found[:page_size]])


@app.get("/api/v1/books/{book}/reviews/")
async def reviews(
    request: Request,
    book: int,
    viewer: Reader,
    page_size: int = forms.PAGE,
    cursor: str | None = None,
) -> Response:
    """Reviews of a book, the newest first."""
    scope = scope_of(request, viewer)
    parameters: dict[str, Any] = {"viewer": viewer.id, "book": book, "limit": page_size + 1}
    if cursor:
        created_at, last = place(cursor, scope)
        found = await rows(
            app.state.pool, statements.REVIEWS_AFTER, created_at=created_at, id=last, **parameters
        )
    else:
        found = await rows(app.state.pool, statements.REVIEWS, **parameters)
    shown = found[:page_size]
    after = before = None
    if len(found) > page_size:
        after = cursors.encode("n", [shown[-1]["created_at"], shown[-1]["id"]], scope)
    if shown and cursor:
        before = cursors.encode("p", [shown[0]["created_at"], shown[0]["id"]], scope)
    return page(request, after, before, [forms.review(row, viewer.id) for row in shown])


@app.post("/api/v1/reviews/")
async def publish(request: Request, viewer: Reader) -> Response:
    """A new review, with the numbers of its book and the answer kept for its key."""
    body = await request.json()
    half_stars, text = round(body["rating"] * 2), body.get("text", "")
    key, now = request.headers["idempotency-key"], datetime.now(UTC)
    path = forms.digest(request.url.path)
    async with app.state.pool.acquire() as connection, connection.transaction():
        asked = {"viewer": viewer.id, "path": path, "key": key}
        for kept in await rows(connection, statements.KEPT_ANSWER, **asked):
            return Response(kept["body"], kept["status"], media_type="application/json")
        made = await rows(
            connection,
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
            raise HTTPException(404)
        answer = JSONResponse(forms.review(made[0], viewer.id), 201)
        await rows(
            connection,
            statements.KEEP_ANSWER,
            fingerprint=forms.digest(forms.canonical(body)),
            body=bytes(answer.body).decode(),
            location=f"{base(request)}{made[0]['id']}/",
            now=now,
            **asked,
        )
    return answer


@app.exception_handler(asyncpg.UniqueViolationError)
async def conflict(request: Request, error: Exception) -> Response:
    """A second review of the same book."""
    return JSONResponse({}, 409)


@app.get("/api/v1/stats/books/{book}/")
async def figures(book: int) -> Response:
    """The statistics of a book, at most five seconds old; one task computes them."""
    found = _figures.get(book)
    if found is None or found[0] <= time.monotonic():
        async with _figures_lock:
            found = _figures.get(book)
            if found is None or found[0] <= time.monotonic():
                body = await compute(book)
                found = _figures[book] = (time.monotonic() + forms.KEPT, body)
    return Response(found[1], media_type="application/json")


async def compute(book: int) -> bytes:
    """The statistics of a book, anew."""
    names, pool = forms.months(), app.state.pool
    for row in await rows(pool, statements.BOOK, book=book):
        since = forms.first_day(names)
        counted = await rows(pool, statements.MONTHS, book=book, since=since)
        shown = await rows(pool, statements.CLUBS_OF_BOOK, book=book)
        by_month = {month["month"]: month["n"] for month in counted}
        number = shown[0]["clubs_count"] if shown else 0
        return bytes(JSONResponse(forms.figures(row, shown, number, by_month, names)).body)
    raise HTTPException(404)


def scope_of(request: Request, viewer: Viewer) -> str:
    """What cursors of this list are bound to."""
    return cursors.scope_of(request.url.path, request.query_params.multi_items(), viewer.id)


def place(cursor: str, scope: str) -> list[Any]:
    """The values of a cursor; 400 for one of another list."""
    try:
        return cursors.decode(cursor, scope)[1]
    except ValueError as error:
        raise HTTPException(400) from error


def base(request: Request) -> str:
    """The address of what was asked for, without its query."""
    return f"http://{request.headers['host']}{request.url.path}"


def page(request: Request, after: str | None, before: str | None, results: list[Any]) -> Response:
    """One page of a list."""
    pairs = request.query_params.multi_items()
    return JSONResponse(
        {
            "next": cursors.address(base(request), pairs, after),
            "previous": cursors.address(base(request), pairs, before),
            "results": results,
        }
    )
