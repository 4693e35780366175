"""The ways in which a view answers: pages, lists, one thing; as an operation says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.viewsets import ViewSet

from bookbridge.kernel.compiled import Question
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import (
    Orderings,
    keyset_page,
    list_scope,
    page_address,
    ranked_page,
)
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.routes import absolute
from bookbridge.kernel.shapes import Json, Row, Shape, check_fields, narrow

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Answers(ViewSet):
    """What `KernelViewSet` can answer with, from a queryset or a question."""

    viewer: Any
    conditional: ClassVar[bool] = True

    @property
    def operation(self) -> Operation:
        """The operation that is being answered."""
        raise NotImplementedError

    def query(self) -> dict[str, Any]:
        """The typed query parameters."""
        raise NotImplementedError

    def page(self, source: QuerySet[Any] | Question, shape: Shape, orderings: Orderings) -> Answer:
        """One keyset page of `source`, in the ordering asked for (or the first one)."""
        query = self.query()
        check_fields(query.get("fields"), shape.serializer)
        keys = orderings[query.get("ordering") or next(iter(orderings))]
        scope = list_scope(self.request, self.viewer)
        found = keyset_page(
            source,
            shape,
            keys=keys,
            size=query["page_size"],
            cursor=query.get("cursor"),
            scope=scope,
        )
        return self._paged(found, shape)

    def ranked(self, source: QuerySet[Any] | Question, shape: Shape) -> Answer:
        """One page of a search by relevance; `source` comes best match first."""
        query = self.query()
        check_fields(query.get("fields"), shape.serializer)
        found = ranked_page(
            source,
            shape,
            size=query["page_size"],
            cursor=query.get("cursor"),
            scope=list_scope(self.request, self.viewer),
        )
        return self._paged(found, shape)

    def _paged(self, found: Any, shape: Shape) -> Answer:
        results = self._narrowed_all(shape.many(found.rows, self.viewer), shape)
        return self.answer(
            {
                "next": page_address(self.request, found.next),
                "previous": page_address(self.request, found.previous),
                "results": results,
            }
        )

    def listed(self, source: QuerySet[Any] | Question, shape: Shape, *, version: int = 0) -> Answer:
        """All rows of a list that is short by nature, in the order of `source`."""
        check_fields(self.query().get("fields"), shape.serializer)
        rows = shape.many(shape.rows(source), self.viewer)
        return self.answer({"results": self._narrowed_all(rows, shape)}, version=version)

    def one(
        self,
        source: QuerySet[Any] | Question,
        shape: Shape,
        *,
        status: int | None = None,
        location: str | None = None,
    ) -> Answer:
        """The only row of `source`, or 404 `not_found`."""
        data, version = shape.one(source, self.viewer)
        return self.shown_as(data, version, shape, status=status, location=location)

    def at_hand(self, row: Row, shape: Shape, **how: Any) -> Answer:
        """A row that was read or written before: `vars` of an instance, too."""
        return self.shown_as(*shape.of(row, self.viewer), shape, **how)

    def shown_as(
        self,
        data: Json,
        version: int,
        shape: Shape,
        *,
        status: int | None = None,
        location: str | None = None,
    ) -> Answer:
        """A representation that `shape` has built, with the fields asked for."""
        if self.request.method in ("GET", "HEAD"):
            data = self.narrowed(data, shape)
        return self.answer(data, version=version, status=status, location=location)

    def narrowed(self, data: Json, shape: Shape) -> Json:
        """`data` with only the fields that the client asked for."""
        return narrow(data, self.query().get("fields"), shape.serializer)

    def _narrowed_all(self, rows: list[Json], shape: Shape) -> list[Json]:
        fields = self.query().get("fields")
        return rows if fields is None else [narrow(row, fields, shape.serializer) for row in rows]

    def answer(
        self,
        data: Any = None,
        *,
        version: int = 0,
        status: int | None = None,
        location: str | None = None,
    ) -> Answer:
        """A good answer with the status of the operation; 204 when there is no data."""
        tagged = data is not None and self.conditional
        response = Answer(
            data, status=status or self.operation.success, version=version if tagged else None
        )
        if location is not None:
            response["Location"] = absolute(self.request, location)
        return response
