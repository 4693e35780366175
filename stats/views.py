"""The four statistics: of the site, of a club, of a book, of a reader; in figures and as charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.query import ItemQuery, Query
from bookbridge.kernel.rendering import Encoded, SVGRenderer
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.shapes import Json, narrow
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.books.redirects import gone
from clubs.membership.scoping import ClubScopedViewSet
from stats import caching, queries
from stats.chart_queries import BookChartQuery, ClubChartQuery, ReaderChartQuery, SiteChartQuery
from stats.charts import (
    STYLE_SOURCE,
    completion_chart,
    histogram_chart,
    months_chart,
    ranking_chart,
)
from stats.serializers import (
    BookStatsSerializer,
    ClubStatsSerializer,
    ReaderStatsSerializer,
    SiteStatsSerializer,
)

ME = "me"
#: Longer ids and usernames than the database can hold are asked for by nobody.
LONGEST_NAME = 80


Charts = Mapping[str, Callable[[], str]]


def chart(summary: str, query: type[Query], **row: Any) -> Operation:
    """The table row of a chart: open to whom the figures are open, made of the same ones."""
    return Operation(
        summary=summary,
        description=(
            "An SVG document of the same figures, in the language of the request, for light and "
            "dark. Its description holds the numbers in words."
        ),
        renderer=SVGRenderer,
        query=query,
        public=True,
        **row,
    )


class Figures(KernelViewSet):
    """How all four answer: figures from the cache, narrowed to the fields asked for, or drawn."""

    tag = "statistics"

    def kept(self, name: str, compute: caching.Compute) -> Encoded:
        """The figures called `name`, as fresh as the viewer must have them."""
        self.query()  # a wrong parameter is refused before anything is computed
        if len(name) > LONGEST_NAME:
            raise Missing()
        reader_id = None if self.viewer is None else self.viewer.pk
        return caching.answer(name, compute, reader_id=reader_id)

    def figures(self, found: Encoded) -> Answer:
        """The answer, which is encoded already unless only some fields were asked for."""
        fields, serializer = self.query().get("fields"), self.operation.serializer
        if fields is None:
            return self.answer(found)
        assert serializer is not None  # noqa: S101  (each operation here has one)
        return self.answer(narrow(found.data, fields, serializer))

    def drawn(self, charts: Charts) -> Answer:
        """The chart of the series asked for."""
        return self.answer(charts[self.query()["series"]]())

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """A chart that is opened by itself, also one unchanged, may have its own style."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Answer) and self.operation.renderer is SVGRenderer:
            policy = {**settings.SECURE_CSP, "style-src": [STYLE_SOURCE]}
            response.csp = policy  # type: ignore[attr-defined]
        return response


class SiteStatsViewSet(Figures):
    """`stats/`"""

    operations: ClassVar[dict[str, Operation]] = {
        "retrieve": Operation(
            summary="The platform in figures",
            description="Counts what everybody may see, and is the same for everybody.",
            answer=SiteStatsSerializer,
            query=ItemQuery,
            public=True,
        ),
        "chart_svg": chart("The platform as a chart", SiteChartQuery),
    }

    def retrieve(self, request: Request) -> Answer:
        """The figures of the site."""
        return self.figures(self._found())

    def chart_svg(self, request: Request) -> Answer:
        """A chart of the site."""
        found = self._found().data
        return self.drawn(
            {
                "months": lambda: months_chart(
                    found["by_month"], title=_("BookBridge month by month")
                ),
                "top_books": lambda: ranking_chart(
                    found["top_books"], title=_("The best rated books")
                ),
            }
        )

    def _found(self) -> Encoded:
        return self.kept("site", queries.site_figures)


class ClubStatsViewSet(Figures, ClubScopedViewSet):
    """`stats/clubs/{slug}/`; the club is looked up and guarded on every request."""

    operations: ClassVar[dict[str, Operation]] = {
        "retrieve": Operation(
            summary="A club in figures",
            description="For whoever may read the club. Months are in the club's time zone.",
            answer=ClubStatsSerializer,
            query=ItemQuery,
            public=True,
            missing=True,
            forbidden=("not_a_member",),
        ),
        "chart_svg": chart(
            "A club as a chart", ClubChartQuery, missing=True, forbidden=("not_a_member",)
        ),
    }

    def retrieve(self, request: Request, slug: str) -> Answer:
        """The figures of the club."""
        return self.figures(self._found())

    def chart_svg(self, request: Request, slug: str) -> Answer:
        """A chart of the club."""
        found, names = self._found().data, {"club": self.club.name}
        return self.drawn(
            {
                "completion": lambda: completion_chart(
                    found, title=_("The reading list of %(club)s") % names
                ),
                "months": lambda: months_chart(
                    found["by_month"], title=_("%(club)s month by month") % names
                ),
            }
        )

    def _found(self) -> Encoded:
        club_id = self.club.pk
        return self.kept(f"club:{club_id}", lambda: queries.club_figures(club_id))


class BookStatsViewSet(Figures):
    """`stats/books/{id}/`"""

    operations: ClassVar[dict[str, Operation]] = {
        "retrieve": Operation(
            summary="A book in figures",
            description="Counts what everybody may see, and is the same for everybody.",
            answer=BookStatsSerializer,
            query=ItemQuery,
            public=True,
            missing=True,
            also=(308,),
        ),
        "chart_svg": chart("A book as a chart", BookChartQuery, missing=True),
    }

    def retrieve(self, request: Request, id: int) -> Answer:
        """The figures of the book."""
        return self.figures(self._found(id))

    def chart_svg(self, request: Request, id: int) -> Answer:
        """A chart of the book."""
        found = self._found(id, "book-stats-chart").data
        names = {"book": queries.book_title(id)}
        return self.drawn(
            {
                "histogram": lambda: histogram_chart(
                    found["histogram"],
                    title=_("Ratings of %(book)s") % names,
                    mean=found["rating_average"],
                ),
                "months": lambda: months_chart(
                    found["by_month"], title=_("%(book)s month by month") % names
                ),
            }
        )

    def _found(self, id: int, route: str = "book-stats") -> Encoded:
        try:
            return self.kept(f"book:{id}", lambda: queries.book_figures(id))
        except Missing:
            raise gone(id, route) from None


class ReaderStatsViewSet(Figures):
    """`stats/users/{username}/`; `me` stands for oneself."""

    operations: ClassVar[dict[str, Operation]] = {
        "retrieve": Operation(
            summary="A reader in figures",
            description=(
                "Counts what everybody may see, and is the same for everybody. On one's own "
                "page, `own` counts all of one's reviews."
            ),
            answer=ReaderStatsSerializer,
            query=ItemQuery,
            public=True,
            missing=True,
        ),
        "chart_svg": chart("A reader as a chart", ReaderChartQuery, missing=True),
    }
    path_parameters: ClassVar[dict[str, Any]] = {"username": "A username, or `me`."}

    def retrieve(self, request: Request, username: str) -> Answer:
        """The figures of the reader."""
        username = self._named(username)
        found = self._found(username)
        if self.viewer is not None and self.viewer.username == username:
            found = Encoded({**found.data, "own": queries.own_figures(self.viewer.pk)})
        return self.figures(found)

    def chart_svg(self, request: Request, username: str) -> Answer:
        """A chart of the reader, from what everybody may see."""
        username = self._named(username)
        found, names = self._found(username).data, {"reader": username}
        return self.drawn(
            {
                "histogram": lambda: histogram_chart(
                    found["ratings"],
                    title=_("Ratings by %(reader)s") % names,
                    mean=found["mean_rating"],
                ),
                "months": lambda: months_chart(
                    found["by_month"], title=_("%(reader)s month by month") % names
                ),
            }
        )

    def _named(self, username: str) -> str:
        """The username in the path as it is kept; `me` stands for oneself."""
        username = username.lower()
        if username != ME:
            return username
        if self.viewer is None:
            raise NotAuthenticated()
        return str(self.viewer.username)

    def _found(self, username: str) -> Encoded:
        if len(username) > LONGEST_NAME:
            raise Missing()
        # The cache outlives an erasure by some seconds: it names nobody.
        name = salted_hmac("bookbridge.stats", username, algorithm="sha256").hexdigest()[:32]
        return self.kept(f"reader:{name}", lambda: _seen_by_all(username))


def _seen_by_all(username: str) -> Json:
    return {**queries.reader_figures(username), "own": None}
