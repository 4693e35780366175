"""Workers as processes of their own: killed in the middle, without a broker, and with one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bookbridge.testing import free_port
from bookbridge.tests.live.machines import own_redis
from bookbridge.tests.live.server import ROOT, environment_for, fresh_database, migrate, send
from bookbridge.tests.post_office import PostOffice, post_office

PATIENCE = 180
NUMBER = 12

MAILS = """
from django.db import transaction
from accounts import mail
from accounts.models import User
for number in range({number}):
    with transaction.atomic():
        reader, _made = User.objects.get_or_create(
            username=f"reader{{number}}", email=f"reader{{number}}@example.org",
            email_verified_at="2026-01-01T00:00:00Z")
        mail.send("password_changed", reader=reader)
"""
STATES = """
import json
from bookbridge.kernel.models import OutboxJob
print(json.dumps([OutboxJob.objects.waiting().count(), OutboxJob.objects.parked().count(),
    OutboxJob.objects.filter(done_at__isnull=False).count()]))
"""


class Place:
    """A database, a mail server, and programs that run on them."""

    def __init__(self, folder: Path, database_url: str, office: PostOffice) -> None:
        self.environment = environment_for(
            folder,
            database_url,
            REDIS_URL="",
            EMAIL_URL=office.url,
            OUTBOX_LEASE_SECONDS="5",
            OUTBOX_POLL_SECONDS="1",
            EMAIL_TIMEOUT="120",
        )
        migrate(self.environment)
        self.log = folder / "programs.log"
        self.programs: list[subprocess.Popen[bytes]] = []

    def shell(self, code: str) -> str:
        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def states(self) -> list[int]:
        """How many jobs wait, are parked, are done."""
        return list(json.loads(self.shell(STATES)))

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            program = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.programs.append(program)
        return program

    def end(self) -> None:
        for program in self.programs:
            if program.poll() is None:
                program.terminate()
                try:
                    program.wait(60)
                except subprocess.TimeoutExpired:
                    program.kill()
                    program.wait()


@pytest.fixture
def place(tmp_path: Path, office: PostOffice) -> Iterator[Place]:
    with fresh_database(tmp_path) as url:
        made = Place(tmp_path, url, office)
        try:
            yield made
        finally:
            made.end()


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_a_worker_killed_in_the_middle_loses_no_mail(place: Place, office: PostOffice) -> None:
    place.shell(MAILS.format(number=NUMBER))
    office.may_answer.clear()
    killed = place.run("manage.py", "work")
    assert office.asked.wait(PATIENCE), place.log.read_text()
    killed.kill()
    killed.wait()
    office.may_answer.set()

    place.run("manage.py", "work")
    until(lambda: len({mail["To"] for mail in office.mails}) == NUMBER, place.log.read_text())
    until(lambda: place.states() == [0, 0, NUMBER], place.log.read_text())
    names = [mail["Message-ID"] for mail in office.mails]
    recipients = {mail["To"] for mail in office.mails}
    assert recipients == {f"reader{number}@example.org" for number in range(NUMBER)}
    assert len(set(names)) == NUMBER
    # The one mail that the server took while its worker died may come twice, under one name.
    assert len(names) <= NUMBER + 1


def test_once_does_what_is_due_and_ends(place: Place, office: PostOffice) -> None:
    place.shell(MAILS.format(number=3))
    assert place.run("manage.py", "work", "--once").wait(PATIENCE) == 0
    assert len(office.mails) == 3
    forever = place.run("manage.py", "work")
    place.shell(MAILS.format(number=1))
    until(lambda: len(office.mails) == 4, place.log.read_text())
    forever.send_signal(signal.SIGTERM)
    assert forever.wait(PATIENCE) == 0


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs the program redis-server")
def test_server_and_worker_with_a_broker_that_comes_and_goes(
    place: Place, office: PostOffice, tmp_path: Path
) -> None:
    port = free_port()
    place.environment["BIND"] = f"127.0.0.1:{port}"
    with own_redis(tmp_path) as (machine, url):
        place.environment["BROKER_URL"] = url
        both = place.run("-m", "bookbridge.running")
        live = f"http://127.0.0.1:{port}/livez"
        until(lambda: send("GET", live, timeout=5).status == 200, place.log.read_text())
        place.shell(MAILS.format(number=1))
        until(lambda: len(office.mails) == 1, place.log.read_text())

        machine.stop(signal.SIGKILL)
        place.shell(MAILS.format(number=2))
        until(lambda: len(office.mails) == 3, "the worker looks for itself")
        machine.start()

        worker = _child(both.pid, "celery")
        os.kill(worker, signal.SIGKILL)
        until(lambda: _child(both.pid, "celery") not in (0, worker), place.log.read_text())
        place.shell(MAILS.format(number=3))
        until(lambda: len(office.mails) == 6, place.log.read_text())

        again = _child(both.pid, "celery")
        both.send_signal(signal.SIGINT)
        assert both.wait(PATIENCE) == 0
        assert not Path(f"/proc/{again}").exists(), "no worker is left behind"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def _child(parent: int, word: str) -> int:
    """The process that `parent` started with a word in its command; 0 for none."""
    listed = subprocess.run(
        ["ps", "--ppid", str(parent), "-o", "pid=,args="], capture_output=True, text=True
    ).stdout
    found = [int(line.split()[0]) for line in listed.splitlines() if word in line]
    return found[0] if found else 0
