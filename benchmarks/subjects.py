"""Whom and what the requests are about: readers who are signed in, clubs, a book, words, and the
pairs of reader and book that nobody has reviewed yet.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from benchmarks.environment import PASSWORD, own_variables
from benchmarks.server import Server
from benchmarks.services import ROOT, Services, Unable
from benchmarks.wrk import Request

READERS, CLUBS, DEPTH, LARGEST_PAGE = 64, 200, 100_000, 100
SEARCHES = (
    "lisbon", "quiet", "porto read", "the hidden", "crime book", "poetry", "granada page",
    "silver", "club", "golden nov",
)  # fmt: skip
_HASH = (
    "from django.contrib.auth.hashers import make_password; "
    "from accounts.passwords import normalized; import sys; "
    "print('HASH', make_password(normalized(sys.stdin.readline().strip())))"
)

Row = tuple[int, int]


@dataclass
class Subjects:
    """All that requests are made of; `headers` are of readers in the order of `readers`.

    Attributes:
        depth: how many reviews lie above the deep page.
        deep: addresses of that page, of the first readers.
        tags: entity tags of the cards of `slugs`, as their readers see them.
    """

    readers: list[int]
    headers: list[tuple[tuple[str, str], ...]]
    slugs: list[str]
    hot_book: int
    books: list[int]
    reviewed: set[Row]
    depth: int
    deep: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    _turn: int = 0

    def new_pair(self) -> Row:
        """The next place of a reader in `readers`, and a book that this reader has not reviewed.

        Neighbours have different readers and different books, so that parallel writes wait for
        each other no more than those of real readers do.

        Raises:
            Unable: everybody has reviewed everything.
        """
        while self._turn < len(self.readers) * len(self.books):
            place, book = self._pair(self._turn)
            self._turn += 1
            if (self.readers[place], book) not in self.reviewed:
                return place, book
        raise Unable("everybody has reviewed everything: seed a larger platform")

    def give_back(self, number: int) -> None:
        """The last so many pairs were not used."""
        while number > 0 and self._turn > 0:
            self._turn -= 1
            place, book = self._pair(self._turn)
            number -= (self.readers[place], book) not in self.reviewed

    def _pair(self, turn: int) -> Row:
        first, place = divmod(turn, len(self.readers))
        stride = max(1, len(self.books) // len(self.readers))
        return place, self.books[(first + place * stride) % len(self.books)]


def find(services: Services, name: str) -> Subjects:
    """Choose them in a database, by rules that give the same each time."""
    with services.connect(name) as connection:

        def column(query: str, *parameters: object) -> list[int]:
            return [row[0] for row in connection.execute(query, parameters)]  # type: ignore[misc]

        readers = column(
            "SELECT id FROM accounts_user WHERE email LIKE '%%@scale.example.org' "
            "AND erased_at IS NULL AND suspended_at IS NULL ORDER BY id DESC LIMIT %s",
            READERS,
        )
        rows = connection.execute(
            "SELECT slug FROM clubs_club WHERE visibility = 'public' AND archived_at IS NULL "
            "ORDER BY id DESC LIMIT %s",
            [CLUBS],
        )
        slugs = [str(row[0]) for row in rows]
        ranked = column("SELECT id FROM clubs_book ORDER BY rating_count DESC, id")
        taken = {
            (int(str(author)), int(str(book)))
            for author, book in connection.execute(
                "SELECT author_id, book_id FROM reviews_review WHERE author_id = ANY(%s)",
                [readers],
            )
        }
        total = column("SELECT count(*) FROM reviews_review WHERE book_id = %s", ranked[0])[0]
    depth = min(DEPTH, total // 3 * 2 // LARGEST_PAGE * LARGEST_PAGE)
    return Subjects(readers, [], slugs, ranked[0], ranked[1:], taken, depth)


def sign_in(subjects: Subjects, services: Services, name: str, server: Server) -> None:
    """Sign all readers in, over HTTP, with a password that they get for it in the copy.

    Raises:
        Unable: somebody is not let in.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", _HASH],
        cwd=ROOT, env=own_variables(services.named(name), services.redis_url), check=False,
        capture_output=True, text=True, input=f"{PASSWORD}\n",
    )  # fmt: skip
    hashed = next(
        (line.split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith("HASH ")), ""
    )
    if not hashed:
        raise Unable(f"no password could be hashed: {done.stderr[-1000:]}")
    with services.connect(name) as connection:
        connection.execute(
            "UPDATE accounts_user SET password = %s WHERE id = ANY(%s)", [hashed, subjects.readers]
        )
        rows = connection.execute(
            "SELECT id, username FROM accounts_user WHERE id = ANY(%s)", [subjects.readers]
        )
        names = {int(str(key)): username for key, username in rows}
    json_type = (("Content-Type", "application/json"),)
    for reader in subjects.readers:
        body = json.dumps({"login": names[reader], "password": PASSWORD})
        answer = server.send(Request("POST", "/api/v1/auth/token/", json_type, body))
        if answer.status != 200:
            raise Unable(f"signing in: {answer.status} {answer.body[:300]!r}")
        token = json.loads(answer.body)["access"]
        subjects.headers.append((("Authorization", f"Bearer {token}"),))


def walk_deep(subjects: Subjects, server: Server, places: range) -> list[str]:
    """Addresses of the page `depth` reviews down, for these readers, by following `next`.

    Raises:
        Unable: a page does not come.
    """
    found = []
    for place in places:
        path = reviews_path(subjects, page_size=LARGEST_PAGE)
        for _page in range(subjects.depth // LARGEST_PAGE):
            path = _next(server, path, subjects.headers[place])
        found.append(path.replace(f"page_size={LARGEST_PAGE}", "page_size=20"))
    return found


def reviews_path(subjects: Subjects, page_size: int = 20) -> str:
    """The first page of reviews of the hot book."""
    return f"/api/v1/books/{subjects.hot_book}/reviews/?page_size={page_size}"


def search_path(words: str) -> str:
    """Clubs searched."""
    return f"/api/v1/clubs/?search={quote(words)}&page_size=20"


def _next(server: Server, path: str, headers: tuple[tuple[str, str], ...]) -> str:
    answer = server.send(Request("GET", path, headers))
    if answer.status != 200:
        raise Unable(f"GET {path}: {answer.status} {answer.body[:300]!r}")
    address = json.loads(answer.body)["next"]
    if address is None:
        raise Unable(f"GET {path}: the list ends here")
    return path_of(address)


def path_of(address: str) -> str:
    """An address without its host."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
