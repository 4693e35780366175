"""Before anything is measured: the same answers, the same rows, and how many statements."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import equality
from benchmarks import subjects as choice
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.equality import Different, Witness
from benchmarks.server import Answer, Server, published_keys, running
from benchmarks.services import Services, Unable
from benchmarks.subjects import Subjects
from benchmarks.wire import Tally, counting
from benchmarks.workloads import DEEP_READERS, Workload, new_review
from benchmarks.wrk import Request

#: Requests of each workload that are compared, and that statements are counted of.
COMPARED, COUNTED = 12, 7


@dataclass
class Checked:
    """What was found: how alike answers are, and what each request asks of the database."""

    keys: str = "[]"
    likeness: dict[str, dict[str, str]] = field(default_factory=dict)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    reference: dict[str, list[bytes]] = field(default_factory=dict)
    written: Any = None


def check(
    services: Services,
    name: str,
    subjects: Subjects,
    workloads: Sequence[Workload],
    contenders: Sequence[Contender],
    port: int,
) -> Checked:
    """Compare all contenders with BookBridge under gunicorn, on the database that is measured.

    Raises:
        Unable: BookBridge does not answer as it should.
        Different: a contender does not answer, or store, the same.
    """
    found = Checked()
    own = CONTENDERS[0]
    for contender in (own, *(one for one in contenders if one is not own)):
        with (
            counting(services.named(name)) as (address, tally),
            running(contender, services, address, port=port, core=None, keys=found.keys) as server,
        ):
            if contender is own:
                choice.sign_in(subjects, services, name, server)
                found.keys = published_keys(port)
                subjects.deep += choice.walk_deep(subjects, server, range(DEEP_READERS))
                subjects.tags += tags(server, subjects)
            print(f"Checking {contender.title} ...")
            for workload in workloads:
                if workload.own and not contender.own:
                    continue
                if workload.writes:
                    _check_write(services.named(name), server, subjects, found, workload, tally)
                else:
                    _check_reads(server, subjects, found, workload, tally)
    return found


def tags(server: Server, subjects: Subjects) -> list[str]:
    """The entity tags of the cards of all clubs, each as its reader sees it.

    Raises:
        Unable: a card has none.
    """
    found = []
    for number, slug in enumerate(subjects.slugs):
        headers = subjects.headers[number % 16]
        answer = server.send(Request("GET", f"/api/v1/clubs/{slug}/", headers))
        if "ETag" not in answer.headers:
            raise Unable(f"the card of {slug} has no ETag: {answer.status}")
        found.append(answer.headers["ETag"])
    return found


def _check_reads(
    server: Server, subjects: Subjects, found: Checked, workload: Workload, tally: Tally
) -> None:
    requests = workload.requests(subjects)
    step = max(1, len(requests) // COMPARED)
    wanted = 304 if workload.name == "unchanged" else 200
    bodies = []
    for request in requests[::step][:COMPARED]:
        answer = server.send(request)
        _expect(answer, wanted, server, workload)
        bodies.append(answer.body)
    _compare(server, found, workload, bodies)
    # Again, now that connections are open and plans are made.
    counts = []
    for number in range(COUNTED):
        tally.clear()
        server.send(requests[number % len(requests)])
        counts.append(_counted(tally))
    _keep(server, found, workload, counts)


def _check_write(
    address: str,
    server: Server,
    subjects: Subjects,
    found: Checked,
    workload: Workload,
    tally: Tally,
) -> None:
    counts: list[dict[str, Any]] = []
    while len(counts) < COUNTED:
        tally.clear()
        answer = server.send(new_review(subjects))
        _expect(answer, 201, server, workload)
        counts.append(_counted(tally))
    witness = Witness(address)
    try:
        answer = server.send(new_review(subjects, place=0, half_stars=9))
        _expect(answer, 201, server, workload)
        body, written = answer.body, witness.written()
    finally:
        witness.close()
    said = equality.masked_answer(body)
    kind = f"{workload.name}: answer and rows"
    if found.written is None:
        found.written = (said, written)
    for one, other in zip(found.written, (said, written), strict=True):
        if one != other:
            raise Different(f"{server.contender.title}, {kind}:\n{one}\n{other}")
    found.likeness.setdefault(workload.name, {})[server.contender.name] = "the same answer and rows"
    _keep(server, found, workload, counts)


def _expect(answer: Answer, status: int, server: Server, workload: Workload) -> None:
    if answer.status != status:
        raise Unable(
            f"{workload.title}, {server.contender.title}: {answer.status} in place of {status}: "
            f"{answer.body[:500]!r}"
        )


def _compare(server: Server, found: Checked, workload: Workload, bodies: list[bytes]) -> None:
    reference = found.reference.setdefault(workload.name, bodies)
    try:
        alike = [
            equality.likeness(one, other) for one, other in zip(reference, bodies, strict=True)
        ]
    except Different as error:
        raise Different(f"{workload.title}, {server.contender.title}: {error}") from error
    found.likeness.setdefault(workload.name, {})[server.contender.name] = equality.weakest(alike)


def _counted(tally: Tally) -> dict[str, Any]:
    return {
        "statements": len(tally.statements),
        "trips": tally.trips,
        "database_ms": round(1000 * tally.seconds, 3),
        "texts": [" ".join(text.split())[:400] for text in tally.statements],
    }


def _keep(server: Server, found: Checked, workload: Workload, counts: list[dict[str, Any]]) -> None:
    later = counts[2:]
    kept = {
        name: statistics.median(count[name] for count in later)
        for name in ("statements", "trips", "database_ms")
    }
    kept["texts"] = later[-1]["texts"]
    found.statements.setdefault(workload.name, {})[server.contender.name] = kept
