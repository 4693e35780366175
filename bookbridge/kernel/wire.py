"""A short way to Redis for what is asked with each request.

The client of redis-py asks its pool for a connection, looks whether it is well, and counts, for
every command; that costs more than the command. Here connections of the same kind (the pool's own
class and settings) are kept ready and used as they are. One that turns out to be closed was closed
since it was last used: the command is sent once more, on a new one. Nothing else is repeated.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from hashlib import sha1
from typing import Any
from weakref import WeakKeyDictionary

from redis import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError


class Wire:
    """Connections to one server; one for each thread that is asking right now.

    A connection is with one thread at a time. It is put back only in good order: after an answer
    that was read to its end. Those of another process (before a fork) are not used.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        # Not the pool: it is the key under which this is kept.
        self._make, self._settings = pool.connection_class, pool.connection_kwargs
        self._ready: list[Any] = []

    def ask(self, *command: Any) -> Any:
        """The answer to one command.

        Raises:
            redis.exceptions.RedisError: there is none, or it is an error.
        """
        connection = self._kept()
        if connection is not None:
            try:
                return self._exchange(connection, command)
            except RedisConnectionError:
                # Redis was restarted, or closed what was idle: the others are no better.
                self._ready.clear()
        return self._exchange(self._make(**self._settings), command)

    def run(self, source: str, keys: list[Any], args: list[Any]) -> Any:
        """The answer of a Lua script, by its digest where Redis knows it.

        Raises:
            redis.exceptions.RedisError: there is none, or it is an error.
        """
        try:
            return self.ask("EVALSHA", _digest(source), len(keys), *keys, *args)
        except NoScriptError:
            return self.ask("EVAL", source, len(keys), *keys, *args)

    def _kept(self) -> Any | None:
        """A connection of this process that nobody uses, if there is one."""
        while True:
            try:
                connection = self._ready.pop()
            except IndexError:
                return None
            if connection.pid == os.getpid():
                return connection

    def _exchange(self, connection: Any, command: tuple[Any, ...]) -> Any:
        try:
            connection.send_command(*command)
            answer = connection.read_response()
        except ResponseError:  # Redis refuses; that, too, is a whole answer
            self._ready.append(connection)
            raise
        self._ready.append(connection)
        return answer


_wires: WeakKeyDictionary[ConnectionPool, Wire] = WeakKeyDictionary()
_wires_lock = threading.Lock()


def wire_of(pool: ConnectionPool) -> Wire:
    """The wire to the server of `pool`, shared by all threads."""
    with _wires_lock:
        wire = _wires.get(pool)
        if wire is None:
            wire = _wires[pool] = Wire(pool)
        return wire


@lru_cache(maxsize=64)
def _digest(source: str) -> str:
    """The name that Redis gives a script."""
    return sha1(source.encode(), usedforsecurity=False).hexdigest()
