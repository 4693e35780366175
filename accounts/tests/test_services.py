"""The rules of accounts without HTTP: erasing, exporting, roles, suspension."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from accounts import privacy, services, usernames
from accounts.models import RetiredUsername, Session, User
from accounts.tests.factories import PASSWORD, SessionFactory, UserFactory
from bookbridge.kernel.announcements import changed
from bookbridge.kernel.errors import InvalidInput, Missing
from bookbridge.kernel.models import IdempotencyKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Any:
    kinds: list[tuple[str, int | None]] = []

    def hear(sender: Any, *, kind: str, by_id: int | None, **ids: Any) -> None:
        kinds.append((kind, by_id))

    changed.connect(hear)
    yield kinds
    changed.disconnect(hear)


def full_reader() -> User:
    reader = UserFactory(
        username="ana",
        email="ana@example.org",
        display_name="Ana Silva",
        bio="Canary in the bio.",
        language="pt-br",
        time_zone="America/Sao_Paulo",
        suspended_at=timezone.now() - timedelta(days=2),
        suspended_until=timezone.now() - timedelta(days=1),
        suspension_reason="Spam by Ana.",
        last_login=timezone.now(),
        moderator=True,
    )
    SessionFactory(reader=reader, user_agent="Ana's phone", address_prefix="203.0.113.0/24")
    return reader


def test_erasing_leaves_a_tombstone_and_nothing_personal(heard: list) -> None:
    reader = full_reader()
    uid, created = reader.uid, reader.created_at
    IdempotencyKey.objects.create(
        user=reader, path="x", key="k", fingerprint="f", status=201, created_at=timezone.now()
    )
    services.erase_reader(reader=reader)
    row = User.objects.get(pk=reader.pk)
    assert row.erased_at is not None
    assert row.username.startswith("deleted-")
    assert (row.uid, row.created_at) == (uid, created)
    assert not row.has_usable_password()
    assert not row.is_active
    assert (row.is_staff, row.is_superuser, row.groups.count()) == (False, False, 0)
    assert not Session.objects.exists()
    assert not IdempotencyKey.objects.exists()
    values = json.dumps(User.objects.filter(pk=row.pk).values().get(), default=str).lower()
    for trace in ("ana", "canary", "spam", "sao_paulo", "pt-br", "203.0.113"):
        assert trace not in values
    assert RetiredUsername.objects.get().digest == usernames.digest("ana")


def test_erasing_twice_changes_nothing_more() -> None:
    reader = UserFactory()
    services.erase_reader(reader=reader)
    name = reader.username
    services.erase_reader(reader=reader)
    assert User.objects.get().username == name
    assert RetiredUsername.objects.count() == 1


def test_the_admin_log_forgets_the_name() -> None:
    reader, admin = UserFactory(username="ana"), UserFactory(admin=True)
    entry = LogEntry.objects.create(
        user=admin,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(reader.pk),
        object_repr="ana",
        action_flag=CHANGE,
    )
    services.erase_reader(reader=reader)
    entry.refresh_from_db()
    assert entry.object_repr == "deleted reader"


def test_the_export_is_everything_of_ones_own_without_secrets() -> None:
    reader = full_reader()
    UserFactory(username="bea", email="bea@example.org")
    text = json.dumps(privacy.export(reader)["accounts"])
    for own in ("ana@example.org", "Canary in the bio.", "Spam by Ana.", "Ana's phone"):
        assert own in text
    for hidden in (reader.password, Session.objects.get().refresh_jti, "bea"):
        assert hidden not in text


def test_statistics_hear_of_readers_who_come_and_go(
    heard: list, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reader = services.register(username="ana", email="a@example.org", password=PASSWORD)
    assert heard == [("reader", reader.pk)]
    with django_capture_on_commit_callbacks(execute=True):
        services.erase_reader(reader=reader)
    assert ("visibility", reader.pk) in heard


def test_site_roles_are_groups_and_open_the_admin_site() -> None:
    reader = UserFactory()
    staff = Group.objects.create(name="librarians")
    reader.groups.add(staff)
    services.set_roles(reader=reader, roles=["moderator", "admin"])
    reader.refresh_from_db()
    assert reader.site_roles() == ["admin", "moderator"]
    assert reader.is_staff
    services.set_roles(reader=reader, roles=[])
    reader.refresh_from_db()
    assert reader.site_roles() == []
    assert not reader.is_staff
    assert list(reader.groups.all()) == [staff]


def test_a_superuser_stays_staff_without_a_role() -> None:
    root = User.objects.create_superuser("Root", "Root@Example.org", PASSWORD)
    assert (root.username, root.email) == ("root", "root@example.org")
    services.set_roles(reader=root, roles=[])
    root.refresh_from_db()
    assert root.is_staff
    assert User.objects.get_by_natural_key("ROOT") == root


def test_unknown_roles_and_readers_who_left_are_refused() -> None:
    admin, gone = UserFactory(admin=True), UserFactory(erased=True)
    with pytest.raises(InvalidInput):
        services.set_roles(reader=admin, roles=["owner"])
    for act in (
        lambda: services.set_roles(reader=gone, roles=["admin"]),
        lambda: services.suspend_reader(reader=gone, by=admin, reason="x"),
        lambda: services.reinstate_reader(reader=gone, by=admin),
    ):
        with pytest.raises(Missing):
            act()


def test_the_migration_made_the_groups() -> None:
    assert set(Group.objects.values_list("name", flat=True)) >= {"moderator", "admin"}


def test_the_traits_of_the_factory() -> None:
    assert UserFactory(suspended=True).is_suspended()
    assert UserFactory(moderator=True).site_roles() == ["moderator"]
    assert UserFactory(admin=True).is_staff
    assert UserFactory(roles=["admin", "moderator"]).site_roles() == ["admin", "moderator"]
    assert UserFactory(erased=True).email is None
    assert UserFactory().check_password(PASSWORD)
    assert UserFactory(display_name="Zoë").get_short_name() == "Zoë"
