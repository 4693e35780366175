"""What a process of the server keeps in memory, and what it does without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bookbridge import allocation

ROOT = Path(__file__).resolve().parents[2]
THREADS = 8
#: Checks a password in every thread, one after the other, and says what stays, in KiB.
CHECKED = f"""
import threading, sys
from concurrent.futures import ThreadPoolExecutor
from argon2.low_level import Type, hash_secret
from bookbridge.allocation import keep_little

def resident():
    status = open("/proc/self/status").read()
    return int(status.split("VmRSS:")[1].split()[0])

together = threading.Barrier({THREADS})

def check(_number):
    together.wait()
    for _time in range(3):
        hash_secret(b"password", b"s" * 16, 2, 19456, 1, 32, Type.ID)

if sys.argv[1] == "told":
    assert keep_little()
with ThreadPoolExecutor({THREADS}) as pool:
    before = resident()
    list(pool.map(check, range({THREADS})))
    print(resident() - before)
"""
#: Comes in at the door of the server and says what it brought.
DOOR = """
import sys, threading
import bookbridge.wsgi
assert "outbox" in {thread.name for thread in threading.enumerate()}
print(*sorted({"celery", "kombu"} & set(sys.modules)))
"""


def said(program: str, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(
    not hasattr(os, "confstr") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""),
    reason="other libraries give large blocks back by themselves",
)
def test_what_checking_a_password_takes_is_given_back() -> None:
    one = 19 * 1024
    assert int(said(CHECKED, "told")) < one / 2
    assert int(said(CHECKED, "untold")) > one, "nothing would be kept: this rule can go"


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert allocation.keep_little() is False


def test_large_pages_are_asked_for_unless_somebody_says_otherwise() -> None:
    variables = {"PATH": "/bin"}
    allocation.in_large_pages(variables)
    assert variables["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
    variables["GLIBC_TUNABLES"] = "glibc.malloc.check=1"
    allocation.in_large_pages(variables)
    assert variables["GLIBC_TUNABLES"] == "glibc.malloc.check=1"


def test_a_server_with_a_broker_is_without_celery_until_it_has_something_to_tell() -> None:
    url = "redis://127.0.0.1:1/0"  # nobody is there, and nobody is asked
    variables = {"DJANGO_SETTINGS_MODULE": "bookbridge.settings.test", "BROKER_URL": url}
    assert said(DOOR, DATABASE_URL="sqlite:///:memory:", **variables) == ""
