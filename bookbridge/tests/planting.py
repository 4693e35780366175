"""Differences planted one by one, to see that each check finds its own.

A planter breaks one rule in a small world where all rules hold. What it gives, if anything, is
called afterwards to take the difference back where the database would not do it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import usernames
from accounts.models import ReaderCount, RetiredUsername, User
from accounts.tests.factories import SessionFactory, UserFactory
from bookbridge.kernel.models import OutboxJob
from clubs.books.tests.factories import AuthorFactory, BookFactory
from clubs.membership.tests.factories import ClubFactory, MembershipFactory
from clubs.models import (
    Authorship,
    Book,
    Club,
    EntryMove,
    FinishedMonth,
    Invitation,
    Isbn,
    ListEntry,
    Membership,
    RetiredSlug,
    Support,
)
from clubs.reading.counting import count_move
from clubs.reading.tests.factories import EntryFactory
from reviews.models import Like, Review, ReviewMonth
from reviews.tests.factories import ReviewFactory

PLANTERS: dict[str, Callable[[], Any]] = {}


def small_world() -> None:
    """A club with a list, reviews, likes and sessions: nothing is wrong in it."""
    owner = UserFactory(username="owner")
    club = ClubFactory(owner=owner)
    book = BookFactory(isbns=["9780306406157"], added_by=owner)
    Book.objects.filter(pk=book.pk).update(shared_at=timezone.now())
    entry = EntryFactory(club=club, book=book, status="reading", started_on=date(2026, 10, 1))
    done = EntryFactory(club=club, finished=True)
    Support.objects.create(entry=done, reader=owner)
    ListEntry.objects.filter(pk=done.pk).update(supporters_count=1)
    review = ReviewFactory(book=entry.book, author=UserFactory(), club=club, text="Good.")
    Like.objects.create(review=review, reader=owner)
    Review.objects.filter(pk=review.pk).update(likes_count=1)
    SessionFactory(reader=owner)
    UserFactory(erased=True)
    UserFactory(moderator=True)


def breaks(check: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a planter."""

    def register(planter: Callable[[], Any]) -> Callable[[], Any]:
        PLANTERS[check] = planter
        return planter

    return register


def execute(statement: str, parameters: Any = None) -> None:
    """Run a statement past all rules."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def unguarded(table: str, *constraints: str) -> None:
    """Let a table take what its check constraints forbid, until the test is over."""
    if connection.vendor == "sqlite":
        execute("PRAGMA ignore_check_constraints = ON")
        return
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name in constraints:
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def guarded() -> None:
    """End what `unguarded` began."""
    if connection.vendor == "sqlite":
        execute("PRAGMA ignore_check_constraints = OFF")


# -- readers ------------------------------------------------------------------------------


def some_reader() -> Any:
    return User.objects.filter(username="owner")


PLANTERS |= {
    "reader_username_form": lambda: some_reader().update(username="Ow.ner"),
    "reader_email_lower_case": lambda: some_reader().update(email="Owner@example.org"),
    "reader_email_verified": lambda: some_reader().update(email=None),
    "retired_username_in_use": lambda: RetiredUsername.objects.create(
        digest=usernames.digest("owner")
    ),
    "readers_count": lambda: ReaderCount.objects.update(number=9),
    "tombstone_is_erased": lambda: some_reader().update(username="deleted-0"),
    "erased_reader_is_empty": lambda: UserFactory(erased=True, bio="I am still here."),
    "erased_reader_has_nothing": lambda: SessionFactory(reader=UserFactory(erased=True)),
    "suspension_is_whole": lambda: some_reader().update(suspended_until=timezone.now()),
    "site_role_enters_admin": lambda: some_reader().update(is_staff=True),
    "session_revocation_is_whole": lambda: SessionFactory(revoked_at=timezone.now()),
    "session_times_in_order": lambda: SessionFactory(expires_at=timezone.now() - timedelta(days=1)),
    "session_refresh_token_once": lambda: [SessionFactory(refresh_jti="a") for _ in range(2)],
    "reader_search_text": lambda: some_reader().update(search_text="somebody else"),
}

# -- clubs --------------------------------------------------------------------------------

PLANTERS |= {
    "club_has_one_owner": lambda: Membership.objects.update(role="member"),
    "retired_slug_in_use": lambda: RetiredSlug.objects.create(slug=Club.objects.get().slug),
    "club_slug_form": lambda: Club.objects.update(slug="A--slug"),
    "role_only_of_active_members": lambda: MembershipFactory(state="left", role="moderator"),
    "removal_has_its_moment": lambda: MembershipFactory(state="removed", removed_at=None),
    "addressed_invitation_stands": lambda: Invitation.objects.create(
        club=Club.objects.get(), reader=UserFactory()
    ),
    "club_moments_are_past": lambda: Membership.objects.update(
        joined_at=timezone.now() + timedelta(days=1)
    ),
    "club_members_count": lambda: Club.objects.update(members_count=7),
    "club_moves_count": lambda: Club.objects.update(moves_count=1),
    "club_search_text": lambda: Club.objects.update(search_text="another"),
}


@breaks("hidden_club_is_by_invitation")
def _hidden() -> None:
    unguarded("clubs_club", "club_hidden_is_by_invitation")
    Club.objects.update(visibility="hidden", join_policy="open")


@breaks("active_member_has_joined")
def _never_joined() -> None:
    unguarded("clubs_membership", "membership_active_has_joined")
    Membership.objects.update(joined_at=None)


@breaks("invitation_uses_within_limit")
def _overused() -> None:
    link = Invitation.objects.create(
        club=Club.objects.get(), token_digest="x" * 64, expires_at=timezone.now()
    )
    unguarded("clubs_invitation", "invitation_uses_within_limit")
    Invitation.objects.filter(pk=link.pk).update(uses=2)


# -- books and opinions -------------------------------------------------------------------


@breaks("book_authors_in_order")
def _same_place() -> None:
    Authorship.objects.create(book=Book.objects.first(), author=AuthorFactory(), position=0)


@breaks("book_sum_fits_count")
def _wrong_sum() -> None:
    unguarded("clubs_book", "book_rating_sum_fits_count")
    Book.objects.update(rating_sum=999)


@breaks("book_search_index")
def _no_index() -> None:
    if connection.vendor == "sqlite":
        execute("DELETE FROM clubs_book_fts")
        return
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("DROP INDEX clubs_book_words")


@breaks("review_rating_in_half_stars")
def _eleven() -> None:
    unguarded("reviews_review", "review_rating_in_half_stars")
    Review.objects.update(rating=11)


@breaks("like_is_of_others")
def _own_like() -> None:
    review = Review.objects.get()
    Like.objects.create(review=review, reader=review.author)


PLANTERS |= {
    "isbn_is_valid": lambda: Isbn.objects.update(isbn13="9780306406158"),
    "book_in_use_is_shared": lambda: Book.objects.update(shared_at=None),
    "book_search_text": lambda: Book.objects.update(search_text="another"),
    "book_ratings": lambda: Book.objects.filter(rating_count=1).update(stars_50=4),
    "review_months": lambda: ReviewMonth.objects.update(number=7),
    "review_html_of_text": lambda: Review.objects.update(text=""),
    "review_likes_count": lambda: Review.objects.update(likes_count=3),
}

# -- lists --------------------------------------------------------------------------------


@breaks("finished_entry_has_its_day")
def _no_day() -> None:
    unguarded("clubs_listentry", "entry_finished_has_its_day")
    ListEntry.objects.update(finished_on=None)


def _move(before: str, after: str) -> None:
    entry = ListEntry.objects.get(status="reading")
    EntryMove.objects.create(entry=entry, from_status=before, to_status=after)
    count_move(entry.club)
    ListEntry.objects.filter(pk=entry.pk).update(status=after, finished_on=date(2026, 10, 2))


PLANTERS |= {
    "finished_months": lambda: FinishedMonth.objects.create(
        part=3, archived=False, month=date(2026, 10, 1), number=2
    ),
    "list_positions": lambda: ListEntry.objects.update(position=5),
    "entry_being_read_has_begun": lambda: ListEntry.objects.update(started_on=None),
    "entry_days_in_order": lambda: ListEntry.objects.update(finished_on=date(2025, 1, 1)),
    "entry_status_is_last_move": lambda: ListEntry.objects.update(status="dropped"),
    "entry_moves_are_a_chain": lambda: _move("planned", "dropped"),
    "entry_moves_are_legal": lambda: _move("reading", "proposed"),
    "entry_supporters_count": lambda: ListEntry.objects.update(supporters_count=4),
}

# -- the database itself ------------------------------------------------------------------


@breaks("constraints_are_there")
def _no_constraint() -> None:
    execute("SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1")
    execute("DROP INDEX entry_of_book")


@breaks("references_lead_somewhere")
def _orphan() -> Callable[[], None]:
    if connection.vendor == "sqlite":
        like = Like.objects.get()
        Like.objects.filter(pk=like.pk).update(review=0)
        return lambda: Like.objects.filter(pk=like.pk).delete()
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(
        "ALTER TABLE reviews_like ADD CONSTRAINT of_review FOREIGN KEY (review_id) "
        "REFERENCES reviews_review NOT VALID"
    )
    return lambda: None


# -- the outbox ---------------------------------------------------------------------------


def a_job(**values: Any) -> Any:
    now = timezone.now()
    return OutboxJob.objects.create(kind="mail", **{"not_before": now, "due_at": now, **values})


PLANTERS |= {
    "outbox_done_is_empty": lambda: a_job(done_at=timezone.now(), reader=some_reader().get()),
    "outbox_waiting_is_whole": lambda: a_job(),
    "outbox_parked_has_its_reason": lambda: a_job(parked_at=timezone.now()),
    "outbox_claims_are_counted": lambda: a_job(sealed_payload="x", claimed_until=timezone.now()),
}
