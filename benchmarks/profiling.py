"""Where the time of a request goes: samples of BookBridge answering in one process, by layer.

No server and no socket of a client are in it. A sample belongs to the layer of its innermost frame
that belongs to one. Run as a process of its own (`python -m benchmarks.profiling DATABASE`), since
it becomes the program that it looks at.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any
from urllib.parse import unquote

from benchmarks import dataset, machine, results
from benchmarks import subjects as choice
from benchmarks.environment import own_variables
from benchmarks.services import FOLDER, ROOT, Services, Unable
from benchmarks.services import running as services_running
from benchmarks.subjects import Subjects
from benchmarks.workloads import TABLE
from benchmarks.wrk import Request

#: How often a sample is taken, in seconds of CPU, and of how many requests.
EVERY, REQUESTS, WARMING = 0.0005, 6_000, 300
#: A write leaves rows, so that there are fewer of them.
WRITES = 2_000

#: The layers, with what paths of their code hold; the first that fits a frame counts.
LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("database", ("/psycopg/", "/django/db/", "/kernel/compiled", "/kernel/postgresql/",
                  "/kernel/instances", "/kernel/inserting", "/kernel/updating")),
    ("Redis", ("/redis/", "/django_redis/", "/kernel/wire", "/kernel/cache", "/kernel/leases")),
    ("log line", ("/logging/", "/kernel/request_log")),
    ("JSON and ETag", ("/kernel/rendering", "/kernel/conditional", "/kernel/responses")),
    ("shapes of the answer", ("/shapes.py", "/kernel/pagination", "/django/core/signing")),
    ("input", ("/kernel/serializers", "/kernel/query", "/kernel/parsing", "fields.py",
               "/rest_framework/serializers", "/rest_framework/parsers")),
    ("Markdown", ("/markdown_it/", "/kernel/markdown")),
    ("address", ("/django/urls/", "/kernel/routes")),
    ("token and session", ("/accounts/authentication", "/accounts/tokens", "/accounts/verified",
                           "/accounts/sessions", "/accounts/keys", "/rest_framework_simplejwt/")),
    ("limit", ("/kernel/limits", "/kernel/addresses", "/kernel/counters")),
    ("rules of the domain", ("/accounts/", "/clubs/", "/reviews/", "/stats/")),
    ("framework", ("/django/", "/rest_framework/", "/corsheaders/", "/whitenoise/", "/kernel/")),
)  # fmt: skip
OTHER = "other"


def run(*, reviews: int) -> None:
    """Take the samples of every workload, and keep them in var/bench/results.json.

    Raises:
        Unable: the program cannot be measured.
    """
    with services_running() as services:
        seeded = dataset.prepare(services, dataset.Extent(reviews))
        services.cache().flushdb()
        with dataset.copied(services, seeded) as name:
            variables = own_variables(services.named(name), services.redis_url, LOG_STREAM="stderr")
            log = FOLDER / "profile.log"  # the lines of the requests, and what went wrong
            with log.open("wb") as lines:
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.profiling", name],
                    cwd=ROOT, env=variables, check=False, stdout=subprocess.PIPE, stderr=lines,
                )  # fmt: skip
        if done.returncode:
            raise Unable(f"the program could not be profiled; {log} says why")
        found = results.circumstances(services, machine.cores())
    found["workloads"] = json.loads(done.stdout.splitlines()[-1])
    found["titles"] = {workload.name: workload.title for workload in TABLE}
    print(f"Written to {results.keep('profile', found)}.")


def layer_of(frame: FrameType | None) -> str:
    """The layer of a moment."""
    while frame is not None:
        path = frame.f_code.co_filename
        for layer, parts in LAYERS:
            if any(part in path for part in parts):
                return layer
        frame = frame.f_back
    return OTHER


@contextmanager
def sampling() -> Iterator[Counter[str]]:
    """Count moments by layer."""
    found: Counter[str] = Counter()

    def take(_signal: int, frame: FrameType | None) -> None:
        found[layer_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, take)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def profiled(ask: Callable[[Request], str], requests: Sequence[Request]) -> dict[str, Any]:
    """Microseconds of CPU of one request, in all and by layer.

    Raises:
        Unable: an answer is not a good one.
    """
    for request in requests[:WARMING]:
        ask(request)
    rest = requests[WARMING:]
    with sampling() as found:
        begun = time.process_time()
        for request in rest:
            status = ask(request)
            if status[0] not in "23":
                raise Unable(f"{request.method} {request.path}: {status}")
        spent = (time.process_time() - begun) / len(rest) * 1e6
    samples = max(1, sum(found.values()))
    layers = {layer: round(spent * n / samples) for layer, n in found.most_common()}
    return {"total": round(spent), "layers": layers}


def environ_of(request: Request) -> dict[str, Any]:
    """What a server would hand the program for a request."""
    path, _mark, query = request.path.partition("?")
    found: dict[str, Any] = {
        "REQUEST_METHOD": request.method, "PATH_INFO": unquote(path), "QUERY_STRING": query,
        "SCRIPT_NAME": "", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(request.body.encode()),
        "wsgi.errors": sys.stderr,
    }  # fmt: skip
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        found[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    if request.body:
        found["CONTENT_LENGTH"] = str(len(request.body.encode()))
    return found


def requests_of(workload: Any, subjects: Subjects) -> list[Request]:
    """As many requests as are sampled."""
    requests = workload.requests(subjects)
    if workload.writes:
        return list(requests[:WRITES])
    times = (WARMING + REQUESTS) // len(requests) + 1
    return list((requests * times)[: WARMING + REQUESTS])


def main(name: str) -> None:
    """Become the program, with readers signed in; print what was found as JSON."""
    application = import_module("bookbridge.wsgi").application  # first: it sets all up

    from accounts.models import User
    from accounts.sessions import open_session
    from accounts.tokens import access_token_for

    services = Services(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], private=False)
    subjects = choice.find(services, name)
    for key in subjects.readers:
        reader = User.objects.get(pk=key)
        token = access_token_for(reader, open_session(reader=reader))
        subjects.headers.append((("Authorization", f"Bearer {token}"),))

    answered: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        answered.update(status=status, headers=dict(headers))

    def ask(request: Request) -> str:
        body = application(environ_of(request), start)
        answered["body"] = b"".join(body)
        body.close()
        return str(answered["status"])

    for number, slug in enumerate(subjects.slugs):
        ask(Request("GET", f"/api/v1/clubs/{slug}/", subjects.headers[number % 16]))
        subjects.tags.append(answered["headers"]["ETag"])
    path = choice.reviews_path(subjects, page_size=choice.LARGEST_PAGE)
    for _page in range(subjects.depth // choice.LARGEST_PAGE):
        ask(Request("GET", path, subjects.headers[0]))
        path = choice.path_of(json.loads(answered["body"])["next"])
    subjects.deep.append(path.replace(f"page_size={choice.LARGEST_PAGE}", "page_size=20"))
    found = {one.name: profiled(ask, requests_of(one, subjects)) for one in TABLE}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
