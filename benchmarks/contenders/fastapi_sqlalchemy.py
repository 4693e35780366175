"""FastAPI with SQLAlchemy async on asyncpg, as its documents recommend: models of pydantic for
every answer, one session a request, relations loaded by joins.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from cachetools import TTLCache
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from benchmarks.contenders import POOL, cursors, forms
from benchmarks.contenders.queries import Queries
from benchmarks.contenders.schemas import (
    BookOut,
    ClubOut,
    Clubs,
    FiguresOut,
    PersonOut,
    ReviewIn,
    ReviewOut,
    Reviews,
)
from benchmarks.contenders.tables import Models
from benchmarks.contenders.tokens import Refused, Viewer, claims_of, require_standing


class Base(DeclarativeBase):
    """The declarative base."""


models = Models(Base)
queries = Queries(models)
engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgres://", "postgresql+asyncpg://"),
    pool_size=POOL,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
kept_figures: TTLCache[int, FiguresOut] = TTLCache(maxsize=10_000, ttl=forms.KEPT)
figures_lock = asyncio.Lock()


async def database() -> AsyncIterator[AsyncSession]:
    """One session a request."""
    async with sessions() as session:
        yield session


Database = Annotated[AsyncSession, Depends(database)]


async def signed_in(db: Database, authorization: Annotated[str, Header()] = "") -> Viewer:
    """Who asks; 401 when the token, its session or its reader counts no more."""
    try:
        claims = claims_of(authorization)
        session = await db.scalar(queries.session(claims["sid"], claims["sub"]))
        if session is None:
            raise HTTPException(401)
        require_standing(vars(session.reader) | vars(session))
    except Refused as error:
        raise HTTPException(401) from error
    return Viewer(session.reader_id, session.reader.language)


Reader = Annotated[Viewer, Depends(signed_in)]


@app.get("/api/v1/clubs/{slug}/")
async def club(slug: str, viewer: Reader, db: Database) -> ClubOut:
    """The card of one club."""
    row = (await db.execute(queries.club(viewer.id, slug))).first()
    if row is None:
        raise HTTPException(404)
    return club_out(row)


@app.get("/api/v1/clubs/")
async def clubs(
    request: Request,
    viewer: Reader,
    db: Database,
    search: str,
    page_size: int = forms.PAGE,
    cursor: str | None = None,
) -> Clubs:
    """Clubs searched."""
    pairs, path = request.query_params.multi_items(), request.url.path
    scope = cursors.scope_of(path, pairs, viewer.id)
    skip = place(cursor, scope)[0] if cursor else 0
    words = search.lower().split()
    found = (
        await db.execute(queries.clubs_searched(viewer.id, words, limit=page_size + 1, skip=skip))
    ).all()
    after = cursors.encode("r", [skip + page_size], scope) if len(found) > page_size else None
    before = cursors.encode("r", [max(0, skip - page_size)], scope) if skip else None
    return Clubs(
        next=cursors.address(base(request), pairs, after),
        previous=cursors.address(base(request), pairs, before),
        results=[club_out(row) for row in found[:page_size]],
    )


@app.get("/api/v1/books/{book}/reviews/")
async def reviews(
    request: Request,
    book: int,
    viewer: Reader,
    db: Database,
    page_size: int = forms.PAGE,
    cursor: str | None = None,
) -> Reviews:
    """Reviews of a book, the newest first."""
    pairs = request.query_params.multi_items()
    scope = cursors.scope_of(request.url.path, pairs, viewer.id)
    start = place(cursor, scope) if cursor else None
    after = (start[0], start[1]) if start else None
    statement = queries.reviews(viewer.id, book, after=after, limit=page_size + 1)
    found = (await db.execute(statement)).all()
    shown = [row.Review for row in found[:page_size]]
    more, back = None, None
    if len(found) > page_size:
        more = cursors.encode("n", [shown[-1].created_at, shown[-1].id], scope)
    if shown and start:
        back = cursors.encode("p", [shown[0].created_at, shown[0].id], scope)
    return Reviews(
        next=cursors.address(base(request), pairs, more),
        previous=cursors.address(base(request), pairs, back),
        results=[
            review_out(row.Review, viewer, liked=row.liked_by_me) for row in found[:page_size]
        ],
    )


@app.post("/api/v1/reviews/", status_code=201, response_model=ReviewOut)
async def publish(
    request: Request,
    data: ReviewIn,
    viewer: Reader,
    db: Database,
    idempotency_key: Annotated[str, Header()],
) -> Any:
    """A new review, with the numbers of its book and the answer kept for its key."""
    path, now = forms.digest(request.url.path), datetime.now(UTC)
    kept = await db.scalar(queries.kept_answer(viewer.id, path, idempotency_key))
    if kept is not None:
        return Response(kept.body, kept.status, media_type="application/json")
    half_stars = round(data.rating * 2)
    if await db.scalar(queries.count_rating(data.book, half_stars)) is None:
        raise HTTPException(404)
    review = models.Review(
        book_id=data.book,
        author_id=viewer.id,
        rating=half_stars,
        title=data.title,
        text=data.text,
        text_html=forms.html(data.text),
        language=viewer.language,
        created_at=now,
        updated_at=now,
    )
    db.add(review)
    try:
        await db.flush()
    except IntegrityError as error:
        raise HTTPException(409) from error
    await db.execute(queries.count_months(data.book, now.date()))
    row = (await db.execute(queries.written(viewer.id, review.id))).one()
    answer = review_out(row.Review, viewer, liked=row.liked_by_me)
    db.add(
        models.KeptAnswer(
            user_id=viewer.id,
            path=path,
            key=idempotency_key,
            fingerprint=forms.digest(forms.canonical(data.model_dump())),
            status=201,
            body=answer.model_dump_json(),
            location=f"{base(request)}{review.id}/",
            etag_version=1,
            created_at=now,
        )
    )
    await db.commit()
    return answer


@app.get("/api/v1/stats/books/{book}/")
async def figures(book: int, db: Database) -> FiguresOut:
    """The statistics of a book, at most five seconds old; one task computes them."""
    if (kept := kept_figures.get(book)) is not None:
        return kept
    async with figures_lock:
        if (kept := kept_figures.get(book)) is not None:
            return kept
        row = await db.get(models.Book, book)
        if row is None:
            raise HTTPException(404)
        names = forms.months()
        counted = await db.execute(queries.months(book, forms.first_day(names)))
        shown = [dict(entry) for entry in (await db.execute(queries.entries(book))).mappings()]
        by_month = dict(counted.all())
        number = shown[0]["n"] if shown else 0
        found = FiguresOut(**forms.figures(vars(row), shown, number, by_month, names))
        kept_figures[book] = found
    return found


def club_out(row: Any) -> ClubOut:
    """The card of a club with the viewer's standing."""
    return ClubOut.model_validate(
        {**vars(row.Club), "my_role": row.my_role, "my_state": row.my_state}
    )


def review_out(review: Any, viewer: Viewer, *, liked: bool) -> ReviewOut:
    """A review, locked for others when it contains spoilers."""
    locked = review.contains_spoilers and review.author_id != viewer.id
    author = None
    if review.author.erased_at is None:
        author = PersonOut(
            username=review.author.username,
            display_name=review.author.display_name,
            imported=review.author.imported_at is not None,
        )
    return ReviewOut(
        id=review.id,
        book=BookOut(id=review.book.id, title=review.book.title),
        author=author,
        club=review.club.slug if review.club else None,
        rating=review.rating / 2,
        title=None if locked else review.title,
        text=None if locked else review.text,
        text_html=None if locked else review.text_html,
        contains_spoilers=review.contains_spoilers,
        locked=locked,
        language=review.language,
        likes_count=review.likes_count,
        liked_by_me=liked,
        created_at=review.created_at,
        edited_at=review.edited_at,
    )


def place(cursor: str, scope: str) -> list[Any]:
    """The values of a cursor; 400 for one of another list."""
    try:
        return cursors.decode(cursor, scope)[1]
    except ValueError as error:
        raise HTTPException(400) from error


def base(request: Request) -> str:
    """The address of what was asked for, without its query."""
    return f"http://{request.headers['host']}{request.url.path}"
