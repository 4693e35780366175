"""Statements that a server has prepared, asked in one call of libpq.

A cursor of psycopg finds out for each execution what it found out before. A statement that was
executed a few times on a connection is prepared under a name of ours; from then on its values are
handed to libpq under that name, and its rows are read by psycopg's own loaders.

Psycopg must prepare nothing on such a connection: after a rollback it would deallocate all there
is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus

Found = tuple[list[tuple[Any, ...]], int]


class Statement:
    """One statement on one connection.

    Arguments:
        cursor: a cursor of that connection for this statement alone, which leaves values to the
            server; with what it knows of types.
        after: how many executions it takes until the statement is prepared.
    """

    def __init__(self, cursor: Any, sql: str, *, after: int) -> None:
        self._connection: psycopg.Connection[Any] = cursor.connection
        self._cursor, self._sql, self._left = cursor, sql, after
        self._transformer = Transformer(cursor)
        self._query: Any = None
        self._names: dict[tuple[int, ...], bytes] = {}

    def answer(self, values: Sequence[Any]) -> Found:
        """The rows, if it gives rows, and how many it concerned.

        Raises:
            psycopg.Error: whatever the server answers.
        """
        if self._left > 0:
            self._left -= 1
            return self._by_cursor(values)
        pgconn = self._connection.pgconn
        if pgconn.transaction_status == TransactionStatus.IDLE and not self._connection.autocommit:
            self._check(pgconn.exec_(b"BEGIN"))
        if self._query is None:
            self._query = self._cursor._query_cls(self._transformer)
            self._query.convert(self._sql, values)
        else:
            self._query.dump(values)
        name = self._names.get(self._query.types) or self._prepared()
        result = pgconn.exec_prepared(name, self._query.params, self._query.formats, Format.TEXT)
        if result.status == ExecStatus.TUPLES_OK:
            self._transformer.set_pgresult(result)
            rows = self._transformer.load_rows(0, result.ntuples, tuple)
            return rows, result.ntuples
        self._check(result)
        return [], result.command_tuples or 0

    def _by_cursor(self, values: Sequence[Any]) -> Found:
        cursor = self._cursor.execute(self._sql, values)
        # Not `description`, which makes an object for each column to say that there are any.
        return cursor.fetchall() if cursor.pgresult.nfields else [], cursor.rowcount

    def _prepared(self) -> bytes:
        """Prepare for values of these types, and give the name."""
        types = self._query.types
        name = f"bookbridge_{id(self)}_{len(self._names)}".encode()
        self._check(self._connection.pgconn.prepare(name, self._query.query, types))
        return self._names.setdefault(types, name)

    def _check(self, result: Any) -> None:
        if result.status == ExecStatus.COMMAND_OK:
            return
        pgconn = self._connection.pgconn
        if pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())
        raise error_from_result(result, encoding=self._connection.info.encoding)
