"""Which address counts."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from bookbridge.kernel.addresses import address_key, address_prefix, client_address


def address(forwarded: str | None, connected: str = "10.0.0.9") -> str:
    meta = {"REMOTE_ADDR": connected}
    if forwarded is not None:
        meta["HTTP_X_FORWARDED_FOR"] = forwarded
    return client_address(RequestFactory().get("/", **meta))


def test_the_header_is_ignored_without_proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 0
    assert address("1.2.3.4") == "10.0.0.9"
    assert address(None, "2001:DB8::1") == "2001:db8::1"


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.1.1.1", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, None, "10.0.0.9"),
        (1, "6.6.6.6, nonsense", "10.0.0.9"),
        (1, "1.2.3.4:5678", "1.2.3.4"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "::ffff:1.2.3.4", "1.2.3.4"),
        (1, "fe80::1%eth0", "fe80::1"),
        (3, "6.6.6.6,1.2.3.4 ,10.1.1.1,10.1.1.2", "1.2.3.4"),
    ],
)
def test_the_nth_entry_from_the_right_counts(
    settings: Settings, count: int, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = count
    assert address(forwarded) == expected


def test_a_server_on_a_socket_knows_no_address(settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 0
    assert address(None, "") == ""
    assert address_key("") == "unknown"


def test_limits_count_ipv6_by_64_bits_and_sessions_show_less() -> None:
    assert address_key("192.0.2.77") == "192.0.2.77"
    assert address_key("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert address_key("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert address_prefix("192.0.2.77") == "192.0.2.0/24"
    assert address_prefix("2001:db8:1:2::9") == "2001:db8:1::/48"
