"""What wrk says, and what it is told."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from benchmarks import pace
from benchmarks.pace import Connection, Minute, encoded, keep_pace
from benchmarks.wrk import LoadError, Request, command, parse, write_requests

SAID = {
    "requests": 1200, "duration_us": 3_000_000, "p50_us": 12_500, "p95_us": 20_000,
    "p99_us": 31_000, "max_us": 90_000, "connect": 0, "read": 1, "write": 0, "timeout": 2,
    "status": 3,
}  # fmt: skip


def test_the_result_of_wrk_is_read_in_milliseconds() -> None:
    output = f"Running 3s test @ http://127.0.0.1:8000\n...\nRESULT {json.dumps(SAID)}\n"
    load = parse(output)
    assert (load.requests, load.per_second) == (1200, 400.0)
    assert (load.p50, load.p95, load.p99, load.longest) == (12.5, 20.0, 31.0, 90.0)
    assert (load.refused, load.lost) == (3, 3)


def test_an_output_without_a_result_is_an_error() -> None:
    with pytest.raises(LoadError, match="no result"):
        parse("unable to connect to 127.0.0.1:8000 Connection refused")


def test_requests_are_lines_of_four_fields(tmp_path: Path) -> None:
    body = json.dumps({"text": "a\tb\nc"})
    made = [
        Request("GET", "/a/", (("Authorization", "Bearer x"), ("Accept", "*/*"))),
        Request("POST", "/b/", (("Content-Type", "application/json"),), body),
    ]
    lines = write_requests(tmp_path / "requests.tsv", made).read_text().splitlines()
    assert lines[0] == "GET\t/a/\tAuthorization: Bearer x\x1fAccept: */*\t"
    assert [len(line.split("\t")) for line in lines] == [4, 4]
    assert json.loads(lines[1].split("\t")[3]) == {"text": "a\tb\nc"}


def test_wrk_is_pinned_and_counts_in_whole_seconds() -> None:
    asked = {"connections": 16, "seconds": 2.6}
    made = command("http://127.0.0.1:1", Path("r.tsv"), core=1, **asked)  # type: ignore[arg-type]
    assert made[:3] == ["taskset", "--cpu-list", "1"]
    assert made[made.index("--duration") + 1] == "3s"
    free = command("http://127.0.0.1:1", Path("r.tsv"), core=None, **asked)  # type: ignore[arg-type]
    assert "taskset" not in free


def test_a_request_at_a_pace_says_how_long_its_body_is() -> None:
    head, body = encoded(Request("POST", "/é/", (), '{"a":"é"}'), "h:1").split(b"\r\n\r\n")
    assert b"Content-Length: 10" in head
    assert len(body) == 10
    assert b"Content-Length" not in encoded(Request("GET", "/"), "h:1")


def test_a_minute_counts_what_came_back() -> None:
    minute = Minute()
    for status, took in ((200, 4.0), (503, 9.0), (200, 5.0)):
        minute.take(status, took)
    assert minute.statuses == {200: 2, 503: 1}
    assert sorted(minute.times) == [4.0, 5.0, 9.0]


def test_the_pace_is_asked_for_each_stretch_when_all_answers_have_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    under_way, told = [0], list[tuple[int, Minute]]()

    async def ask(_connection: Connection, _data: bytes) -> int:
        under_way[0] += 1
        await asyncio.sleep(0.01)
        under_way[0] -= 1
        return 200

    def found() -> float:
        assert under_way == [0]
        time.sleep(0.05)  # does not count
        return 200.0

    monkeypatch.setattr(Connection, "ask", ask)
    monkeypatch.setattr(pace, "STRETCH_SECONDS", 0.1)
    asyncio.run(
        keep_pace(
            1, lambda: Request("GET", "/"), pace=found, speed=lambda _answers: 1.0, minutes=2,
            connections=4,
            every_minute=lambda *minute: told.append(minute),
        )
    )  # fmt: skip
    assert [(number, list(minute.statuses)) for number, minute in told] == [(0, [200]), (1, [200])]
    assert all(3 * 20 <= len(minute.times) <= 3 * 21 for _number, minute in told)
    assert min(told[0][1].times) >= 10
