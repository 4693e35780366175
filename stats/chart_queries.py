"""The query parameters of the charts: which series is drawn."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from bookbridge.kernel.fields import Choice
from bookbridge.kernel.query import Query

HISTOGRAM = gettext_lazy(
    "`histogram`: ratings by stars. `months`: reviews of the last 24 months, in UTC."
)


class SiteChartQuery(Query):
    """What is drawn of the platform."""

    series = Choice(
        choices=["months", "top_books"],
        required=False,
        default="months",
        help_text=gettext_lazy(
            "`months`: reviews and finished books of the last 24 months, in UTC. "
            "`top_books`: the best rated books."
        ),
    )


class ClubChartQuery(Query):
    """What is drawn of a club."""

    series = Choice(
        choices=["completion", "months"],
        required=False,
        default="completion",
        help_text=gettext_lazy(
            "`completion`: the list by status, and the days its latest books took. `months`: "
            "reviews, finished books and new members of the last 24 months, in the club's zone."
        ),
    )


class BookChartQuery(Query):
    """What is drawn of a book."""

    series = Choice(
        choices=["histogram", "months"], required=False, default="histogram", help_text=HISTOGRAM
    )


class ReaderChartQuery(Query):
    """What is drawn of a reader."""

    series = Choice(
        choices=["histogram", "months"], required=False, default="histogram", help_text=HISTOGRAM
    )
