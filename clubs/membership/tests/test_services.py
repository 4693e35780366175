"""The rules of clubs themselves: founding, editing, archiving, deleting."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import UserFactory
from bookbridge.kernel.announcements import changed
from bookbridge.kernel.errors import DomainError, Missing, NotAllowed, Stale
from clubs.membership import services, slugs
from clubs.membership.models import Club, Membership, RetiredSlug, Role, State
from clubs.membership.tests.factories import ClubFactory, MembershipFactory, member_of

pytestmark = pytest.mark.django_db


# This module stands for what lies above clubs, and remembers what it was told.
TOLD: list[tuple[str, Any]] = []


def visibility_changed(*, club: Club, before: str, after: str) -> None:
    stored = Club.objects.get(pk=club.pk).visibility
    TOLD.append(("visibility_changed", (before, after, stored)))


def club_deleted(*, club: Club) -> None:
    TOLD.append(("club_deleted", Club.objects.filter(pk=club.pk).exists()))


@pytest.fixture(autouse=True)
def told(settings: Any) -> list[tuple[str, Any]]:
    settings.CLUB_LIFECYCLE = [__name__]
    TOLD.clear()
    return TOLD


def code_of(error: pytest.ExceptionInfo[DomainError]) -> str:
    return error.value.code


# -- founding ---------------------------------------------------------------------------


def test_the_founder_is_owner_and_first_member_and_lends_language_and_zone() -> None:
    ana = UserFactory(language="pt-br", time_zone="America/Sao_Paulo")
    club = services.found_club(by=ana, name="Clube da Leitura", description="*Um* romance.")
    club.refresh_from_db()
    assert (club.slug, club.visibility, club.join_policy) == ("clube-da-leitura", "public", "open")
    assert (club.language, club.time_zone) == ("pt-br", "America/Sao_Paulo")
    assert club.members_count == 1
    assert club.description_html == "<p><em>Um</em> romance.</p>\n"
    owner = Membership.objects.get(club=club)
    assert (owner.reader, owner.role, owner.state) == (ana, Role.OWNER, State.ACTIVE)


@pytest.mark.parametrize(
    ("visibility", "policy"), [("public", "open"), ("private", "request"), ("hidden", "invite")]
)
def test_the_policy_is_by_default_as_private_as_the_club(visibility: str, policy: str) -> None:
    club = services.found_club(by=UserFactory(), name="Any", visibility=visibility)
    assert club.join_policy == policy


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Clube da Leitura", "clube-da-leitura"),
        ("  Straße & Œuvre!  ", "strasse-oeuvre"),
        ("snake_case name", "snake-case-name"),
        ("読書会 Tokyo", "tokyo"),
        ("x" * 100, "x" * 60),
    ],
)
def test_a_slug_is_made_from_the_name(name: str, slug: str) -> None:
    assert services.found_club(by=UserFactory(), name=name).slug == slug


@pytest.mark.parametrize("name", ["読書会", "!!!", "me", "New", "Search"])
def test_names_that_leave_nothing_or_a_reserved_word_get_six_random_characters(name: str) -> None:
    slug = services.found_club(by=UserFactory(), name=name).slug
    base = slugs.plain_slug(name) or "club"
    assert slug.startswith(f"{base}-")
    assert len(slug) == len(base) + 7


def test_a_name_may_be_taken_many_times() -> None:
    found = {services.found_club(by=UserFactory(), name="Readers").slug for _ in range(4)}
    assert len(found) == 4
    assert "readers" in found
    assert all(len(slug) == len("readers-123456") for slug in found - {"readers"})


def test_a_hidden_club_always_gets_random_characters_so_that_names_cannot_be_probed() -> None:
    club = services.found_club(by=UserFactory(), name="Secret", visibility="hidden")
    assert len(club.slug) == len("secret-123456")
    assert services.found_club(by=UserFactory(), name="Secret").slug == "secret"


def test_the_slug_of_a_deleted_club_never_comes_back() -> None:
    ana = UserFactory()
    club = services.found_club(by=ana, name="Readers")
    services.delete_club(club=club, by=ana)
    assert RetiredSlug.objects.filter(slug="readers").exists()
    assert services.found_club(by=ana, name="Readers").slug != "readers"


def test_who_has_left_the_platform_founds_nothing() -> None:
    with pytest.raises(Missing):
        services.found_club(by=UserFactory(erased=True), name="Ghosts")


# -- editing ----------------------------------------------------------------------------


def edit(club: Club, changes: dict[str, Any], **kwargs: Any) -> Club:
    owner = Membership.objects.get(club=club, role=Role.OWNER).reader
    return services.edit_club(club=club, by=owner, changes=changes, **kwargs)


def test_an_edit_writes_what_was_sent_keeps_the_slug_and_counts_a_version() -> None:
    club = ClubFactory(name="Old", slug="old")
    edit(club, {"name": "Café novo", "description": "**New**"})
    club.refresh_from_db()
    assert (club.name, club.slug, club.version) == ("Café novo", "old", 2)
    assert club.description_html == "<p><strong>New</strong></p>\n"
    assert club.search_text == "cafe novo new"


def test_an_edit_that_changes_nothing_counts_no_version() -> None:
    club = ClubFactory(name="Same")
    edit(club, {"name": "Same"})
    club.refresh_from_db()
    assert club.version == 1


def test_an_edit_of_another_version_is_stale() -> None:
    club = ClubFactory(version=3)
    with pytest.raises(Stale):
        edit(club, {"name": "Late"}, expected=frozenset({2}))
    edit(club, {"name": "In time"}, expected=frozenset({3}))


@pytest.mark.parametrize(
    ("before", "after"), [("hidden", "private"), ("hidden", "public"), ("private", "public")]
)
def test_more_visibility_needs_a_confirmation(before: str, after: str, told: list[Any]) -> None:
    club = ClubFactory(**{before: True})
    with pytest.raises(DomainError) as error:
        edit(club, {"visibility": after})
    assert code_of(error) == "confirmation_required"
    assert told == []
    edit(club, {"visibility": after}, confirm_visibility=True)
    club.refresh_from_db()
    assert club.visibility == after
    assert told == [("visibility_changed", (before, after, before))]


def test_a_club_that_becomes_hidden_is_by_invitation_and_stays_so() -> None:
    club = ClubFactory()
    edit(club, {"visibility": "hidden"})
    club.refresh_from_db()
    assert (club.visibility, club.join_policy) == ("hidden", "invite")
    with pytest.raises(DomainError) as error:
        edit(club, {"join_policy": "open"})
    assert code_of(error) == "hidden_is_by_invitation"
    edit(club, {"visibility": "public", "join_policy": "open"}, confirm_visibility=True)


def test_a_lower_maximum_removes_nobody() -> None:
    club = ClubFactory()
    MembershipFactory.create_batch(3, club=club)
    edit(club, {"max_members": 2})
    club.refresh_from_db()
    assert (club.members_count, club.max_members) == (4, 2)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.MEMBER])
def test_only_the_owner_edits_archives_restores_and_deletes(role: str) -> None:
    club, other = ClubFactory(), UserFactory()
    member_of(club, other, role=role)
    for act in (
        lambda: services.edit_club(club=club, by=other, changes={"name": "Mine"}),
        lambda: services.archive_club(club=club, by=other),
        lambda: services.restore_club(club=club, by=other),
        lambda: services.delete_club(club=club, by=other),
    ):
        with pytest.raises(NotAllowed) as error:
            act()
        assert code_of(error) == "role_too_low"


# -- archiving and deleting -------------------------------------------------------------


def test_an_archived_club_changes_nothing_until_it_is_restored() -> None:
    ana = UserFactory()
    club = ClubFactory(owner=ana)
    services.archive_club(club=club, by=ana)
    for act in (
        lambda: services.archive_club(club=club, by=ana),
        lambda: services.edit_club(club=club, by=ana, changes={"name": "Other"}),
        lambda: services.join_club(club=club, by=UserFactory()),
        lambda: services.create_link(club=club, by=ana),
        lambda: services.invite_reader(club=club, by=ana, reader=UserFactory()),
        lambda: services.ban_reader(club=club, by=ana, reader=UserFactory()),
    ):
        with pytest.raises(DomainError) as error:
            act()
        assert code_of(error) == "club_archived"
    services.restore_club(club=club, by=ana)
    with pytest.raises(DomainError) as error:
        services.restore_club(club=club, by=ana)
    assert code_of(error) == "not_archived"


def test_deleting_tells_those_above_first_and_leaves_nothing(told: list[Any]) -> None:
    ana = UserFactory()
    club = ClubFactory(owner=ana, archived=True)
    services.delete_club(club=club, by=ana)
    assert told == [("club_deleted", True)]
    assert not Club.objects.filter(pk=club.pk).exists()
    with pytest.raises(Missing):
        services.delete_club(club=club, by=ana)


def test_statistics_are_told_after_the_commit(django_capture_on_commit_callbacks: Any) -> None:
    listener = Mock()
    changed.connect(listener)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            ana = UserFactory()
            club = services.found_club(by=ana, name="Heard", visibility="private")
            edit(club, {"visibility": "hidden"})
    finally:
        changed.disconnect(listener)
    kinds = [call.kwargs["kind"] for call in listener.call_args_list]
    assert kinds == ["club", "visibility", "club"]


# -- what must never be false in the data -----------------------------------------------


def test_a_club_has_at_most_one_owner_and_the_database_knows() -> None:
    club = ClubFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(club=club, role=Role.OWNER)
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipFactory(club=club, role=Role.OWNER, state=State.LEFT)


def test_a_hidden_club_by_another_policy_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ClubFactory(visibility="hidden", join_policy="open")
