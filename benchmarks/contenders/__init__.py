"""The programs that are measured: each a module with an application, and how it is started.

All answer the same requests with the same JSON from the same tables. What they share is what any
of them would have: the signed cursors of the API (`cursors`), the key that verifies tokens
(`tokens`), and the constants of the representations (`forms`).
"""

from __future__ import annotations

from dataclasses import dataclass

#: Threads of every threaded server, connections of every pool of an event loop.
THREADS, POOL = 6, 16
GUNICORN = (
    "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", str(THREADS),
    "--keep-alive", "5", "--backlog", "64", "--bind", "{bind}", "--log-level", "warning",
)  # fmt: skip
UVICORN = (
    "-m", "uvicorn", "--host", "{host}", "--port", "{port}", "--loop", "uvloop", "--http",
    "httptools", "--no-access-log", "--log-level", "warning",
)  # fmt: skip


@dataclass(frozen=True)
class Contender:
    """One program.

    Attributes:
        name: in options, files and tables.
        title: for people.
        arguments: of the Python interpreter; `{bind}`, `{host}` and `{port}` are filled in.
        own: whether it is BookBridge, in the environment of the project.
        variables: of the environment, beside those that all have.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    own: bool = False
    variables: tuple[tuple[str, str], ...] = ()


CONTENDERS = (
    Contender(
        "gunicorn",
        "BookBridge",
        ("-m", "bookbridge.serving"),
        own=True,
        variables=(("SERVER", "gunicorn"),),
    ),
    Contender(
        "granian",
        "BookBridge under granian",
        ("-m", "bookbridge.serving"),
        own=True,
        variables=(("SERVER", "granian"),),
    ),
    Contender("bare", "bare WSGI function", (*GUNICORN, "benchmarks.contenders.bare")),
    Contender(
        "fastapi",
        "FastAPI + SQLAlchemy async",
        (*UVICORN, "benchmarks.contenders.fastapi_sqlalchemy:app"),
    ),
    Contender(
        "asyncpg",
        "FastAPI on raw asyncpg",
        (*UVICORN, "benchmarks.contenders.fastapi_asyncpg:app"),
    ),
    Contender(
        "flask",
        "Flask + SQLAlchemy + Flask-Caching",
        (*GUNICORN, "benchmarks.contenders.flask_sqlalchemy:app"),
    ),
)
