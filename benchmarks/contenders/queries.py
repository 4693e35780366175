"""The questions of the two SQLAlchemy contenders, which differ in how they ask them.

Everything an answer shows is loaded by its statement: joined relations, no lazy loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    String,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import contains_eager

from benchmarks.contenders.forms import STAR_COLUMNS
from benchmarks.contenders.statements import PARTS
from benchmarks.contenders.tables import Models

#: As the index of clubs by words has it.
SPACE = literal_column("' '", String)


class Queries:
    """Statements over the models of one declarative base."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def session(self, session_uid: Any, reader_uid: Any) -> Any:
        """The session of a token with its reader."""
        m = self.models
        return (
            select(m.Session)
            .join(m.Session.reader)
            .options(contains_eager(m.Session.reader))
            .where(m.Session.uid == session_uid, m.Reader.uid == reader_uid)
        )

    def clubs(self, viewer_id: int) -> Any:
        """Clubs that the viewer may know of, each with the viewer's role and state."""
        m = self.models
        state = m.Membership.state
        role = case((state == "active", m.Membership.role))
        own = and_(m.Membership.club_id == m.Club.id, m.Membership.reader_id == viewer_id)
        known = and_(m.Club.visibility != "hidden", state.is_distinct_from("banned"))
        return (
            select(m.Club, role.label("my_role"), state.label("my_state"))
            .outerjoin(m.Membership, own)
            .where(or_(known, state.in_(("active", "invited"))))
        )

    def club(self, viewer_id: int, slug: str) -> Any:
        """One of them."""
        return self.clubs(viewer_id).where(self.models.Club.slug == slug)

    def clubs_searched(self, viewer_id: int, words: Sequence[str], *, limit: int, skip: int) -> Any:
        """Those that have all words, the best match first."""
        club = self.models.Club
        found = self.clubs(viewer_id)
        for word in words:
            found = found.where((SPACE + club.search_text).like(f"% {word}%"))
        rank = case((club.search_text.startswith(" ".join(words)), 0), else_=1)
        order = (rank, club.members_count.desc(), club.id.desc())
        return found.order_by(*order).limit(limit).offset(skip)

    def reviews(
        self, viewer_id: int, book_id: int, *, after: tuple[datetime, int] | None, limit: int
    ) -> Any:
        """Reviews of a book that the viewer may read, the newest first, and whether liked."""
        m = self.models
        own = and_(m.Membership.club_id == m.Review.club_id, m.Membership.reader_id == viewer_id)
        public = or_(m.Review.club_id.is_(None), m.Club.visibility == "public")
        readable = or_(
            m.Membership.state == "active",
            and_(public, m.Membership.state.is_distinct_from("banned")),
        )
        shown = and_(m.Review.hidden_at.is_(None), m.Reader.erased_at.is_(None), readable)
        found = (
            self.review(viewer_id)
            .outerjoin(m.Membership, own)
            .where(m.Review.book_id == book_id, or_(m.Review.author_id == viewer_id, shown))
            .order_by(m.Review.created_at.desc(), m.Review.id.desc())
            .limit(limit)
        )
        if after is None:
            return found
        return found.where(tuple_(m.Review.created_at, m.Review.id) < tuple_(*after))

    def review(self, viewer_id: int) -> Any:
        """Reviews with author, book and club, and whether the viewer likes them."""
        m = self.models
        liked = exists().where(m.Like.review_id == m.Review.id, m.Like.reader_id == viewer_id)
        return (
            select(m.Review, liked.label("liked_by_me"))
            .join(m.Review.book)
            .join(m.Review.author)
            .outerjoin(m.Review.club)
            .options(
                contains_eager(m.Review.book).load_only(m.Book.title),
                contains_eager(m.Review.author).load_only(
                    m.Reader.username,
                    m.Reader.display_name,
                    m.Reader.erased_at,
                    m.Reader.imported_at,
                ),
                contains_eager(m.Review.club).load_only(m.Club.slug),
            )
        )

    def written(self, viewer_id: int, review_id: int) -> Any:
        """A review just written, read again with all that its answer shows."""
        found = self.review(viewer_id).where(self.models.Review.id == review_id)
        return found.execution_options(populate_existing=True)

    def kept_answer(self, viewer_id: int, path: str, key: str) -> Any:
        """The answer kept for an idempotency key."""
        kept = self.models.KeptAnswer
        return select(kept).where(kept.user_id == viewer_id, kept.path == path, kept.key == key)

    def count_rating(self, book_id: int, half_stars: int) -> Any:
        """Count one rating into the numbers of its book; gives the key back if there is one."""
        book = self.models.Book
        column = STAR_COLUMNS[half_stars - 1]
        return (
            update(book)
            .where(book.id == book_id)
            .values(
                {
                    "rating_count": book.rating_count + 1,
                    "rating_sum": book.rating_sum + half_stars,
                    column: getattr(book, column) + 1,
                }
            )
            .returning(book.id)
            .execution_options(synchronize_session=False)
        )

    def count_months(self, book_id: int, day: date) -> Any:
        """Count one review into its month, of the book and of the book's part of the site."""
        month = self.models.Month
        places = sorted((book_id, -(book_id % PARTS) - 1))
        first = day.replace(day=1)
        rows = [{"of": place, "month": first, "number": 1} for place in places]
        return (
            insert(month)
            .values(rows)
            .on_conflict_do_update(
                index_elements=[month.of, month.month], set_={"number": month.number + 1}
            )
        )

    def months(self, book_id: int, since: date) -> Any:
        """How many reviews of a book everybody may see, by month."""
        month = self.models.Month
        name = func.to_char(month.month, "YYYY-MM").label("month")
        return select(name, month.number).where(month.of == book_id, month.month >= since)

    def entries(self, book_id: int) -> Any:
        """The public clubs that read a book, the largest first, and how many there are."""
        m = self.models
        reading = or_(m.Entry.finished_on.is_not(None), m.Entry.status.in_(("reading", "finished")))
        return (
            select(m.Club.slug, m.Club.name, m.Entry.status, func.count().over().label("n"))
            .select_from(m.Entry)
            .join(m.Entry.club)
            .where(m.Entry.book_id == book_id, m.Club.visibility == "public", reading)
            .order_by(m.Club.members_count.desc(), m.Club.id)
            .limit(50)
        )
