"""The server and its worker: started, kept and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from bookbridge import environment, running

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60

PAIR = """
import sys
from bookbridge import running
note = "open(sys.argv[1], 'a').write(str(os.getpid()) + chr(10))"
sleeper = "import os, sys, time; " + note + "; time.sleep(600)"
command = lambda name: [sys.executable, "-c", sleeper, sys.argv[1] + "/" + name]
sys.exit(running.Pair(command("server"), command("worker")).run())
"""


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Nobody waits for the children of a process that was killed; the zombie is dead, too.
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Pair:
    """A pair of processes that sleep, and their keeper."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keeper = subprocess.Popen(
            [sys.executable, "-c", PAIR, str(folder)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        until(lambda: self.pids("server") and self.pids("worker"), "they did not start")

    def pids(self, name: str) -> list[int]:
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def gone(self) -> bool:
        return not any(alive(pid) for name in ("server", "worker") for pid in self.pids(name))


@pytest.fixture
def pair(tmp_path: Path):
    made = Pair(tmp_path)
    yield made
    if made.keeper.poll() is None:
        made.keeper.kill()
    made.keeper.communicate()
    for name in ("server", "worker"):
        for pid in made.pids(name):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_both_stop_when_the_keeper_is_told_to(pair: Pair, number: int) -> None:
    pair.keeper.send_signal(number)
    assert pair.keeper.wait(PATIENCE) == 0
    assert pair.gone()


def test_a_worker_that_dies_is_started_again(pair: Pair) -> None:
    (first,) = pair.pids("worker")
    os.kill(first, signal.SIGKILL)
    until(lambda: len(pair.pids("worker")) == 2, "no second worker")
    assert len(pair.pids("server")) == 1
    assert alive(pair.pids("server")[0])


def test_when_the_server_ends_so_does_the_worker(pair: Pair) -> None:
    os.kill(pair.pids("server")[0], signal.SIGKILL)
    assert pair.keeper.wait(PATIENCE) != 0
    assert pair.gone()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells children that their parent died")
def test_nobody_is_left_behind_when_the_keeper_is_killed(pair: Pair) -> None:
    pair.keeper.kill()
    pair.keeper.wait(PATIENCE)
    until(pair.gone, "a process was left behind")


def test_without_a_broker_there_is_only_the_server(tmp_path: Path) -> None:
    code = (
        "from bookbridge import environment, running, serving\n"
        "environment.load = lambda: None\n"
        "serving.arguments = lambda variables: ['-c', 'import os; print(os.getpid())']\n"
        "import os; print(os.getpid(), flush=True)\n"
        "running.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = done.stdout.split()
    assert before == after, "it became the server"


@pytest.fixture
def _own_signals() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


FOREVER = python("import time; time.sleep(600)")


@pytest.mark.usefixtures("_own_signals")
def test_the_end_of_the_server_is_the_end_of_both() -> None:
    pair = running.Pair(python("import time; time.sleep(1); raise SystemExit(3)"), FOREVER)
    assert pair.run() == 3
    assert pair.worker is not None
    assert pair.worker.returncode == -signal.SIGTERM


@pytest.mark.usefixtures("_own_signals")
def test_a_worker_that_dies_is_told_of_and_waited_for(capfd: pytest.CaptureFixture[str]) -> None:
    pair = running.Pair(FOREVER, python("raise SystemExit(1)"))
    threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert pair.run() == 0
    assert "The worker ended; again in 2 s." in capfd.readouterr().err
    assert pair.server.returncode == -signal.SIGINT


def test_without_a_broker_this_process_becomes_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setattr(running.allocation, "in_large_pages", lambda _variables: None)
    for name in ("BROKER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)

    def become(_program: str, arguments: list[str]) -> None:
        became.append(arguments)
        raise SystemExit(0)

    monkeypatch.setattr(running.os, "execv", become)
    with pytest.raises(SystemExit):
        running.main()
    assert became[0][:2] == [sys.executable, "-m"]
    monkeypatch.setenv("SERVER", "apache")
    with pytest.raises(SystemExit, match="apache"):
        running.main()


@pytest.mark.django_db
@pytest.mark.usefixtures("_own_signals")
def test_the_worker_by_hand_says_how_much_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("work", "--once")
    assert capsys.readouterr().out == "0 jobs were tried.\n"
