"""Pages of a table with a million rows: nothing is counted that takes long to count."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.utils.functional import cached_property

#: Matches of a filter or a search are counted up to here; more are reached by narrowing.
COUNTED = 10_000


class LargeTablePaginator(Paginator):
    """Counts a filtered list up to a limit, and asks PostgreSQL how large a whole table is."""

    @cached_property
    def count(self) -> int:
        """How many there are, about as many, or the limit where there are more."""
        objects: Any = self.object_list
        query = getattr(objects, "query", None)
        if query is None:
            return len(objects)
        counted: int = objects.order_by()[: COUNTED + 1].count()
        if counted <= COUNTED:
            return counted
        if query.where or query.is_sliced or connection.vendor != "postgresql":
            return COUNTED
        with connection.cursor() as cursor:
            statement = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
            cursor.execute(statement, [query.model._meta.db_table])
            return max(COUNTED, int(cursor.fetchone()[0]))
