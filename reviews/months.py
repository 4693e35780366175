"""How many reviews that count were written in each month (UTC): by book, by club, of the site.

Counting a million reviews takes seconds, reading these rows takes none. They change in the
transaction of the review, with the book's numbers, and always equal a recount. The site is kept
in sixteen parts, by the keys of books, so that writers of different books rarely meet in a row;
whoever writes holds the books first and the parts last, in one order. The months of a club are
written under the lock of its row. Reviews of which nobody knows when they were written are in no
month, except of their clubs, which count what came in a month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, DateField, F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from bookbridge.kernel.compiled import answer_of
from reviews.models import Review, ReviewMonth

#: How many rows a month of the site has.
PARTS = 16
ROWS_AT_ONCE = 1_000
#: In SQL, the key of the club whose month a row `m` is.
CLUB_OF_MONTH = f'-{PARTS} - m."of"'
_MONTH = TruncMonth("created_at", output_field=DateField(), tzinfo=UTC)

#: By key of a book and first day of a month: how many reviews, or how many more.
BookMonths = Mapping[tuple[int, date], int]
#: The same by key of a club.
ClubMonths = Mapping[tuple[int, date], int]


def month_of(moment: datetime | str) -> date:
    """The first day of a moment's month; a text is a moment in UTC as SQLite keeps it."""
    if isinstance(moment, str):
        return date(int(moment[:4]), int(moment[5:7]), 1)
    here = moment.astimezone(UTC)
    return date(here.year, here.month, 1)


def part_of(book_id: int) -> int:
    """The part of the site to which a book belongs, as `ReviewMonth.of` has it: -1 to -16."""
    return -(book_id % PARTS) - 1


def of_club(club_id: int) -> int:
    """The number of a club as `ReviewMonth.of` has it: from -17 down."""
    return -PARTS - club_id


def club_of(of: int) -> int | None:
    """The key of a club by `ReviewMonth.of`; None for what is of a book or a part."""
    return -PARTS - of if of < -PARTS else None


def record_months(changes: BookMonths, in_clubs: ClubMonths | None = None) -> None:
    """Count reviews in or out of their months, in one statement for some hundred of them.

    To be called in the transaction of the reviews, for books and clubs whose rows it has locked.
    """
    steps: Counter[tuple[int, date]] = Counter()
    for (club_id, month), step in (in_clubs or {}).items():
        steps[of_club(club_id), month] += step
    for (book_id, month), step in changes.items():
        steps[book_id, month] += step
        steps[part_of(book_id), month] += step
    rows = sorted((of, month, step) for (of, month), step in steps.items() if step)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        _add(rows[start : start + ROWS_AT_ONCE])


def by_month(*, book_id: int | None, since: date) -> dict[date, int]:
    """The kept numbers of a book, or of the site, from a month on."""
    rows = ReviewMonth.objects.filter(month__gte=since)
    if book_id is not None:
        return dict(rows.filter(of=book_id).values_list("month", "number"))
    parts = rows.filter(of__range=(-PARTS, -1)).order_by()
    return dict(parts.values_list("month").annotate(n=Sum("number")))


def months_of_clubs(club_ids: Iterable[int], *, since: date) -> QuerySet[Any, Any]:
    """The kept rows of clubs from a month on: `of` and `number`; see `CLUB_OF_MONTH`."""
    ofs = [of_club(club_id) for club_id in club_ids]
    return ReviewMonth.objects.filter(of__in=ofs, month__gte=since).values("of", "number")


def most_reviewed_clubs(month: date, number: int) -> QuerySet[Any, Any]:
    """So many public clubs with most reviews in a month: `of` and `in_club`."""
    rows = ReviewMonth.objects.filter(month=month, of__lt=-PARTS).order_by("-in_club", "of")
    return rows.values("of", "in_club")[:number]


def counted_months(book_ids: Iterable[int] | None = None) -> QuerySet[Any, Any]:
    """What there is to count, of all books or of those named: `book_id`, `month` and `n`."""
    rows = Review.objects.counted().dated().order_by()
    if book_ids is not None:
        rows = rows.filter(book__in=list(book_ids))
    return rows.values("book_id", month=_MONTH).annotate(n=Count("pk"))


def counted_club_months(club_ids: Iterable[int] | None = None) -> QuerySet[Any, Any]:
    """What there is to count, of all clubs or of those named: `club_id`, `month` and `n`."""
    rows = Review.objects.counted().filter(club__isnull=False).order_by()
    if club_ids is not None:
        rows = rows.filter(club__in=list(club_ids))
    return rows.values("club_id", month=_MONTH).annotate(n=Count("pk"))


def settle_months(book_ids: Iterable[int]) -> BookMonths:
    """Make the months of books, and of their parts, equal a recount; gives what was added.

    To be called in a transaction that has locked the books (and knows those that are gone).
    """
    keys = set(book_ids)
    changes: Counter[tuple[int, date]] = Counter()
    for row in counted_months(keys):
        changes[row["book_id"], row["month"]] += row["n"]
    kept = ReviewMonth.objects.filter(of__in=keys)
    for of, month, number in kept.values_list("of", "month", "number"):
        changes[of, month] -= number
    wrong = {place: step for place, step in changes.items() if step}
    record_months(wrong)
    return wrong


def settle_clubs(club_ids: Iterable[int]) -> ClubMonths:
    """Make the months of clubs equal a recount; gives what was added.

    To be called in a transaction that has locked the clubs (and knows those that are gone).
    """
    clubs = {of_club(club_id): club_id for club_id in club_ids}
    changes: Counter[tuple[int, date]] = Counter()
    for row in counted_club_months(clubs.values()):
        changes[row["club_id"], row["month"]] += row["n"]
    kept = ReviewMonth.objects.filter(of__in=list(clubs))
    for of, month, number in kept.values_list("of", "month", "number"):
        changes[clubs[of], month] -= number
    wrong = {place: step for place, step in changes.items() if step}
    record_months({}, wrong)
    return wrong


def forget_club(club_id: int) -> None:
    """A club goes, and its reviews are those of no club from then on."""
    ReviewMonth.objects.filter(of=of_club(club_id)).delete()


def settle_parts() -> dict[tuple[int, date], int]:
    """Make the parts of the site equal the sums of their books; gives what was added.

    To be called in a transaction. The locks of the parts keep writers out: whoever has changed
    a book's month and not committed yet waits for the part, and is in neither number.
    """
    parts = ReviewMonth.objects.filter(of__range=(-PARTS, -1)).order_by("of", "month")
    kept = parts.select_for_update(no_key=True).values_list("of", "month", "number")
    changes: Counter[tuple[int, date]] = Counter()
    for of, month, number in kept:
        changes[of, month] -= number
    books = ReviewMonth.objects.filter(of__gt=0).order_by()
    sums = books.annotate(rest=F("of") % PARTS).values_list("rest", "month")
    for rest, month, number in sums.annotate(n=Sum("number")):
        changes[-rest - 1, month] += number
    wrong = {place: step for place, step in changes.items() if step}
    _add(sorted((of, month, step) for (of, month), step in wrong.items()))
    return wrong


def rebuild_months() -> None:
    """Count everything anew, after a bulk load, in the transaction of the caller."""
    sql, parameters = counted_months().query.sql_with_params()
    in_clubs, of_clubs = counted_club_months().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM reviews_reviewmonth")
        cursor.execute(
            'INSERT INTO reviews_reviewmonth ("of", month, number) '  # noqa: S608
            f"SELECT c.book_id, c.month, c.n FROM ({sql}) c",
            parameters,
        )
        cursor.execute(
            'INSERT INTO reviews_reviewmonth ("of", month, number) '
            'SELECT -("of" %% %s) - 1, month, sum(number) FROM reviews_reviewmonth GROUP BY 1, 2',
            [PARTS],
        )
        cursor.execute(
            'INSERT INTO reviews_reviewmonth ("of", month, number) '  # noqa: S608
            f"SELECT -{PARTS} - c.club_id, c.month, c.n FROM ({in_clubs}) c",
            of_clubs,
        )


def _add(rows: list[tuple[int, date, int]]) -> None:
    if not rows:
        return
    places = ", ".join(["(%s, %s, %s)"] * len(rows))
    adapt = connection.ops.adapt_datefield_value
    sql = (
        f'INSERT INTO reviews_reviewmonth ("of", month, number) VALUES {places} '  # noqa: S608
        'ON CONFLICT ("of", month) DO UPDATE '
        "SET number = reviews_reviewmonth.number + excluded.number"
    )
    values = [value for of, month, step in rows for value in (of, adapt(month), step)]
    if len(rows) <= 3:  # one review changes two rows, or three, in a statement always the same
        answer_of(connection, sql, values)
        return
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
