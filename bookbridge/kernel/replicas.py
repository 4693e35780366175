"""Reading from replicas of the database, without ever reading the past.

A replica of PostgreSQL is behind its primary by milliseconds, or by minutes. So before the handler
of a GET reads, the primary is asked how far its log has come, and a replica may answer only once it
has replayed the log up to there. Whatever was committed before the request came is then in what it
reads: one's own writes, and what moderators and owners decided about who may see what. That needs
no cache server, and holds for the writes of every process and command.

Who is asking, limits, and what a path is below (a club) are always asked of the primary, as is
everything within a transaction and outside of a GET. A replica that is away, behind, cancels a
query or is none at all is left alone for a while, and the primary answers.

The promise rests on commits that wait for the log of the primary to be written, which is
`synchronous_commit` at its default or above; `doctor` looks at it.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections

from bookbridge.kernel.overdue import watch

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

OK, BEHIND, DOWN = "ok", "behind", "down"
#: How long a replica is left alone that is away, and one that is behind.
DOWN_SECONDS, BEHIND_SECONDS = 5.0, 1.0
#: How long it may take to say how far it is, and to answer a request, before it counts as frozen.
PROBE_SECONDS, ANSWER_SECONDS = 1.0, 6.0
#: Between two questions whether it has caught up.
PAUSE_SECONDS = 0.002
#: The replica undid one query because of what it had to replay; it is well otherwise.
CONFLICT = {"40001", "40P01"}
#: A statement that takes too long there takes too long everywhere.
TOO_LONG = "57014"

SERVER = "SELECT system_identifier FROM pg_control_system()"
POSITION = "SELECT pg_current_wal_flush_lsn()"
REACHED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s, pg_is_in_recovery()"


class NoReplica(OperationalError):
    """What answers at the address of a replica is not one of this primary."""


class Replica:
    """One replica as this process knows it, shared by its threads."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._lock = threading.Lock()
        self._state = OK
        self._retry_at = 0.0
        self._known = False

    @property
    def state(self) -> str:
        """`ok`, `behind` or `down`, when it was last asked."""
        return self._state

    def admits(self) -> bool:
        """Whether the caller may ask it; while it is left alone, one caller at a time may try."""
        if self._state == OK:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._retry_at:
                return self._state == OK
            self._retry_at = now + (DOWN_SECONDS if self._state == DOWN else BEHIND_SECONDS)
            return True

    def reached(self, position: str, deadline: float) -> bool:
        """Whether it has replayed the log of the primary up to `position`, by `deadline`."""
        kept = connections[self.alias].connection is not None
        try:
            try:
                reached = self._catches_up(position, deadline)
            except DatabaseError as error:
                if not kept or isinstance(error, NoReplica):
                    raise
                connections[self.alias].close()  # it was cut since it was last used
                reached = self._catches_up(position, deadline)
        except DatabaseError as error:
            self.failed(error)
            return False
        if not reached:
            self._rest(BEHIND, BEHIND_SECONDS, "it is behind the primary")
        elif self._state != OK:
            with self._lock:
                self._state = OK
            logger.warning("%s is used again.", self.alias)
        return reached

    def _catches_up(self, position: str, deadline: float) -> bool:
        connections[self.alias].ensure_connection()
        with watch.at_most(PROBE_SECONDS, connections[self.alias]):
            self._recognise()
            while not self._has_replayed(position):
                if time.monotonic() >= deadline:
                    return False
                time.sleep(PAUSE_SECONDS)
        return True

    def failed(self, error: DatabaseError) -> None:
        """It gave `error` in place of an answer."""
        if sqlstate(error) in CONFLICT:
            return
        self._known = False
        self._rest(DOWN, DOWN_SECONDS, str(error) if isinstance(error, NoReplica) else _kind(error))
        connections[self.alias].close()

    def _recognise(self) -> None:
        """Refuse a server that is not a copy of the primary; its log means nothing here."""
        if not self._known:
            if _ask(self.alias, SERVER) != _ask(DEFAULT_DB_ALIAS, SERVER):
                raise NoReplica("it is no copy of the primary")
            self._known = True

    def _has_replayed(self, position: str) -> bool:
        reached, replays = _ask(self.alias, REACHED, position)
        if not replays:
            raise NoReplica("it replays no log (was it promoted?)")
        return bool(reached)

    def _rest(self, state: str, seconds: float, reason: str) -> None:
        with self._lock:
            if self._state != state:
                logger.warning("%s is not used for now: %s.", self.alias, reason)
            self._state = state
            self._retry_at = time.monotonic() + seconds


class Replicas:
    """All replicas of the settings, asked in turn."""

    def __init__(self) -> None:
        self._all: dict[str, Replica] = {}
        self._turn = itertools.count()

    def all(self) -> list[Replica]:
        """Every replica that the settings name."""
        names: list[str] = settings.DATABASE_REPLICAS
        return [self._all.setdefault(name, Replica(name)) for name in names]

    def named(self, alias: str) -> Replica:
        """The replica of that name in the settings."""
        return self._all[alias]

    def states(self) -> dict[str, str]:
        """What each says now, `ok`, `behind` or `down`; whoever is left alone is not asked.

        Raises:
            DatabaseError: the primary does not answer.
        """
        (position,) = _ask(DEFAULT_DB_ALIAS, POSITION)
        deadline = time.monotonic() + settings.DATABASE_REPLICA_WAIT_SECONDS
        for replica in self.all():
            if replica.admits():
                replica.reached(position, deadline)
        return {replica.alias: replica.state for replica in self.all()}

    def forget(self) -> None:
        """Know nothing of any (for tests)."""
        self._all.clear()

    def choose(self) -> str:
        """Where the reads of a request that has come may go: a replica, or the primary.

        Raises:
            DatabaseError: the primary does not answer.
        """
        known = self.all()
        first = next(self._turn) % len(known)
        position, deadline = None, 0.0
        for replica in known[first:] + known[:first]:
            if not replica.admits():
                continue
            if position is None:
                (position,) = _ask(DEFAULT_DB_ALIAS, POSITION)
                deadline = time.monotonic() + settings.DATABASE_REPLICA_WAIT_SECONDS
            if replica.reached(position, deadline):
                return replica.alias
        return DEFAULT_DB_ALIAS


replicas = Replicas()


@dataclass
class _Scope:
    """Where the reads of a handler go (None until the first one), and what ends with it."""

    end: ExitStack
    alias: str | None = None


class _Here(threading.local):
    scope: _Scope | None = None


_here = _Here()


@contextmanager
def _scope() -> Iterator[_Scope]:
    with ExitStack() as end:
        outer, _here.scope = _here.scope, _Scope(end)
        try:
            yield _here.scope
        finally:
            _here.scope = outer


def read_alias() -> str:
    """The database to read from, here and now: what the router says, for those who write SQL."""
    scope = _here.scope
    if scope is None or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return DEFAULT_DB_ALIAS
    if scope.alias is None:
        scope.alias = replicas.choose()
        if scope.alias != DEFAULT_DB_ALIAS:
            scope.end.enter_context(watch.at_most(ANSWER_SECONDS, connections[scope.alias]))
    return scope.alias


def reading(act: Callable[[], Result]) -> Result:
    """What `act` gives, whose reads a replica may answer; it must write nothing.

    The replica has all that was committed before the first read of `act`, also where this call
    is within another one. When the replica fails, `act` runs again on the primary.
    """
    if not settings.DATABASE_REPLICAS:
        return act()
    with _scope() as scope:
        try:
            return act()
        except DatabaseError as error:
            if scope.alias is None or scope.alias == DEFAULT_DB_ALIAS:
                raise
            if sqlstate(error) == TOO_LONG:
                raise
            if isinstance(error, OperationalError | InterfaceError):
                replicas.named(scope.alias).failed(error)
            scope.alias = DEFAULT_DB_ALIAS
        return act()


class Router:
    """Django's question where a query goes; in the settings when there are replicas."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """A replica within `reading`, elsewhere the primary."""
        return read_alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """The primary."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        """Rows of the primary and of its copies are the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Copies get their tables from the primary."""
        return db == DEFAULT_DB_ALIAS


def sqlstate(error: Exception) -> str | None:
    """The code that PostgreSQL gave for `error`, if it did."""
    return getattr(error.__cause__, "sqlstate", None)


def _ask(alias: str, question: str, *values: Any) -> tuple[Any, ...]:
    with connections[alias].cursor() as cursor:
        cursor.execute(question, values)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _kind(error: DatabaseError) -> str:
    return sqlstate(error) or type(error).__name__
