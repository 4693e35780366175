"""Which column holds what: the layouts that are known by their headers, and `--map`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bookbridge.importing.reading import Row, Unreadable
from bookbridge.importing.repairs import Refused

BOOK_FIELDS = (
    "key", "goodreads_id", "openlibrary_id", "isbn", "isbn13", "title", "subtitle", "author",
    "authors", "year", "language", "pages", "description", "cover",
)  # fmt: skip
RATING_FIELDS = ("reader", "book", "isbn", "goodreads_id", "openlibrary_id", "rating", "date")
#: What a rating may name its book by.
BOOK_NAMES = ("book", "isbn", "goodreads_id", "openlibrary_id")


@dataclass(frozen=True)
class Layout:
    """What the columns of a file mean: `columns` are names of the header by field.

    Attributes:
        source: the name of the data set; keys of books and readers are its own.
        scale: the best rating, 5 or 10.
        rejoin: fields with a semicolon were split at it.
    """

    name: str
    source: str
    columns: Mapping[str, str]
    scale: int = 5
    rejoin: bool = False
    required: tuple[str, ...] = field(default=())


BOOKS = (
    Layout(
        "goodbooks-10k books",
        "goodbooks",
        {
            "key": "book_id", "goodreads_id": "goodreads_book_id", "isbn": "isbn",
            "isbn13": "isbn13", "authors": "authors", "year": "original_publication_year",
            "title": "title", "language": "language_code", "cover": "image_url",
        },
        required=("key", "goodreads_id", "authors", "title"),
    ),
    Layout(
        "Book-Crossing history items",
        "bookcrossing",
        {
            "isbn": "ISBN", "title": "Book-Title", "author": "Book-Author",
            "year": "Year-Of-Publication", "_first": "Book_ID",
        },
        rejoin=True,
        required=("isbn", "title", "author", "_first"),
    ),
    Layout(
        "Book-Crossing books",
        "bookcrossing",
        {
            "isbn": "ISBN", "title": "Book-Title", "author": "Book-Author",
            "year": "Year-Of-Publication",
        },
        required=("isbn", "title", "author"),
    ),
)  # fmt: skip
RATINGS = (
    Layout(
        "goodbooks-10k ratings",
        "goodbooks",
        {"reader": "user_id", "book": "book_id", "rating": "rating"},
        required=("reader", "book", "rating"),
    ),
    Layout(
        "Book-Crossing ratings",
        "bookcrossing",
        {"reader": "User-ID", "isbn": "ISBN", "rating": "Book-Rating"},
        scale=10,
        required=("reader", "isbn", "rating"),
    ),
)


def choose(
    known: Sequence[Layout],
    header: Sequence[str],
    *,
    mapped: Mapping[str, str],
    source: str | None = None,
    scale: int | None = None,
) -> Layout:
    """The layout of a file: the one that its header is known by, changed by what was typed.

    Raises:
        Unreadable: neither the header nor `mapped` says enough.
    """
    names = {name.lower() for name in header}
    found = next(
        (one for one in known if all(one.columns[f].lower() in names for f in one.required)), None
    )
    if found is None:
        if not mapped:
            raise Unreadable(
                f"The header is of no known file: {', '.join(header)[:300]}. "
                "Say what its columns are with --map field=column."
            )
        found = Layout("columns by --map", "", {})
    columns = {**found.columns, **mapped}
    missing = [f"{key}={name}" for key, name in mapped.items() if name.lower() not in names]
    if missing:
        raise Unreadable(f"The file has no such column: {', '.join(missing)}")
    return replace(
        found, columns=columns, source=source or found.source, scale=scale or found.scale
    )


class Cells:
    """The cells of a row by field, for one file."""

    def __init__(self, layout: Layout, header: Sequence[str]) -> None:
        places = {name.lower(): place for place, name in reversed(list(enumerate(header)))}
        self.places = {
            name: places[column.lower()]
            for name, column in layout.columns.items()
            if column.lower() in places
        }
        self.width = len(header)
        self.rejoin = layout.rejoin

    def of(self, row: Row, repairs: list[str]) -> dict[str, str]:
        """What the row says, by field.

        Raises:
            Refused: `wrong_columns`, it has more or fewer cells than the header.
        """
        cells = row.cells
        while len(cells) > self.width and not cells[-1].strip():
            cells = cells[:-1]  # what a superfluous delimiter at the end of the line made
        if len(cells) > self.width and self.rejoin:
            cells = _rejoined(cells, self.width)
            repairs.append("split_columns")
        if len(cells) != self.width:
            raise Refused("wrong_columns", f"{len(cells)} instead of {self.width}")
        return {name: cells[place] for name, place in self.places.items()}


def _rejoined(cells: Sequence[str], width: int) -> list[str]:
    """Cells of which some were split at a semicolon; what follows one begins with a space."""
    joined: list[str] = []
    for cell in cells:
        if joined and cell.startswith(" "):
            joined[-1] += f";{cell}"
        else:
            joined.append(cell)
    return joined if len(joined) == width else list(cells)
