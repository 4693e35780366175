"""The server and, where there is a broker, the worker beside it: what `make run` starts.

    python -m bookbridge.running

Both stop together. A worker that dies is started again; when the server ends, so does the worker.
Without REDIS_URL (or BROKER_URL) the worker is a thread of the server, and this process becomes
the server. Which server it is, `serving` says.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from bookbridge import allocation, environment, serving

WORKER = [sys.executable, "-m", "celery", "--quiet", "-A", "bookbridge.celery", "worker"]
WORKER += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]

LOOK_SECONDS = 0.2
#: A worker that keeps dying is started again after 1, 2, 4 ... seconds.
LONGEST_PAUSE = 30.0
#: Gunicorn gives requests 30 seconds.
STOP_SECONDS = 40.0
PR_SET_PDEATHSIG = 1


class Pair:
    """The two processes."""

    def __init__(self, server: list[str], worker: list[str]) -> None:
        self._worker_command = worker
        self._stopping: int | None = None
        self._pause, self._again_at, self._begun = 1.0, 0.0, 0.0
        self.server = start(server)
        self.worker: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Until the server ends; gives its exit code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, self._stop)
        while self.server.poll() is None and self._stopping is None:
            self._keep_worker()
            time.sleep(LOOK_SECONDS)
        return self._end()

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = number

    def _keep_worker(self) -> None:
        now = time.monotonic()
        if self.worker is not None and self.worker.poll() is not None:
            lived, self.worker = now - self._begun, None
            self._pause = 1.0 if lived > LONGEST_PAUSE else min(self._pause * 2, LONGEST_PAUSE)
            self._again_at = now + self._pause
            print(f"The worker ended; again in {self._pause:.0f} s.", file=sys.stderr, flush=True)
        if self.worker is None and now >= self._again_at:
            self._begun = now
            self.worker = start(self._worker_command)

    def _end(self) -> int:
        """Tell both to stop, and wait for both."""
        if self.server.poll() is None:
            at_once = self._stopping in (signal.SIGINT, signal.SIGQUIT)
            self.server.send_signal(signal.SIGINT if at_once else signal.SIGTERM)
        if self.worker is not None and self.worker.poll() is None:
            self.worker.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in (self.server, self.worker):
            if process is None:
                continue
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return 0 if self._stopping is not None else self.server.returncode


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """A process that gets no signals from the keyboard, and ends when this one does."""
    return subprocess.Popen(  # noqa: S603
        command, start_new_session=True, preexec_fn=_die_with(os.getpid())
    )


def _die_with(parent: int) -> Callable[[], None] | None:
    """What a new process does first, on Linux: ask to be stopped when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def main() -> int:
    """Serve."""
    environment.load()
    try:
        server = [sys.executable, *serving.arguments(os.environ)]
    except ValueError as error:
        sys.exit(str(error))
    allocation.in_large_pages(os.environ)
    if not (os.environ.get("BROKER_URL") or os.environ.get("REDIS_URL")):
        os.execv(sys.executable, server)  # noqa: S606
    return Pair(server, WORKER).run()


if __name__ == "__main__":
    sys.exit(main())
