"""What tests of the kernel share: readers, and cache servers in every bad state."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections
from pytest_django.fixtures import Settings

from bookbridge.kernel import cache as cache_module
from bookbridge.testing import free_port


def cost_of(act: Callable[[], Any]) -> float:
    """The processor time of `act`, where 1.0 is that of a million additions (some 50 ms).

    So it is about the same on a slow machine; a coverage tracer and other programs do not count.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        before, spent, after = map(_seconds_of, (_add_a_million, act, _add_a_million))
        return spent / max(before, after)
    finally:
        sys.settrace(tracer)


def _seconds_of(act: Callable[[], Any]) -> float:
    started = time.thread_time()
    act()
    return time.thread_time() - started


def _add_a_million() -> None:
    total = 0
    for number in range(1_000_000):
        total += number


@pytest.fixture(autouse=True)
def _fresh_circuits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port may be given out twice; what an earlier test learnt of it must not count."""
    monkeypatch.setattr(cache_module, "_circuits", {})


@pytest.fixture
def reader(db: None) -> Any:
    return get_user_model().objects.create(username="ana")


@pytest.fixture
def closed_port() -> str:
    """The address of a Redis that is down."""
    return f"redis://127.0.0.1:{free_port()}/0"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a Redis that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.fixture
def use_cache(settings: Settings) -> Callable[..., None]:
    """Makes a Redis the default cache."""

    def use(url: str, options: dict[str, Any] | None = None) -> None:
        backend = "bookbridge.kernel.cache.ResilientRedisCache"
        settings.CACHES = {
            "default": {"BACKEND": backend, "LOCATION": url, "OPTIONS": options or {}}
        }

    return use


@pytest.fixture
def without_cache_server(settings: Settings) -> None:
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend}}


@pytest.fixture
def quick_circuit(monkeypatch: pytest.MonkeyPatch) -> float:
    """Circuits ask again after a fraction of a second."""
    monkeypatch.setattr(cache_module, "OPEN_SECONDS", 0.2)
    return 0.2


class PrivateRedis:
    """A Redis server of the test's own, to be stopped, frozen and filled."""

    def __init__(self, folder: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        options = ("--port", str(self.port), "--save", "", "--dir", self.folder, *options)
        self.process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        for _attempt in range(600):  # machines under load take their time
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("The Redis of this test does not start.")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def private_redis(tmp_path: Any) -> Iterator[PrivateRedis]:
    if shutil.which("redis-server") is None:
        pytest.skip("needs the program redis-server")
    server = PrivateRedis(str(tmp_path))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """How often the server was asked for a sign of life, on a connection that was just used."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    calls: list[str] = []
    wrapper = type(connections["default"])
    original = wrapper.is_usable

    def is_usable(self: Any) -> bool:
        calls.append("asked")
        return bool(original(self))

    monkeypatch.setattr(wrapper, "is_usable", is_usable)
    connection.close()
    connection.settings_dict["CONN_HEALTH_CHECKS"] = True
    connection.settings_dict["CONN_MAX_AGE"] = 600
    connection.connect()
    yield calls
    connection.close()


@pytest.fixture
def prepares(asked: list[str]) -> Iterator[None]:
    """A connection that has statements prepared at their second execution."""
    options = connection.settings_dict["OPTIONS"]
    before = options.get("prepare_threshold")
    options["prepare_threshold"] = 2
    connection.close()
    yield
    options["prepare_threshold"] = before
    connection.close()
