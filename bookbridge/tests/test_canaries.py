"""Of a reader who left nothing personal remains: not in a table, the cache, the log or a mail.

Canaries are words that are nowhere else. A reader has one in every field that says something of
a person, put there through the API, so that caches, logs and the outbox meet them too. They are
found everywhere before the erasure, or this could not fail, and nowhere after it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session as AdminSession
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, models
from django.utils import timezone

from accounts.leaving.services import erase_due
from accounts.models import (
    PersonalToken,
    SecondFactor,
    SecretLink,
    Session,
    SignInChallenge,
    User,
)
from bookbridge.backup.contents import tables
from bookbridge.kernel.cache import redis_cache
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.request_log import JSONFormatter
from bookbridge.kernel.sealing import unseal
from bookbridge.tests.canaries import CANARY, PREFIX, SHARED, planted
from bookbridge.tests.test_personal_fields import declared

pytestmark = pytest.mark.django_db(transaction=True)

#: Declared fields of text in which no canary can stand, and why.
WITHOUT_CANARY = {
    "accounts.User.language": "a choice",
    "accounts.User.time_zone": "a name of the system's zones",
    "accounts.User.password": "a hash",
    "accounts.Session.revoked_reason": "a word of the program",
    "accounts.Session.refresh_jti": "random",
    "accounts.Session.address_prefix": "looked for as an address",
    "accounts.SecurityTrace.address_prefix": "looked for as an address",
    "accounts.Notice.kind": "a word of the program",
    "accounts.Notice.about_kind": "a word of the program",
    "accounts.SecurityEvent.kind": "a word of the program",
    "accounts.SecurityEvent.details": "keys and words of the program, by its service",
    "accounts.RetiredUsername.digest": "a digest under a key",
    "accounts.PersonalToken.digest": "a digest; the row is looked for by itself",
    "accounts.PersonalToken.beginning": "random",
    "accounts.PersonalToken.scopes": "words of the program",
    "accounts.PersonalToken.revoked_reason": "a word of the program",
    "accounts.PersonalToken.last_used_address_prefix": "looked for as an address",
    "accounts.SecondFactor.sealed_secret": "random and sealed; the row is looked for by itself",
    "accounts.RecoveryCode.digest": "a keyed digest",
    "accounts.SignInChallenge.digest": "a digest; the row is looked for by itself",
    "accounts.SignInChallenge.password_state": "a keyed digest",
    "accounts.SecretLink.digest": "a digest; the row is looked for by itself",
    "accounts.SecretLink.about": "a keyed digest",
    "kernel.OutboxJob.sealed_payload": "sealed; looked into by itself",
    "kernel.OutboxJob.group": "keys",
    "kernel.OutboxJob.last_error": "written by a worker, with the job's row",
    "sessions.Session.session_data": "encoded; the row is looked for by itself",
    "reviews.Review.language": "a language tag",
    "reviews.Report.reason": "a choice",
    "reviews.Report.target_kind": "a choice",
    "clubs.Membership.state": "a choice",
    "clubs.Membership.role": "a choice",
}
#: Rows that go whole.
OF_THE_READER = (Session, PersonalToken, SecondFactor, SignInChallenge, SecretLink)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The log file of a server that tells everything."""
    path = tmp_path / "server.log"
    handler = logging.FileHandler(path)
    handler.setFormatter(JSONFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield path
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


# -- looking -----------------------------------------------------------------------------


def in_tables(*words: str) -> set[str]:
    """Every column (`table.column`) of the whole database in which one of the words stands."""
    found = set()
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    text = str(value).lower()
                    if any(word in text for word in words):
                        found.add(f"{table}.{name}")
    return found


def cached() -> str:
    """Keys and values of the whole cache."""
    if not django_settings.REDIS_URL:
        return str(list(cache._cache.items())).lower()  # type: ignore[attr-defined]
    client = redis_cache().client.get_client()  # type: ignore[union-attr]
    texts = [key for key in client.keys("*") if client.type(key) == b"string"]
    return str([(key, client.get(key)) for key in texts]).lower()


def waiting_mails() -> str:
    return str([unseal(job.sealed_payload) for job in OutboxJob.objects.all()]).lower()


# -- before and after --------------------------------------------------------------------


def declared_columns() -> set[str]:
    """The columns of text that are declared personal, as `label.field`."""
    personal, _exempt = declared()
    found = set()
    for label, fields in personal.items():
        for name in fields:
            field = apps.get_model(label)._meta.get_field(name)
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                found.add(f"{label}.{name}")
    return found


def columns_of(names: set[str]) -> set[str]:
    """`label.field` as `table.column`."""
    parts = [name.rsplit(".", 1) for name in names]
    return {
        f"{apps.get_model(label)._meta.db_table}.{apps.get_model(label)._meta.get_field(name).column}"
        for label, name in parts
    }


def test_nothing_of_a_reader_who_left_is_found_anywhere(log: Path) -> None:
    reader, client = planted()

    # Before: found in every declared column of text, or the look would prove nothing.
    found = in_tables(CANARY)
    missing = columns_of(declared_columns() - set(WITHOUT_CANARY)) - found
    assert missing == set()
    networks = {"accounts_securitytrace.address_prefix"}
    networks |= {"accounts_personaltoken.last_used_address_prefix"}
    assert networks <= in_tables(PREFIX)
    assert all(kind.objects.filter(reader=reader).exists() for kind in OF_THE_READER)
    assert CANARY in waiting_mails()
    assert AdminSession.objects.count() == 1
    cache.set("of-this-test", CANARY)
    assert CANARY in cached()
    cache.delete("of-this-test")
    assert log.stat().st_size > 1000

    assert client.delete("users/me/").status_code == 204
    with time_machine.travel(timezone.now() + timedelta(days=14, minutes=1)):
        assert erase_due() == 1
        assert in_tables(CANARY, PREFIX) == set()
        assert CANARY not in cached()
        assert CANARY not in log.read_text().lower()
        assert PREFIX not in log.read_text()
        assert not AdminSession.objects.exists()
        assert not any(kind.objects.filter(reader=reader).exists() for kind in OF_THE_READER)
        # One mail still says goodbye; a day later it is gone too, sent or not.
        (goodbye,) = OutboxJob.objects.filter(sealed_payload__gt="", group__startswith="left:")
        others = OutboxJob.objects.exclude(pk=goodbye.pk)
        assert CANARY not in str([unseal(job.sealed_payload) for job in others]).lower()
    with time_machine.travel(timezone.now() + timedelta(days=15, minutes=5)):
        call_command("tidy", stdout=StringIO())
        assert CANARY not in waiting_mails()
    assert in_tables(SHARED) >= {"clubs_club.description"}
    assert call_command_json("check_invariants") == []
    assert User.objects.get(pk=reader.pk).erased_at is not None


def call_command_json(name: str) -> Any:
    told = StringIO()
    call_command(name, stdout=told)
    return json.loads(told.getvalue())
