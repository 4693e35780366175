"""The rules of reading lists, without HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from bookbridge.kernel.announcements import changed
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed, Stale
from clubs.books.models import Book
from clubs.books.tests.factories import BookFactory
from clubs.membership.models import Club, Role
from clubs.membership.tests.factories import ClubFactory, member_of
from clubs.reading import services
from clubs.reading.models import EntryMove, ListEntry, Status, Support
from clubs.reading.moves import FIRST, MOVES
from clubs.reading.tests.factories import EntryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return UserFactory()


@pytest.fixture
def club(owner: Any) -> Club:
    return ClubFactory(owner=owner)


@pytest.fixture
def member(club: Club) -> Any:
    return member_of(club, UserFactory()).reader


def move(entry: ListEntry, by: Any, status: str, **kwargs: Any) -> ListEntry:
    return services.edit_entry(entry=entry, by=by, changes={"status": status}, **kwargs)


def positions(club: Club) -> list[tuple[int, int]]:
    entries = ListEntry.objects.filter(club=club).in_order()
    return list(entries.values_list("pk", "position"))


class TestAdding:
    def test_a_member_proposes_at_the_end_of_the_list(self, club: Club, member: Any) -> None:
        first = services.add_entry(club=club, book=BookFactory(), by=member, pitch="Short.")
        second = services.add_entry(club=club, book=BookFactory(), by=member)
        assert (first.status, first.position, first.pitch) == ("proposed", 1, "Short.")
        assert (first.proposed_by, second.position) == (member, 2)
        club.refresh_from_db()
        assert club.list_version == 3

    @pytest.mark.parametrize("status", FIRST)
    def test_staff_may_begin_further_on(self, club: Club, status: str) -> None:
        moderator = member_of(club, UserFactory(), role=Role.MODERATOR).reader
        entry = services.add_entry(club=club, book=BookFactory(), by=moderator, status=status)
        move_made = EntryMove.objects.get(entry=entry)
        assert (move_made.from_status, move_made.to_status) == ("", status)
        assert move_made.moved_by == moderator
        assert (entry.started_on is not None) == (status == "reading")
        assert (entry.finished_on is not None) == (status == "finished")

    def test_nothing_begins_dropped(self, club: Club, owner: Any) -> None:
        with pytest.raises(DomainError) as refused:
            services.add_entry(club=club, book=BookFactory(), by=owner, status=Status.DROPPED)
        assert refused.value.code == "illegal_move"

    def test_members_do_not_plan(self, club: Club, member: Any) -> None:
        with pytest.raises(NotAllowed) as refused:
            services.add_entry(club=club, book=BookFactory(), by=member, status=Status.PLANNED)
        assert refused.value.code == "role_too_low"

    def test_strangers_do_not_propose(self, club: Club) -> None:
        with pytest.raises(NotAllowed) as refused:
            services.add_entry(club=club, book=BookFactory(), by=UserFactory())
        assert refused.value.code == "not_a_member"

    def test_a_book_is_on_a_list_once(self, club: Club, member: Any) -> None:
        entry = EntryFactory(club=club)
        with pytest.raises(DomainError) as refused:
            services.add_entry(club=club, book=entry.book, by=member)
        assert refused.value.code == "already_listed"
        url = f"/api/v1/clubs/{club.slug}/books/{entry.pk}/"
        assert refused.value.extra["existing"] == {"id": entry.pk, "url": url}
        EntryFactory(book=entry.book)  # another club may

    def test_an_archived_list_stays_as_it_is(self, owner: Any) -> None:
        club = ClubFactory(owner=owner, archived=True)
        entry = EntryFactory(club=club)
        acts = [
            lambda: services.add_entry(club=club, book=BookFactory(), by=owner),
            lambda: move(entry, owner, "planned"),
            lambda: services.remove_entry(entry=entry, by=owner),
            lambda: services.reorder_list(club=club, order=[entry.pk], by=owner),
            lambda: services.support_entry(entry=entry, by=owner),
            lambda: services.withdraw_support(entry=entry, by=owner),
        ]
        for act in acts:
            with pytest.raises(DomainError) as refused:
                act()
            assert refused.value.code == "club_archived"

    def test_a_book_that_is_gone_is_missing(self, club: Club, member: Any) -> None:
        book = BookFactory()
        Book.objects.filter(pk=book.pk).delete()
        with pytest.raises(Missing):
            services.add_entry(club=club, book=book, by=member)

    def test_listing_another_readers_book_makes_it_shared(self, club: Club, member: Any) -> None:
        own, other = BookFactory(added_by=member), BookFactory(added_by=UserFactory())
        services.add_entry(club=club, book=own, by=member)
        services.add_entry(club=club, book=other, by=member)
        own.refresh_from_db()
        other.refresh_from_db()
        assert own.shared_at is None
        assert other.shared_at is not None


class TestMoving:
    @pytest.mark.parametrize("after", list(Status))
    @pytest.mark.parametrize("before", list(Status))
    def test_only_the_moves_of_the_table(
        self, club: Club, owner: Any, before: str, after: str
    ) -> None:
        entry = EntryFactory(club=club, **({} if before == "proposed" else {before: True}))
        if after == before or after in MOVES[before]:
            moved = move(entry, owner, after)
            assert moved.status == after
            assert moved.version == (1 if after == before else 2)
            assert entry.moves.count() == (1 if after == before else 2)
        else:
            with pytest.raises(DomainError) as refused:
                move(entry, owner, after)
            assert refused.value.code == "illegal_move"
            assert refused.value.extra["allowed"] == list(MOVES[before])

    def test_the_table_is_that_of_the_domain(self) -> None:
        assert {str(before): {str(each) for each in after} for before, after in MOVES.items()} == {
            "proposed": {"planned", "dropped"},
            "planned": {"reading", "dropped"},
            "reading": {"finished", "dropped"},
            "finished": {"reading"},
            "dropped": {"proposed"},
        }

    def test_days_are_those_of_the_club(self, owner: Any) -> None:
        club = ClubFactory(owner=owner, time_zone="America/Sao_Paulo")
        entry = EntryFactory(club=club, planned=True)
        late = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)  # still October in Sao Paulo
        assert move(entry, owner, "reading", now=late).started_on == date(2026, 10, 31)
        noon = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
        assert move(entry, owner, "finished", now=noon).finished_on == date(2026, 11, 20)

    def test_a_second_reading_keeps_its_days_until_it_is_finished(
        self, club: Club, owner: Any
    ) -> None:
        entry = EntryFactory(club=club, finished=True)
        again = move(entry, owner, "reading", now=datetime(2027, 1, 5, 12, tzinfo=UTC))
        assert (again.started_on, again.finished_on) == (date(2026, 10, 1), date(2026, 11, 1))
        done = move(entry, owner, "finished", now=datetime(2027, 2, 6, 12, tzinfo=UTC))
        assert (done.started_on, done.finished_on) == (date(2026, 10, 1), date(2027, 2, 6))

    def test_members_do_not_move(self, club: Club, member: Any) -> None:
        with pytest.raises(NotAllowed) as refused:
            move(EntryFactory(club=club, proposed_by=member), member, "planned")
        assert refused.value.code == "role_too_low"

    def test_a_pitch_belongs_to_who_proposed_the_book(
        self, club: Club, owner: Any, member: Any
    ) -> None:
        entry = EntryFactory(club=club, proposed_by=member)
        pitched = services.edit_entry(entry=entry, by=member, changes={"pitch": "Yes!"})
        assert (pitched.pitch, pitched.version) == ("Yes!", 2)
        with pytest.raises(NotAllowed) as refused:
            services.edit_entry(entry=entry, by=owner, changes={"pitch": "No."})
        assert refused.value.code == "not_your_pitch"

    def test_a_stale_edit_is_refused(self, club: Club, owner: Any) -> None:
        entry = EntryFactory(club=club)
        move(entry, owner, "planned", expected=frozenset({1}))
        with pytest.raises(Stale):
            move(entry, owner, "reading", expected=frozenset({1}))

    def test_an_entry_that_is_gone_is_missing(self, club: Club, owner: Any) -> None:
        entry = EntryFactory(club=club)
        ListEntry.objects.filter(pk=entry.pk).delete()
        with pytest.raises(Missing):
            move(entry, owner, "planned")


class TestRemoving:
    def test_staff_remove_and_the_rest_moves_up(self, club: Club, owner: Any) -> None:
        first, second, third = (EntryFactory(club=club, planned=True) for _ in range(3))
        services.remove_entry(entry=second, by=owner)
        assert positions(club) == [(first.pk, 1), (third.pk, 2)]
        club.refresh_from_db()
        assert club.list_version == 2

    def test_proposers_withdraw_what_is_still_a_proposal(self, club: Club, member: Any) -> None:
        services.remove_entry(entry=EntryFactory(club=club, proposed_by=member), by=member)
        with pytest.raises(DomainError) as refused:
            services.remove_entry(
                entry=EntryFactory(club=club, proposed_by=member, planned=True), by=member
            )
        assert refused.value.code == "not_a_proposal"

    def test_members_leave_others_proposals_alone(self, club: Club, member: Any) -> None:
        with pytest.raises(NotAllowed):
            services.remove_entry(entry=EntryFactory(club=club), by=member)

    @pytest.mark.parametrize("later", [[], ["reading"], ["reading", "dropped", "proposed"]])
    def test_what_was_ever_finished_stays(self, club: Club, owner: Any, later: list[str]) -> None:
        entry = EntryFactory(club=club, finished=True)
        for status in later:
            move(entry, owner, status)
        with pytest.raises(DomainError) as refused:
            services.remove_entry(entry=entry, by=owner)
        assert refused.value.code == "entry_was_finished"


class TestReordering:
    def test_the_whole_order_at_once(self, club: Club, owner: Any) -> None:
        keys = [EntryFactory(club=club).pk for _ in range(4)]
        after = services.reorder_list(club=club, order=keys[::-1], by=owner)
        assert [key for key, _position in positions(club)] == keys[::-1]
        assert [position for _key, position in positions(club)] == [1, 2, 3, 4]
        assert after.list_version == 2

    def test_the_same_order_is_no_change(self, club: Club, owner: Any) -> None:
        keys = [EntryFactory(club=club).pk for _ in range(2)]
        assert services.reorder_list(club=club, order=keys, by=owner).list_version == 1

    def test_exactly_the_ids_of_the_list(self, club: Club, owner: Any) -> None:
        one, two = (EntryFactory(club=club).pk for _ in range(2))
        strange = EntryFactory().pk
        for order in ([], [one], [one, one], [one, two, two], [one, strange], [one, two, strange]):
            with pytest.raises(DomainError) as refused:
                services.reorder_list(club=club, order=order, by=owner)
            assert refused.value.code == "order_mismatch"

    def test_staff_only(self, club: Club, member: Any) -> None:
        with pytest.raises(NotAllowed):
            services.reorder_list(club=club, order=[], by=member)


class TestSupport:
    def test_once_for_each_member(self, club: Club, owner: Any, member: Any) -> None:
        entry = EntryFactory(club=club)
        for reader in (owner, member, member):
            services.support_entry(entry=entry, by=reader)
        entry.refresh_from_db()
        assert (entry.supporters_count, Support.objects.count(), entry.version) == (2, 2, 1)
        for reader in (member, member):
            services.withdraw_support(entry=entry, by=reader)
        entry.refresh_from_db()
        assert (entry.supporters_count, Support.objects.count()) == (1, 1)

    def test_only_of_proposals(self, club: Club, member: Any) -> None:
        for act in (services.support_entry, services.withdraw_support):
            with pytest.raises(DomainError) as refused:
                act(entry=EntryFactory(club=club, planned=True), by=member)
            assert refused.value.code == "not_a_proposal"


def test_a_write_is_announced(
    club: Club, member: Any, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[dict[str, Any]] = []

    def listen(**what: Any) -> None:
        heard.append(what)

    changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            entry = services.add_entry(club=club, book=BookFactory(), by=member)
    finally:
        changed.disconnect(listen)
    told = [what for what in heard if what["kind"] == "entry"]
    assert [(what["by_id"], what["club_id"], what["book_id"]) for what in told] == [
        (member.pk, club.pk, entry.book_id)
    ]
