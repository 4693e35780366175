"""Loading an invented platform, in one transaction: all of it, or nothing."""

from __future__ import annotations

import random
from datetime import datetime

from django.db import connection, transaction
from tqdm import tqdm

from accounts import population
from accounts.models import User
from bookbridge.demo.chance import SEED
from bookbridge.invariants.counts import MOVES, RATING_COLUMNS, counted_ratings
from bookbridge.scale.books import Shelf, load_books
from bookbridge.scale.clubs import Clubs
from bookbridge.scale.lists import Lists
from bookbridge.scale.opinions import load_opinions
from bookbridge.scale.readers import MAIL_DOMAIN, load_raters, load_readers
from bookbridge.scale.sizes import Size
from clubs.reading import finished
from reviews.months import rebuild_months
from stats.counters import begin_epoch


def is_loaded() -> bool:
    """Whether an invented platform, of whatever size, is here."""
    return bool(User.objects.filter(email__endswith=f"@{MAIL_DOMAIN}").exists())


def load_scale(
    size: Size,
    *,
    now: datetime,
    password: str,
    seed: int = SEED,
    quiet: bool = False,
    keep: bool = True,
) -> dict[str, int]:
    """Load everything and say how much it was; with `keep=False` undo it at the end.

    Arguments:
        now: the day that counts as today; nothing happens after it.
        password: the hash that all readers share.
    """
    chance = random.Random(seed)  # noqa: S311  (nothing secret hangs on it)
    today = int(now.timestamp()) // 86_400 * 86_400
    with transaction.atomic():
        loaded = _load(size, today, password, chance, quiet=quiet)
        if not keep:
            transaction.set_rollback(True)
    if keep:
        _analyze()
        begin_epoch()
    return loaded


def _load(
    size: Size, now: int, password: str, chance: random.Random, *, quiet: bool
) -> dict[str, int]:
    # None: no bar where nobody watches.
    off = True if quiet else None
    crowd = load_readers(size.readers, now=now, password=password, chance=chance)
    raters = load_raters(size.raters, now=now)
    shelf = load_books(size.books, now=now, chance=chance, off=off)
    clubs = Clubs(size.clubs, crowd, now=now, chance=chance)
    lists = Lists(shelf, crowd, reviews=size.reviews, now=now, chance=chance)
    for place in tqdm(range(size.clubs), desc="Clubs", disable=off, leave=False):
        made = clubs.found(place)
        lists.fill(made)
    clubs.close()
    lists.close()
    with tqdm(total=size.reviews, desc="Reviews", disable=off, leave=False) as bar:
        reviews, likes = load_opinions(
            size, shelf, crowd, lists.in_clubs, raters=raters, now=now, chance=chance,
            advance=bar.update,
        )  # fmt: skip
    _write_aggregates(shelf)
    return {
        "readers": size.readers,
        "raters": size.raters,
        "books": size.books,
        "clubs": size.clubs,
        "memberships": clubs.memberships.written,
        "entries": lists.entries.written,
        "reviews": reviews,
        "likes": likes,
    }


def _write_aggregates(shelf: Shelf) -> None:
    """Count the reviews of all books that were written, and the moves on lists; see `counts`."""
    counted, parameters = counted_ratings()
    columns = ", ".join(f"{name} = c.n_{name}" for name in RATING_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE clubs_book SET {columns} FROM ({counted}) c "  # noqa: S608
            "WHERE c.book_id = clubs_book.id AND clubs_book.id BETWEEN %s AND %s",
            [*parameters, shelf.first_key, shelf.key(shelf.number - 1)],
        )
        counted, parameters = MOVES.recount().query.sql_with_params()
        cursor.execute(
            f"UPDATE clubs_club SET moves_count = c.n FROM ({counted}) c "  # noqa: S608
            f"WHERE c.{MOVES.reference} = clubs_club.id AND moves_count <> c.n",
            parameters,
        )
    population.settle_parts()
    finished.settle_months()
    rebuild_months()


def _analyze() -> None:
    """Tell the database what it holds now, so that it plans its queries well."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
