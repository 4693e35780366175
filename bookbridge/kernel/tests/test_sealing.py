"""Sealed texts open with every key that is listed, and with no other."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from bookbridge.kernel.sealing import CannotOpen, reseal, seal, unseal

OLD, NEW = "b" * 43, "c" * 43


def test_what_was_sealed_opens_again_and_does_not_show() -> None:
    sealed = seal("a secret: São Paulo")
    assert "secret" not in sealed
    assert unseal(sealed) == "a secret: São Paulo"
    assert seal("a secret: São Paulo") != sealed


def test_keys_rotate(settings: Settings) -> None:
    settings.SEALING_KEYS = [OLD]
    sealed = seal("kept")
    settings.SEALING_KEYS = [NEW, OLD]
    assert unseal(sealed) == "kept"
    renewed = reseal(sealed)
    settings.SEALING_KEYS = [NEW]
    assert unseal(renewed) == "kept"
    for act in (unseal, reseal):
        with pytest.raises(CannotOpen):
            act(sealed)


@pytest.mark.parametrize("changed", ["", "nothing", "gAAAAA", "é"])
def test_what_was_never_sealed_does_not_open(changed: str) -> None:
    with pytest.raises(CannotOpen):
        unseal(changed)


@pytest.mark.parametrize("keys", [[], ["short"], ["!" * 43]])
def test_keys_that_are_none_are_named(settings: Settings, keys: list[str]) -> None:
    settings.SEALING_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="SEALING_KEYS"):
        seal("x")
