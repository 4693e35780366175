"""Two API processes behind nginx, on a primary and two replicas by streaming replication.

What is promised: all that a reader wrote, and all that was decided about who may see what, shows
in the next request, whichever process and database answers it; a replica that is behind, stopped
or frozen is not noticed by anybody.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bookbridge.tests.live.machines import own_postgres, own_redis
from bookbridge.tests.live.proxy import proxy
from bookbridge.tests.live.replication import Copy, streaming_replica, wait_until
from bookbridge.tests.live.server import Server, running
from bookbridge.tests.live.test_faults import Load
from bookbridge.tests.live.test_tour import tour

MISSING = [
    name
    for name in ("initdb", "pg_basebackup")
    if not shutil.which(name) and not list(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
] + [name for name in ("redis-server",) if not shutil.which(name)]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.proxy,
    pytest.mark.skipif(bool(MISSING), reason=f"needs {' and '.join(MISSING)}"),
]
SHARED = ("DJANGO_SECRET_KEY", "JWT_SIGNING_KEYS")
PAIRS = 200


@dataclass
class Platform:
    """The whole of it; requests of `front` go through nginx to both processes in turn."""

    front: Server
    processes: list[Server]
    copies: list[Copy]

    def ready(self) -> list[dict[str, str]]:
        """What each process says of its parts."""
        return [process_says(process) for process in self.processes]

    def all_well(self) -> bool:
        """Whether each process uses both replicas."""
        return all(checks["replica_1"] == checks["replica_2"] == "ok" for checks in self.ready())


def process_says(process: Server) -> dict[str, str]:
    answer = replace(process, url=f"{process.url}/readyz?").api("GET", "")
    checks: dict[str, str] = answer.json()["checks"]
    assert answer.status == 200, answer.body
    return checks


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform on more than one machine, as far as one machine can have it."""
    folder = tmp_path_factory.mktemp("platform")
    nginx = tmp_path_factory.mktemp("balancer")
    with (
        own_postgres(folder) as (_machine, url),
        own_redis(folder) as (_redis, redis_url),
        streaming_replica(folder, url) as one,
        streaming_replica(folder, url) as two,
    ):
        variables = {
            "REDIS_URL": redis_url,
            "DATABASE_REPLICA_URLS": f"{one.url},{two.url}",
            "TRUSTED_PROXY_COUNT": "1",
            "WEB_CONCURRENCY": "1",
        }
        with running(folder, url, **variables) as first:
            variables |= {name: first.environment[name] for name in SHARED}
            with running(folder, url, **variables) as second:
                hosts = [server.url.removeprefix("http://") for server in (first, second)]
                # The line of the shipped configuration, once for each process.
                upstream = " max_fails=0; server ".join(hosts)
                fast = {"rate=50r/s": "rate=5000r/s"}
                with proxy(nginx, upstream, **fast) as balancer:
                    front = replace(first, url=f"http://127.0.0.1:{balancer.port}")
                    yield Platform(front, [first, second], [one, two])


@pytest.fixture(autouse=True)
def _both_replicas_are_used(platform: Platform) -> None:
    wait_until(platform.all_well, "both replicas are used by both processes")


def test_the_tour_passes(platform: Platform, tmp_path: Path) -> None:
    owner = platform.front.register("librarian")
    book = {
        "title": "Dom Casmurro",
        "authors": ["Machado de Assis"],
        "isbns": ["9780850515039"],
        "published_year": 1899,
    }
    assert platform.front.api("POST", "books/", book, token=owner).status == 201
    lines = tour().replace("http://127.0.0.1:8000", platform.front.url)
    done = subprocess.run(
        ["bash", "-eu"], input=lines, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert '"code"' not in done.stdout, done.stdout
    assert '"4.5":1' in done.stdout.replace(" ", "")


def test_ones_own_writes_are_seen_at_once_and_replicas_are_read(platform: Platform) -> None:
    token = platform.front.register("writer")
    before = [copy.reads() for copy in platform.copies]
    for number in range(PAIRS):
        name = f"Writer {number}"
        changed = platform.front.api("PATCH", "users/me/", {"display_name": name}, token=token)
        assert changed.status == 200, changed.body
        seen = platform.front.api("GET", "users/writer/", token=token)
        assert seen.json()["display_name"] == name
    wait_until(
        lambda: all(copy.reads() > was for copy, was in zip(platform.copies, before, strict=True)),
        "each replica answered reads",
    )


def test_a_review_counts_in_the_writers_statistics_at_once(platform: Platform) -> None:
    token = platform.front.register("critic")
    for number in range(1, 31):
        book = {"title": f"Book {number} of the critic", "authors": ["Somebody"]}
        made = platform.front.api("POST", "books/", book, token=token).json()
        review = {"book": made["id"], "rating": 4}
        assert platform.front.api("POST", "reviews/", review, token=token).status == 201
        figures = platform.front.api("GET", "stats/users/critic/", token=token).json()
        assert figures["books_reviewed"] == number
        found = platform.front.api("GET", f"books/?search=book+{number}+critic", token=token)
        assert made["id"] in [row["id"] for row in found.json()["results"]]


def test_who_may_see_a_club_is_obeyed_by_the_next_request(platform: Platform) -> None:
    owner = platform.front.register("founder")
    club = {"name": "Now and then", "description": "", "visibility": "public"}
    made = platform.front.api("POST", "clubs/", club, token=owner)
    assert made.status == 201, made.body
    path = f"clubs/{made.json()['slug']}/"
    for visibility, card, content, listed in 20 * [
        ("private", 200, 401, True),
        ("hidden", 404, 404, False),
        ("public", 200, 200, True),
    ]:
        change = {"visibility": visibility, "confirm_visibility": True}
        assert platform.front.api("PATCH", path, change, token=owner).status == 200
        assert platform.front.api("GET", path).status == card
        assert platform.front.api("GET", f"{path}members/").status == content
        names = [row["name"] for row in platform.front.api("GET", "clubs/").json()["results"]]
        assert ("Now and then" in names) == listed


def test_a_replica_that_stands_still_shows_no_past(platform: Platform) -> None:
    token = platform.front.register("patient")
    paused = platform.copies[0]
    paused.ask("SELECT pg_wal_replay_pause()")
    try:
        for number in range(30):
            change = {"display_name": f"Patient {number}"}
            assert platform.front.api("PATCH", "users/me/", change, token=token).status == 200
            seen = platform.front.api("GET", "users/patient/")
            assert seen.json()["display_name"] == f"Patient {number}"
        assert {checks["replica_1"] for checks in platform.ready()} == {"behind"}
    finally:
        paused.ask("SELECT pg_wal_replay_resume()")


def stopped(copy: Copy) -> None:
    copy.machine.stop()
    time.sleep(5)
    copy.machine.start()


def frozen(copy: Copy) -> None:
    copy.machine.freeze()
    time.sleep(8)
    copy.machine.thaw()


@pytest.mark.parametrize("fault", [stopped, frozen])
def test_a_replica_that_is_away_is_not_noticed(
    platform: Platform, fault: Callable[[Copy], None]
) -> None:
    load = Load(platform.front, platform.front.register(f"reader-{fault.__name__}"))

    def happens() -> None:
        time.sleep(2)
        fault(platform.copies[1])
        time.sleep(2)

    load.run(happens)
    assert load.statuses() <= {200, 201}, load.statuses()
    assert load.acknowledged
    wait_until(platform.all_well, "the replica is used again")
