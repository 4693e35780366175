"""The figures of the four statistics, as plain dicts of JSON types, in few statements each.

Those of the site, of books and of readers count what a visitor without account may see:
reviews as of `Review.objects.counted()`, and public clubs alone. Those of a club are for whoever
may read the club, which its view has checked. Ratings of books are read from the columns kept
on the book, never added up from reviews.
"""

from stats.queries.book import book_figures, book_title
from stats.queries.club import club_figures
from stats.queries.reader import own_figures, reader_figures
from stats.queries.site import site_figures

__all__ = [
    "book_figures",
    "book_title",
    "club_figures",
    "own_figures",
    "reader_figures",
    "site_figures",
]
