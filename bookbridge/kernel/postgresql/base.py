"""The connection: kept between requests, looked at before it is used again, and with statements
that the server has prepared.

Django asks the server `SELECT 1` in every request. A server that closes a connection says so, and
that can be seen on the socket without a round trip. Only a connection that was not used for a
while is asked, in case its server vanished without a word.
"""

from __future__ import annotations

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg.sql import Literal

#: A connection that was used within so many seconds is believed when its socket is silent.
FRESH_SECONDS = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL."""

    health_check_done: bool
    _worked_at = float("-inf")

    def close_if_health_check_failed(self) -> None:
        """Close a connection that does not live any more; called before its first use."""
        if self.connection is not None and not self.health_check_done and self._looks_alive():
            self.health_check_done = True
            return
        super().close_if_health_check_failed()

    def close_if_unusable_or_obsolete(self) -> None:
        """Called before and after each request: one that was checked has worked until now."""
        if self.health_check_done and not self.errors_occurred:
            self._worked_at = time.monotonic()
        super().close_if_unusable_or_obsolete()

    def prepared_cursor(self) -> Any:
        """A cursor of which the server keeps the plans, where `prepare_threshold` is an option.

        Values travel apart from their statements; what was executed so often on a connection is
        parsed and planned no more.
        """
        if not self.settings_dict["OPTIONS"].get("prepare_threshold"):
            return self.cursor()
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined]

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
