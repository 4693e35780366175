"""Where verification is on, no answer takes longer for an address that has an account.

Pairs of requests in turn, so that whatever else the machine does happens to both. The medians are
printed; on a quiet machine they differ by less than 10 ms (`pytest -m slow -s`), on a loaded one
by no more than a part of the time that everything takes there.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bookbridge.tests.live.server import PASSWORD, Server, fresh_database, running

pytestmark = pytest.mark.slow
PAIRS = 200
WARM_UP = 20
#: What it must see is a hash that is left out, or a mail that is sent within the request: most of
#: the time of an answer, however slow the machine is.
MILLISECONDS_APART = 10
PART_APART = 0.3
UNLIMITED = {
    "EMAIL_VERIFICATION": "1",
    "SIGN_IN_FAILURES": "100000",
    "SIGN_IN_FAILURES_A_DAY": "1000000",
    "MAILS_TO_ADDRESS_AN_HOUR": "100000",
    "MAILS_BY_CLIENT_AN_HOUR": "100000",
}
KNOWN, UNKNOWN = "known@example.org", "other@example.org"
LINK = """
import json
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import unseal
from accounts.mailbox.addresses import verify
job = OutboxJob.objects.filter(kind="mail").earliest("pk")
verify(token=json.loads(unseal(job.sealed_payload))["context"]["token"], client="127.0.0.1")
"""

Body = Callable[[str, int], dict[str, Any]]
ASKED: dict[str, tuple[str, Body]] = {
    "sign-in": ("auth/token/", lambda email, n: {"email": email, "password": "wrong password"}),
    "registration": (
        "auth/register/",
        lambda email, n: {
            "username": f"{email[:5]}-{n}",
            "email": email if email == KNOWN else f"free-{n}@example.org",
            "password": PASSWORD,
        },
    ),
    "reset": ("auth/password/reset/", lambda email, n: {"email": email}),
    "resend": ("auth/email/resend/", lambda email, n: {"email": email}),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with verification, no limits, and one reader with a confirmed address."""
    folder: Path = tmp_path_factory.mktemp("times")
    with fresh_database(folder) as url, running(folder, url, **UNLIMITED) as started:
        person = {"username": "known", "email": KNOWN, "password": PASSWORD}
        assert started.api("POST", "auth/register/", person).status == 201
        started.manage("shell", "-c", LINK)
        body = {"email": KNOWN, "password": PASSWORD}
        assert started.api("POST", "auth/token/", body).status == 200
        yield started


@pytest.mark.parametrize("name", ASKED)
def test_the_time_tells_nothing(server: Server, name: str) -> None:
    path, body = ASKED[name]
    times: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    statuses = set()
    for n in range(WARM_UP + PAIRS):
        for email in (KNOWN, UNKNOWN) if n % 2 else (UNKNOWN, KNOWN):
            started = time.perf_counter()
            statuses.add(server.api("POST", path, body(email, n)).status)
            times[email].append(time.perf_counter() - started)
    taken = {email: [1000 * one for one in times[email][WARM_UP:]] for email in times}
    known, unknown = (statistics.median(taken[email]) for email in (KNOWN, UNKNOWN))
    apart = statistics.median(a - b for a, b in zip(taken[KNOWN], taken[UNKNOWN], strict=True))
    print(f"\n{name}: known {known:.1f} ms, unknown {unknown:.1f} ms, pairs {apart:+.1f} ms apart")
    assert len(statuses) == 1, statuses
    assert abs(known - unknown) < max(MILLISECONDS_APART, PART_APART * unknown)
