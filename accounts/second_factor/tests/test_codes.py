"""Codes by time as RFC 6238 has them, recovery codes, and what is kept of either."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from accounts.second_factor import codes

#: Appendix B of RFC 6238 for SHA-1, of which apps show the last six digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_the_standard(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert codes.matching_step(SECRET, code, now) == seconds // 30
    assert codes.matching_step(SECRET, f"{code[:3]} {code[3:]}", now) == seconds // 30


@pytest.mark.parametrize(("drift", "accepted"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(drift: int, accepted: bool) -> None:
    now = datetime(2026, 11, 20, 12, 0, 7, tzinfo=UTC)
    other = int(now.timestamp()) // 30 + drift
    code = pyotp.TOTP(SECRET).generate_otp(other)
    assert codes.matching_step(SECRET, code, now) == (other if accepted else None)


def test_the_address_for_apps_says_everything_they_need() -> None:
    secret = codes.new_secret()
    address = urlsplit(codes.otpauth_address(secret, "ana"))
    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/BookBridge:ana")
    assert parse_qs(address.query) == {"secret": [secret], "issuer": ["BookBridge"]}
    assert len(secret) == 32


def test_recovery_codes_are_ten_of_sixty_bits_and_kept_as_keyed_digests() -> None:
    shown = codes.new_recovery_codes()
    assert len(set(shown)) == 10
    assert all(len(code.replace("-", "")) == 12 and len(codes.ALPHABET) == 32 for code in shown)
    one = codes.recovery_digest(SECRET, shown[0])
    assert one == codes.recovery_digest(SECRET, shown[0].upper().replace("-", " "))
    assert one != codes.recovery_digest(codes.new_secret(), shown[0])
