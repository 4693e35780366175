"""What others feel while somebody tries passwords: a flood of wrong sign-ins from everywhere."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from benchmarks import wrk
from benchmarks.machine import Cores
from benchmarks.server import Server
from benchmarks.services import FOLDER, Services
from benchmarks.subjects import Subjects
from benchmarks.workloads import club_detail
from benchmarks.wrk import Load, Request

#: Connections of the flood, and of those who only want to read.
FLOOD, READERS = 32, 4
ACCOUNTS = 5_000


def wrong_sign_ins(services: Services, name: str) -> list[Request]:
    """Each of another account from another address, so that no limit stops it before the hash."""
    with services.connect(name) as connection:
        rows = connection.execute(
            "SELECT username FROM accounts_user WHERE imported_at IS NULL ORDER BY id LIMIT %s",
            [ACCOUNTS],
        ).fetchall()
    return [
        Request(
            "POST",
            "/api/v1/auth/token/",
            (
                ("Content-Type", "application/json"),
                (
                    "X-Forwarded-For",
                    f"198.{18 + number // 65_000}.{number // 250 % 250}.{number % 250}",
                ),
            ),
            json.dumps({"login": row[0], "password": f"not the password {number}"}),
        )
        for number, row in enumerate(rows)
    ]


def flooded(
    server: Server,
    services: Services,
    name: str,
    subjects: Subjects,
    cores: Cores,
    *,
    seconds: float,
) -> dict[str, Any]:
    """Times of the card of a club without and with the flood.

    The server believes one proxy here (TRUSTED_PROXY_COUNT=1), which is how the attempts come
    from many addresses.
    """
    reads = wrk.write_requests(FOLDER / "reads.tsv", club_detail(subjects))
    attempts = wrk.write_requests(FOLDER / "attempts.tsv", wrong_sign_ins(services, name))

    def reading(length: float) -> Load:
        return wrk.run(
            wrk.command(
                server.base, reads, connections=READERS, seconds=length, core=cores.load,
                timeout=60,
            )
        )  # fmt: skip

    reading(1)
    quiet = reading(seconds)
    flood = subprocess.Popen(
        wrk.command(
            server.base, attempts, connections=FLOOD, seconds=seconds + 2, core=cores.load,
            timeout=60,
        ),
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        during = reading(seconds)
        output, _errors = flood.communicate(timeout=120)
    finally:
        flood.kill()
        flood.wait()
    tried = wrk.parse(output)
    return {
        "quiet": _times(quiet),
        "flooded": _times(during),
        "attempts_per_second": round(tried.per_second, 1),
        "attempts_p50": round(tried.p50, 1),
        "lost": during.lost + tried.lost,
    }


def _times(load: Load) -> dict[str, float]:
    return {
        "per_second": round(load.per_second, 1),
        "p50": round(load.p50, 2),
        "p95": round(load.p95, 2),
        "p99": round(load.p99, 2),
    }
