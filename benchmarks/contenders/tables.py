"""The tables as SQLAlchemy models, for the contenders that use it.

Columns alone: defaults and indices are those of the database.

"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, SmallInteger, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

Moment = DateTime(timezone=True)


class SessionColumns:
    """A sign-in."""

    __tablename__ = "accounts_session"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uid: Mapped[uuid.UUID] = mapped_column(Uuid)
    reader_id: Mapped[int] = mapped_column(ForeignKey("accounts_user.id"))
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class ReaderColumns:
    """A reader."""

    __tablename__ = "accounts_user"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uid: Mapped[uuid.UUID] = mapped_column(Uuid)
    username: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)
    imported_at: Mapped[datetime | None] = mapped_column(Moment)
    suspended_at: Mapped[datetime | None] = mapped_column(Moment)
    suspended_until: Mapped[datetime | None] = mapped_column(Moment)


class ClubColumns:
    """A club."""

    __tablename__ = "clubs_club"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    description_html: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text)
    join_policy: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    max_members: Mapped[int | None] = mapped_column(Integer)
    members_count: Mapped[int] = mapped_column(Integer)
    archived_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    search_text: Mapped[str] = mapped_column(Text, deferred=True)


class MembershipColumns:
    """Where a reader stands towards a club."""

    __tablename__ = "clubs_membership"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("clubs_club.id"))
    reader_id: Mapped[int] = mapped_column(ForeignKey("accounts_user.id"))
    state: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)


class BookColumns:
    """A book and its numbers."""

    __tablename__ = "clubs_book"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    rating_count: Mapped[int] = mapped_column(Integer)
    rating_sum: Mapped[int] = mapped_column(BigInteger)
    weighted_mean: Mapped[float]
    stars_05: Mapped[int]
    stars_10: Mapped[int]
    stars_15: Mapped[int]
    stars_20: Mapped[int]
    stars_25: Mapped[int]
    stars_30: Mapped[int]
    stars_35: Mapped[int]
    stars_40: Mapped[int]
    stars_45: Mapped[int]
    stars_50: Mapped[int]


class EntryColumns:
    """A book on the list of a club."""

    __tablename__ = "clubs_listentry"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("clubs_club.id"))
    book_id: Mapped[int] = mapped_column(ForeignKey("clubs_book.id"))
    status: Mapped[str] = mapped_column(Text)
    finished_on: Mapped[date | None]


class LikeColumns:
    """A reader likes a review."""

    __tablename__ = "reviews_like"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews_review.id"))
    reader_id: Mapped[int] = mapped_column(ForeignKey("accounts_user.id"))


class ReviewColumns:
    """A review."""

    __tablename__ = "reviews_review"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("clubs_book.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("accounts_user.id"))
    club_id: Mapped[int | None] = mapped_column(ForeignKey("clubs_club.id"))
    rating: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    text_html: Mapped[str] = mapped_column(Text, default="")
    contains_spoilers: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(Text)
    likes_count: Mapped[int] = mapped_column(default=0)
    undated: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    hidden_at: Mapped[datetime | None] = mapped_column(Moment)
    edited_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class MonthColumns:
    """How many reviews of a book, or of a part of the site, were written in a month."""

    __tablename__ = "reviews_reviewmonth"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    of: Mapped[int] = mapped_column(BigInteger)
    month: Mapped[date]
    number: Mapped[int]


class KeptAnswerColumns:
    """The first answer to an idempotency key."""

    __tablename__ = "kernel_idempotencykey"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("accounts_user.id"))
    path: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    etag_version: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Moment)


class Models:
    """The models on one declarative base, with their relations."""

    def __init__(self, base: Any) -> None:
        def model(name: str, columns: type, **relations: Any) -> Any:
            return type(name, (columns, base), relations)

        self.Reader = model("Reader", ReaderColumns)
        self.Session = model("Session", SessionColumns, reader=relationship("Reader"))
        self.Club = model("Club", ClubColumns)
        self.Membership = model("Membership", MembershipColumns)
        self.Book = model("Book", BookColumns)
        self.Entry = model("Entry", EntryColumns, club=relationship("Club"))
        self.Like = model("Like", LikeColumns)
        self.Review = model(
            "Review",
            ReviewColumns,
            book=relationship("Book"),
            author=relationship("Reader"),
            club=relationship("Club"),
        )
        self.Month = model("Month", MonthColumns)
        self.KeptAnswer = model("KeptAnswer", KeptAnswerColumns)
