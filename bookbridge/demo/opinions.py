"""The demo's reviews and likes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookbridge.demo.chance import SPOILERS_IN_100, Chance
from bookbridge.demo.data import Data
from bookbridge.demo.people import Reader
from bookbridge.demo.reading import Read
from clubs.models import Book, Club
from reviews.models import Like, Review
from reviews.months import settle_clubs, settle_months
from reviews.services import like_review, publish_review

#: So many of the reviews, in a hundred, are written in clubs.
IN_CLUBS = 45
Progress = Callable[[Iterable[int], str], Iterable[int]]


@dataclass
class Opinion:
    """A review that will be published."""

    reader: Reader
    book: Book
    club: Club | None
    at: datetime


def plan(
    data: Data,
    readers: list[Reader],
    books: list[tuple[Book, str]],
    read: list[Read],
    chance: Chance,
) -> list[Opinion]:
    """Who reviews what, oldest first; nobody reviews a book twice."""
    planned: dict[tuple[int, int], Opinion] = {}
    for opinion in _of_clubs(read, chance):
        if len(planned) >= data.reviews * IN_CLUBS // 100:
            break
        planned.setdefault((opinion.reader.user.pk, opinion.book.pk), opinion)
    weights = chance.popularity(books)
    tries = 0
    while len(planned) < data.reviews and tries < data.reviews * 20:
        tries += 1
        reader = chance.random.choice(readers)
        book, language = chance.random.choices(books, weights)[0]
        if language not in (reader.language, "en") and chance.in_100(60):
            continue
        opinion = Opinion(reader, book, None, chance.between(reader.since, chance.now))
        planned.setdefault((reader.user.pk, book.pk), opinion)
    return sorted(planned.values(), key=lambda opinion: opinion.at)


def _of_clubs(read: list[Read], chance: Chance) -> list[Opinion]:
    found = []
    for done in read:
        latest = min((done.finished or chance.now) + timedelta(days=25), chance.now)
        for member in done.circle.members:
            if member.since < latest and chance.in_100(60):
                at = chance.between(max(done.started, member.since), latest)
                found.append(Opinion(member.reader, done.book, done.circle.club, at))
    chance.random.shuffle(found)
    return found


def publish(data: Data, planned: list[Opinion], chance: Chance, progress: Progress) -> list[Review]:
    """Publish what was planned, each review at its moment."""
    quality: dict[int, int] = {}
    reviews = []
    for number in progress(range(len(planned)), "Reviews"):
        opinion = planned[number]
        rating = chance.half_stars(quality.setdefault(opinion.book.pk, chance.quality()))
        words = chance.opinion(data.opinions, opinion.reader.language, rating)
        review = publish_review(
            by=opinion.reader.user,
            book=opinion.book,
            rating=rating,
            title=words["title"],
            text=words["text"],
            contains_spoilers=bool(words["text"]) and chance.in_100(SPOILERS_IN_100),
            club=opinion.club,
        )
        review.created_at = review.updated_at = opinion.at
        reviews.append(review)
    Review.objects.bulk_update(reviews, ["created_at", "updated_at"], batch_size=200)
    settle_months({review.book_id for review in reviews})
    settle_clubs({review.club_id for review in reviews if review.club_id is not None})
    return reviews


def like(
    data: Data, reviews: list[Review], readers: list[Reader], chance: Chance, progress: Progress
) -> None:
    """Let readers like public reviews of others, a few of them very much."""
    public = [review for review in reviews if review.club_id is None and review.text]
    if not public:
        return
    weights = chance.popularity(public)
    moments: dict[tuple[int, int], datetime] = {}
    for _number in progress(range(data.likes), "Likes"):
        review = chance.random.choices(public, weights)[0]
        reader = chance.random.choice(readers).user
        if review.author_id == reader.pk or (review.pk, reader.pk) in moments:
            continue
        like_review(review=review, by=reader)
        moments[review.pk, reader.pk] = chance.between(review.created_at, chance.now)
    likes = list(Like.objects.filter(review_id__in={review_id for review_id, _ in moments}))
    for row in likes:
        row.created_at = moments.get((row.review_id, row.reader_id), row.created_at)
    Like.objects.bulk_update(likes, ["created_at"], batch_size=200)
