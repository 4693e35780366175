"""What is measured on: an invented platform, seeded once and kept, and a copy to work in.

A database of the benchmark carries a mark in its comment, with its sizes. One without it is
never touched; one with another mark is made anew.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import sql

from benchmarks.environment import own_variables
from benchmarks.services import ROOT, Services, Unable

MARK = "bookbridge benchmark"
FULL = 1_000_000


@dataclass(frozen=True)
class Extent:
    """So many reviews, and of readers, clubs and books in proportion.

    The most read book has 15 of a hundred reviews. At 1,000,000 reviews there are 50,000 readers,
    5,000 clubs and 10,000 books; beyond that ten times as many clubs.
    """

    reviews: int

    @property
    def hot_book(self) -> int:
        """Reviews of the most read book."""
        return self.reviews * 15 // 100

    @property
    def clubs(self) -> int:
        """Clubs: 100 for 10,000 reviews."""
        return 50_000 if self.reviews > FULL else min(5_000, self.reviews // 100)

    @property
    def mark(self) -> str:
        """What the comment of its database says."""
        return f"{MARK}: {self.reviews} reviews, {self.hot_book} of one book"

    def arguments(self) -> list[str]:
        """What `seed_demo` is told."""
        scale = min(1.0, self.reviews / FULL)
        return [
            "--scale", f"{scale:g}", "--reviews", str(self.reviews),
            "--hot-book", str(self.hot_book), "--clubs", str(self.clubs),
        ]  # fmt: skip


def prepare(services: Services, extent: Extent) -> str:
    """The name of a database of this extent: the one named for a million, others beside it.

    Raises:
        Unable: there is something else in it.
    """
    name = services.name if extent.reviews == FULL else f"{services.name}_{extent.reviews}"
    mark = mark_of(services, name)
    if mark != extent.mark:
        with services.connect("postgres") as connection:
            if mark is not None and not mark.startswith(MARK):
                raise Unable(f"database {name} is not of the benchmark; it is left as it is")
            identifier = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(identifier))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            connection.execute(comment.format(identifier, sql.Literal(f"{MARK}: unfinished")))
        print(f"Seeding {name}: {extent.reviews:,} reviews (a million take some minutes) ...")
        manage(services, name, "migrate", "--verbosity", "0")
        manage(services, name, "seed_demo", *extent.arguments())
        with services.connect("postgres") as connection:
            connection.execute(comment.format(identifier, sql.Literal(extent.mark)))
    manage(services, name, "migrate", "--verbosity", "0")
    return name


def mark_of(services: Services, name: str) -> str | None:
    """The comment of a database: None when there is no such one, empty without a comment."""
    with services.connect("postgres") as connection:
        found = connection.execute(
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database "
            "WHERE datname = %s",
            [name],
        ).fetchone()
    return None if found is None else str(found[0])


@contextmanager
def copied(services: Services, name: str) -> Iterator[str]:
    """A copy to write into, dropped at the end; what was seeded stays as it is."""
    copy = f"{name}_run"
    original, identifier = sql.Identifier(name), sql.Identifier(copy)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier)
    with services.connect("postgres") as connection:
        connection.execute(drop)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                identifier, original
            )
        )
        # BookBridge says so on connecting; without it the others spend their first seconds on
        # compiling the plans of searches.
        connection.execute(sql.SQL("ALTER DATABASE {} SET jit = off").format(identifier))
    try:
        with services.connect(copy) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")
        yield copy
    finally:
        with services.connect("postgres") as connection:
            connection.execute(drop)


def manage(services: Services, name: str, *arguments: str) -> None:
    """Run a management command on a database.

    Raises:
        Unable: it failed.
    """
    variables = own_variables(services.named(name), services.redis_url)
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=variables, check=False
    )
    if done.returncode:
        raise Unable(f"manage.py {' '.join(arguments)} failed on {name}")
