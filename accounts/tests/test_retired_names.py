"""Names of readers who left: never given out again, and not to be found by trying a list."""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from accounts import services, usernames
from accounts.models import RetiredUsername
from accounts.tests.factories import PASSWORD, UserFactory
from bookbridge.kernel.errors import DomainError

pytestmark = pytest.mark.django_db

OLD_FORM = hashlib.sha256(b"bookbridge.username:ana").hexdigest()


def register() -> Any:
    return services.register(username="ana", email="new@example.org", password=PASSWORD)


def test_a_digest_cannot_be_made_without_the_key(settings: Any) -> None:
    services.erase_reader(reader=UserFactory(username="ana"))
    kept = RetiredUsername.objects.get().digest
    assert kept != OLD_FORM
    settings.RETIRED_NAME_KEYS = ["another"]
    assert kept != usernames.digest("ana")


def test_a_new_key_in_front_frees_no_name(settings: Any) -> None:
    services.erase_reader(reader=UserFactory(username="ana"))
    settings.RETIRED_NAME_KEYS = ["new", *settings.RETIRED_NAME_KEYS]
    with pytest.raises(DomainError, match="taken"):
        register()


def test_digests_from_before_there_was_a_key_are_put_under_it() -> None:
    RetiredUsername.objects.create(digest=OLD_FORM)
    import_module("accounts.migrations.0010_leaving").key_the_digests(apps, None)
    assert RetiredUsername.objects.get().digest == usernames.digest("ana")
    with pytest.raises(DomainError, match="taken"):
        register()


def test_without_a_key_nobody_can_leave(settings: Any) -> None:
    settings.RETIRED_NAME_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="RETIRED_NAME_KEYS"):
        usernames.digest("ana")
