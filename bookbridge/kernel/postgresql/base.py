"""The connection: kept between requests, looked at before it is used again, and with statements
that the server has prepared.

Django asks the server `SELECT 1` in every request. A server that closes a connection says so, and
that can be seen on the socket without a round trip. Only a connection that was not used for a
while is asked, in case its server vanished without a word.
"""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from django.db.backends.postgresql import base
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.sql import Literal
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.numeric import Int8BinaryDumper

from bookbridge.kernel.postgresql.statements import Statement

#: A connection that was used within so many seconds is believed when its socket is silent.
FRESH_SECONDS = 5.0
#: So many statements are kept on a connection.
STATEMENTS_KEPT = 100


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL."""

    health_check_done: bool
    close_at: float | None
    _worked_at = float("-inf")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._statements: dict[str, Statement] = {}

    def init_connection_state(self) -> None:
        """A new connection has prepared nothing; what is, is by us (see `statements`)."""
        self._statements.clear()
        self.connection.prepare_threshold = None
        super().init_connection_state()

    def close_if_health_check_failed(self) -> None:
        """Close a connection that does not live any more; called before its first use."""
        if self.connection is not None and not self.health_check_done and self._looks_alive():
            self.health_check_done = True
            return
        super().close_if_health_check_failed()

    def close_if_unusable_or_obsolete(self) -> None:
        """Called after each request: one that was checked has worked until now."""
        if self.health_check_done and not self.errors_occurred:
            self._worked_at = time.monotonic()
        super().close_if_unusable_or_obsolete()

    def prepared_answer(self, sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
        """The rows of a statement, if it gives rows, and how many it concerned.

        The server keeps its plan, where it may. Values travel apart from the statement; what was
        executed `prepare_threshold` times on a connection is parsed and planned no more. Django's
        own cursor asks where that option is off, and where somebody looks at statements.
        """
        after = self.settings_dict["OPTIONS"].get("prepare_threshold")
        if self.execute_wrappers or self.queries_logged or not after:
            with self._watched_cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall() if cursor.description else [], cursor.rowcount
        # What Django's cursor does, in its order.
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            try:
                return self._statement(sql, after).answer(values)
            except (FeatureNotSupported, InvalidSqlStatementName):
                # A column has another type since then: whatever was prepared is made anew.
                if self.in_atomic_block:
                    self.close_at = 0  # after this request; its transaction is lost
                    raise
                self._statements.clear()
                self.connection.execute("DEALLOCATE ALL")
                return self._statement(sql, after).answer(values)

    def _watched_cursor(self) -> Any:
        """A cursor of Django that leaves values to the server, as prepared statements do."""
        if not self.settings_dict["OPTIONS"].get("prepare_threshold"):
            return self.cursor()
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(self._server_cursor())  # type: ignore[attr-defined]

    def _statement(self, sql: str, after: int) -> Statement:
        """A statement with its own cursor: what is found out about it stays with it."""
        if (found := self._statements.get(sql)) is not None:
            return found
        if len(self._statements) >= STATEMENTS_KEPT:
            self._statements.clear()
            self.connection.execute("DEALLOCATE ALL")
        made = Statement(self._server_cursor(), sql, after=after)
        return self._statements.setdefault(sql, made)

    def _server_cursor(self) -> Any:
        """A cursor of psycopg that leaves values to the server."""
        cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
        # One statement for all keys: else numbers are told apart by size, each with its own plan.
        cursor.adapters.register_dumper(int, Int8BinaryDumper)  # type: ignore[attr-defined]
        return self._reading_fast(cursor)

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor of psycopg, for Django to wrap."""
        return self._reading_fast(super().create_cursor(name))

    def _reading_fast(self, cursor: Any) -> Any:
        """The session has the zone UTC, so that the loader in C gives what Django's gives."""
        if self.timezone is UTC:
            cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        return cursor

    def literal(self, value: Any) -> str:
        """A constant as it stands in a statement that takes parameters as well."""
        self.ensure_connection()
        return Literal(value).as_string(self.connection).replace("%", "%%")

    def _looks_alive(self) -> bool:
        """Whether it worked a moment ago and the server has said nothing since."""
        if time.monotonic() - self._worked_at > FRESH_SECONDS:
            return False
        said = select.poll()
        said.register(self.connection.fileno(), select.POLLIN)
        return not said.poll(0)
