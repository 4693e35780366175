"""Does the cache server answer, quickly, and keep what it is given?"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from urllib.parse import urlsplit

import redis
from django.conf import settings

from bookbridge.doctor.findings import Finding, Question

AREA = "cache"
OLDEST = (6, 2)
SLOW_SECONDS = 0.05
PROBE = "bookbridge:doctor"


def answers() -> Iterator[Finding]:
    """Redis, asked directly: the cache itself hides every fault."""
    if not settings.REDIS_URL:
        yield Finding(AREA, "the cache of the process is used (REDIS_URL is empty)")
        return
    url = urlsplit(settings.CACHES["default"]["LOCATION"])
    where = f"{url.hostname}:{url.port or 6379}"
    try:
        with redis.from_url(url.geturl(), socket_timeout=1, socket_connect_timeout=1) as server:
            begun = perf_counter()
            server.set(PROBE, "1", ex=5)
            kept = server.get(PROBE)
            took = perf_counter() - begun
            version = str(server.info("server")["redis_version"])
    except redis.RedisError as error:
        yield Finding(
            AREA,
            f"Redis at {where}: {str(error).splitlines()[0]}",
            "start it, or correct REDIS_URL; until then everything works, more slowly",
        )
        return
    if kept != b"1":
        yield Finding(AREA, f"Redis at {where} forgets at once", "give it more memory (maxmemory)")
    elif took > SLOW_SECONDS:
        yield Finding(
            AREA,
            f"Redis at {where} took {took * 1000:.0f} ms for two questions",
            "move it nearer to the server",
        )
    elif tuple(map(int, version.split(".")[:2])) < OLDEST:
        yield Finding(AREA, f"Redis {version} is too old", "move to Redis 6.2 or newer")
    else:
        yield Finding(AREA, f"Redis {version} at {where} answers")


QUESTIONS: list[Question] = [answers]
