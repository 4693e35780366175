"""The models of pydantic that describe what FastAPI takes and answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class ClubOut(BaseModel):
    """The card of a club."""

    slug: str
    name: str
    description: str
    description_html: str
    visibility: str
    join_policy: str
    language: str
    time_zone: str
    max_members: int | None
    members_count: int
    my_role: str | None
    my_state: str | None
    archived_at: datetime | None
    created_at: datetime


class BookOut(BaseModel):
    """A book, as part of something else."""

    id: int
    title: str


class PersonOut(BaseModel):
    """A reader, as part of something else."""

    username: str
    display_name: str
    imported: bool


class ReviewOut(BaseModel):
    """A review."""

    id: int
    book: BookOut
    author: PersonOut | None
    club: str | None
    rating: float
    title: str | None
    text: str | None
    text_html: str | None
    contains_spoilers: bool
    locked: bool
    language: str
    likes_count: int
    liked_by_me: bool
    created_at: datetime
    edited_at: datetime | None


class Clubs(BaseModel):
    """One page of clubs."""

    next: str | None
    previous: str | None
    results: list[ClubOut]


class Reviews(BaseModel):
    """One page of reviews."""

    next: str | None
    previous: str | None
    results: list[ReviewOut]


class ReviewIn(BaseModel):
    """A review to be published."""

    book: int
    rating: float
    title: str = ""
    text: str = ""


class ReaderClub(BaseModel):
    """A club that reads a book."""

    slug: str
    name: str
    status: str


class MonthOut(BaseModel):
    """How many reviews of a month."""

    month: str
    reviews: int


class FiguresOut(BaseModel):
    """The statistics of a book."""

    rating_count: int
    rating_average: float | None
    weighted_mean: float
    histogram: dict[str, int]
    clubs_count: int
    clubs: list[ReaderClub]
    by_month: list[MonthOut]
    generated_at: datetime
