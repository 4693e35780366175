"""Requests at a pace: each has its moment, and what it waits for a free connection counts.

So an answer that is late makes the next ones late as it would for readers, and is not left out.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.wrk import Request

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
TIMEOUT_SECONDS = 30
#: So many stretches of so many seconds make a minute.
STRETCHES, STRETCH_SECONDS = 3, 20.0
#: Stands for an answer that never came.
LOST = 0


@dataclass
class Minute:
    """What came back of the requests that were due in one minute."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def take(self, status: int, milliseconds: float) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        self.times.append(milliseconds)


def encoded(request: Request, host: str) -> bytes:
    """The bytes of a request."""
    body = request.body.encode()
    head = [f"{request.method} {request.path} HTTP/1.1", f"Host: {host}"]
    head += [f"{name}: {value}" for name, value in request.headers]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


class Connection:
    """One connection that is kept, and opened again when the server closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, data: bytes) -> int:
        """The status of the answer; LOST without one."""
        fresh = self.writer is None
        try:
            return await asyncio.wait_for(self._ask(data), TIMEOUT_SECONDS)
        except asyncio.IncompleteReadError as error:
            self.close()
            # A kept connection that the server had closed before it read anything.
            if fresh or error.partial:
                return LOST
        except (OSError, TimeoutError):
            self.close()
            if fresh:
                return LOST
        return await self.ask(data)

    async def _ask(self, data: bytes) -> int:
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if length := _LENGTH.search(head):
            await self.reader.readexactly(int(length[1]))
        if b"connection: close" in head.lower():
            self.close()
        status = _STATUS.match(head)
        return int(status[1]) if status else LOST

    def close(self) -> None:
        """Drop it."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def keep_pace(
    port: int,
    request: Callable[[], Request],
    *,
    pace: Callable[[], float],
    speed: Callable[[int], float],
    minutes: int,
    connections: int,
    every_minute: Callable[[int, Minute], None],
) -> None:
    """Send `request()` at a pace for so many minutes; `every_minute` hears what came of each.

    `pace()` gives the requests a second for the next stretch. It is asked when all answers of the
    last one have come, and the time that it takes does not count. `speed(answers)` says by what
    the pace is to be multiplied at this moment of the stretch.
    """
    due: asyncio.Queue[float | None] = asyncio.Queue()
    minute, answers, host = Minute(), 0, f"127.0.0.1:{port}"

    async def work() -> None:
        nonlocal answers
        connection = Connection(port)
        while (at := await due.get()) is not None:
            status = await connection.ask(encoded(request(), host))
            minute.take(status, 1000 * (time.perf_counter() - at))
            answers += 1
            due.task_done()
        connection.close()

    workers = [asyncio.create_task(work()) for _number in range(connections)]
    for number in range(minutes):
        minute = Minute()
        for _stretch in range(STRETCHES):
            per_second = await asyncio.to_thread(pace)
            answers, at = 0, time.perf_counter()
            end = at + STRETCH_SECONDS
            while at < end:
                if (wait := at - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                due.put_nowait(at)
                at += 1 / (per_second * speed(answers))
            await due.join()
        every_minute(number, minute)
    for _worker in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
