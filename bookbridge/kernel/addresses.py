"""Where a request comes from: the address that limits count and that sessions show."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

UNKNOWN = "unknown"
#: Characters, with brackets, port and the name of an interface.
LONGEST = 80
ADDRESSES_KEPT = 1_024


def client_address(request: HttpRequest) -> str:
    """The address of the client, in its canonical form; empty when the server knows none.

    `X-Forwarded-For` is believed only as far as one's own proxies wrote it: with
    `settings.TRUSTED_PROXY_COUNT` = n the nth entry from the right is the client, and what
    stands further left is whatever the client sent. With 0, too few entries or a malformed
    one, the address of the connection counts.
    """
    trusted = settings.TRUSTED_PROXY_COUNT
    if trusted > 0:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", trusted)[-trusted:]
        if len(hops) == trusted and (forwarded := _parse(hops[0].rpartition(",")[2])):
            return str(forwarded)
    connected = _parse(request.META.get("REMOTE_ADDR", ""))
    return str(connected) if connected else ""


def address_key(address: str) -> str:
    """What limits count `address` as: an IPv4 address itself, an IPv6 address by its /64.

    One customer has a whole /64, so that single IPv6 addresses would limit nobody.
    """
    return _network(address, 32, 64)


def address_prefix(address: str) -> str:
    """As much of `address` as a list of sessions shows: the /24 of IPv4, the /48 of IPv6."""
    return _network(address, 24, 48)


def _network(address: str, ipv4_bits: int, ipv6_bits: int) -> str:
    parsed = _parse(address)
    if parsed is None:
        return UNKNOWN
    bits = ipv4_bits if parsed.version == 4 else ipv6_bits
    if bits == parsed.max_prefixlen:
        return str(parsed)
    return str(ipaddress.ip_network((parsed.packed, bits), strict=False))


def _parse(text: str) -> Address | None:
    """An address; what is longer than one can be is none."""
    return _parsed(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=ADDRESSES_KEPT)
def _parsed(text: str) -> Address | None:
    """An address, also with the port or the brackets that some proxies write."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
