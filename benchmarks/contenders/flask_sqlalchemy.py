"""Flask with Flask-SQLAlchemy and Flask-Caching on Redis, as their documents recommend."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask_caching import Cache
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase

from benchmarks.contenders import THREADS, cursors, forms
from benchmarks.contenders.queries import Queries
from benchmarks.contenders.tables import Models
from benchmarks.contenders.tokens import Refused, Viewer, claims_of, require_standing


class Base(DeclarativeBase):
    """The declarative base."""


app = Flask("contender")
app.config |= {
    "SQLALCHEMY_DATABASE_URI": os.environ["DATABASE_URL"].replace(
        "postgres://", "postgresql+psycopg://"
    ),
    "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": THREADS, "max_overflow": 0},
    "CACHE_TYPE": "RedisCache",
    "CACHE_REDIS_URL": os.environ["REDIS_URL"],
    "CACHE_KEY_PREFIX": "flask-contender:",
}
app.json.ensure_ascii = False
app.json.sort_keys = False
app.json.compact = True
db = SQLAlchemy(model_class=Base)
models = Models(db.Model)
queries = Queries(models)
db.init_app(app)
cache = Cache(app)


def signed_in() -> Viewer:
    """Who asks; 401 when the token, its session or its reader counts no more."""
    try:
        claims = claims_of(request.headers.get("Authorization", ""))
        session = db.session.scalar(queries.session(claims["sid"], claims["sub"]))
        if session is None:
            abort(401)
        require_standing(vars(session.reader) | vars(session))
    except Refused:
        abort(401)
    return Viewer(session.reader_id, session.reader.language)


@app.get("/api/v1/clubs/<slug>/")
def club(slug: str) -> ResponseReturnValue:
    """The card of one club."""
    row = db.session.execute(queries.club(signed_in().id, slug)).first()
    if row is None:
        abort(404)
    return jsonify(club_dict(row))


@app.get("/api/v1/clubs/")
def clubs() -> ResponseReturnValue:
    """Clubs searched."""
    viewer, pairs = signed_in(), list(request.args.items(multi=True))
    scope = cursors.scope_of(request.path, pairs, viewer.id)
    size = request.args.get("page_size", forms.PAGE, int)
    skip = place(scope)[0] if "cursor" in request.args else 0
    words = request.args["search"].lower().split()
    statement = queries.clubs_searched(viewer.id, words, limit=size + 1, skip=skip)
    found = db.session.execute(statement).all()
    after = cursors.encode("r", [skip + size], scope) if len(found) > size else None
    before = cursors.encode("r", [max(0, skip - size)], scope) if skip else None
    return page(after, before, [club_dict(row) for row in found[:size]])


@app.get("/api/v1/books/<int:book>/reviews/")
def reviews(book: int) -> ResponseReturnValue:
    """Reviews of a book, the newest first."""
    viewer, pairs = signed_in(), list(request.args.items(multi=True))
    scope = cursors.scope_of(request.path, pairs, viewer.id)
    size = request.args.get("page_size", forms.PAGE, int)
    start = place(scope) if "cursor" in request.args else None
    after = (start[0], start[1]) if start else None
    statement = queries.reviews(viewer.id, book, after=after, limit=size + 1)
    found = db.session.execute(statement).all()
    shown = [row.Review for row in found[:size]]
    more, back = None, None
    if len(found) > size:
        more = cursors.encode("n", [shown[-1].created_at, shown[-1].id], scope)
    if shown and start:
        back = cursors.encode("p", [shown[0].created_at, shown[0].id], scope)
    results = [review_dict(row.Review, viewer, liked=row.liked_by_me) for row in found[:size]]
    return page(more, back, results)


@app.post("/api/v1/reviews/")
def publish() -> ResponseReturnValue:
    """A new review, with the numbers of its book and the answer kept for its key."""
    viewer, data, now = signed_in(), request.get_json(), datetime.now(UTC)
    path, key = forms.digest(request.path), request.headers["Idempotency-Key"]
    kept = db.session.scalar(queries.kept_answer(viewer.id, path, key))
    if kept is not None:
        return app.response_class(kept.body, kept.status, mimetype="application/json")
    half_stars, text = round(data["rating"] * 2), data.get("text", "")
    if db.session.scalar(queries.count_rating(data["book"], half_stars)) is None:
        abort(404)
    review = models.Review(
        book_id=data["book"],
        author_id=viewer.id,
        rating=half_stars,
        title=data.get("title", ""),
        text=text,
        text_html=forms.html(text),
        language=viewer.language,
        created_at=now,
        updated_at=now,
    )
    db.session.add(review)
    try:
        db.session.flush()
    except IntegrityError:
        abort(409)
    db.session.execute(queries.count_months(data["book"], now.date()))
    row = db.session.execute(queries.written(viewer.id, review.id)).one()
    answer = review_dict(row.Review, viewer, liked=row.liked_by_me)
    db.session.add(
        models.KeptAnswer(
            user_id=viewer.id,
            path=path,
            key=key,
            fingerprint=forms.digest(forms.canonical(data)),
            status=201,
            body=app.json.dumps(answer, separators=(",", ":")),
            location=f"{request.base_url}{review.id}/",
            etag_version=1,
            created_at=now,
        )
    )
    db.session.commit()
    return jsonify(answer), 201


@app.get("/api/v1/stats/books/<int:book>/")
@cache.cached(timeout=forms.KEPT)
def figures(book: int) -> ResponseReturnValue:
    """The statistics of a book."""
    row = db.get_or_404(models.Book, book)
    names = forms.months()
    counted = db.session.execute(queries.months(book, forms.first_day(names)))
    shown = [dict(entry) for entry in db.session.execute(queries.entries(book)).mappings()]
    by_month = dict(counted.all())
    number = shown[0]["n"] if shown else 0
    return jsonify(forms.figures(vars(row), shown, number, by_month, names))


def club_dict(row: Any) -> dict[str, Any]:
    """The card of a club with the viewer's standing."""
    return forms.club({**vars(row.Club), "my_role": row.my_role, "my_state": row.my_state})


def review_dict(review: Any, viewer: Viewer, *, liked: bool) -> dict[str, Any]:
    """A review, locked for others when it contains spoilers."""
    related = {
        "book_title": review.book.title,
        "username": review.author.username,
        "display_name": review.author.display_name,
        "erased_at": review.author.erased_at,
        "imported_at": review.author.imported_at,
        "club_slug": review.club.slug if review.club else None,
        "liked_by_me": liked,
    }
    return forms.review(vars(review) | related, viewer.id)


def place(scope: str) -> list[Any]:
    """The values of the cursor; 400 for one of another list."""
    try:
        return cursors.decode(request.args["cursor"], scope)[1]
    except ValueError:
        return abort(400)


def page(after: str | None, before: str | None, results: list[Any]) -> ResponseReturnValue:
    """One page of a list."""
    pairs = list(request.args.items(multi=True))
    return jsonify(
        {
            "next": cursors.address(request.base_url, pairs, after),
            "previous": cursors.address(request.base_url, pairs, before),
            "results": results,
        }
    )
