"""Secret links: good once, for one purpose, until a moment, and only the newest."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import links, services, sessions
from accounts.mailbox.models import Purpose
from accounts.models import SecretLink, User
from accounts.tests.factories import UserFactory
from bookbridge.backup.afterwards import settle
from bookbridge.backup.contents import LEFT_OUT
from bookbridge.kernel.errors import InvalidInput

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def issue(reader: User | None, purpose: Purpose = Purpose.PASSWORD, address: str = "") -> str:
    return links.issue(reader, purpose, lifetime=HOUR, address=address)


def is_good(token: str, purpose: Purpose = Purpose.PASSWORD) -> bool:
    try:
        links.reader_behind(token, purpose)
    except InvalidInput as error:
        return error.code != "invalid_link"
    return True


def test_of_a_link_a_digest_is_kept_and_nothing_else() -> None:
    reader = UserFactory()
    token = issue(reader, Purpose.EMAIL, "ana@example.org")
    row = SecretLink.objects.values().get()
    assert len(token) >= 43
    assert token not in str(row)
    assert "ana@example.org" not in str(row)
    assert links.reader_behind(token, Purpose.EMAIL) == reader


def test_a_link_is_used_once() -> None:
    reader = UserFactory()
    token = issue(reader)
    links.redeem(token, Purpose.PASSWORD, reader=reader)
    assert not is_good(token)
    with pytest.raises(InvalidInput):
        links.redeem(token, Purpose.PASSWORD, reader=reader)


def test_a_link_is_for_its_purpose_its_reader_and_its_address() -> None:
    reader = UserFactory()
    token = issue(reader, Purpose.EMAIL, "ana@example.org")
    assert not is_good(token, Purpose.PASSWORD)
    for changed in (
        {"purpose": Purpose.PASSWORD},
        {"reader": UserFactory()},
        {"address": "eve@example.org"},
        {"address": ""},
    ):
        given = {"purpose": Purpose.EMAIL, "reader": reader, "address": "ana@example.org"} | changed
        with pytest.raises(InvalidInput):
            links.redeem(token, **given)
    assert is_good(token, Purpose.EMAIL)


def test_a_link_ends() -> None:
    token = issue(UserFactory())
    with time_machine.travel(timezone.now() + HOUR - timedelta(seconds=5)):
        assert is_good(token)
    with time_machine.travel(timezone.now() + HOUR + timedelta(seconds=5)):
        assert not is_good(token)


def test_a_newer_link_voids_the_older_ones_of_its_purpose_alone() -> None:
    reader, other = UserFactory(), UserFactory()
    older, address, others = issue(reader), issue(reader, Purpose.EMAIL, "a@b.org"), issue(other)
    newer = issue(reader)
    assert not is_good(older)
    assert is_good(newer)
    assert is_good(others)
    assert is_good(address, Purpose.EMAIL)


@pytest.mark.parametrize("token", ["", "x" * 43, "ü" * 43, "x" * 10_000])
def test_what_was_never_issued_is_not_good(token: str) -> None:
    issue(UserFactory())
    assert not is_good(token)


def test_a_link_for_nobody_is_never_good_and_costs_the_same() -> None:
    reader = UserFactory()
    with CaptureQueriesContext(connection) as for_somebody:
        issue(reader)
    with CaptureQueriesContext(connection) as for_nobody:
        token = issue(None)
    assert len(for_nobody) == len(for_somebody)
    assert not is_good(token)
    SecretLink.objects.filter(reader=reader).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        SecretLink.objects.update(used_at=None)


@pytest.mark.parametrize("event", ["suspension", "erasure", "end"])
def test_links_end_with_the_account_or_what_happens_to_it(event: str) -> None:
    reader, other = UserFactory(), UserFactory()
    tokens = {purpose: issue(reader, purpose) for purpose in Purpose}
    others = issue(other)
    if event == "suspension":
        services.suspend_reader(reader=reader, by=None, reason="Spam.")
        assert not any(is_good(token, purpose) for purpose, token in tokens.items())
        services.reinstate_reader(reader=reader, by=None)
    elif event == "erasure":
        services.erase_reader(reader=reader)
    else:
        sessions.end_everything(reader, reason="ended_all")
    assert not any(is_good(token, purpose) for purpose, token in tokens.items())
    assert is_good(others)


def test_a_restored_backup_brings_no_link_back() -> None:
    token = issue(UserFactory())
    assert SecretLink._meta.db_table in LEFT_OUT
    assert settle()["secret_links_deleted"] == 1
    assert not is_good(token)


def test_tidy_forgets_what_is_over_for_a_day() -> None:
    issue(UserFactory())
    issue(None)
    with time_machine.travel(timezone.now() + timedelta(hours=24)):
        call_command("tidy")
        assert SecretLink.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(hours=26)):
        call_command("tidy")
        assert not SecretLink.objects.exists()


def test_the_module_is_among_what_ends_with_an_account() -> None:
    assert links.__name__ in settings.ACCOUNT_ENDINGS


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_sixteen_uses_at_once_one_succeeds() -> None:
    reader = UserFactory()
    token = issue(reader)
    used: list[bool] = []
    start = threading.Barrier(16, timeout=60)

    def use() -> None:
        start.wait()
        try:
            with transaction.atomic():
                links.redeem(token, Purpose.PASSWORD, reader=reader)
            used.append(True)
        except InvalidInput:
            used.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(used) == [False] * 15 + [True]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_links_issued_at_once_one_stays() -> None:
    reader = UserFactory()
    tokens: list[str] = []
    start = threading.Barrier(8, timeout=60)

    def ask() -> None:
        start.wait()
        try:
            tokens.append(issue(reader))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(is_good(token) for token in tokens) == 1
