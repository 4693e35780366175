"""Queries that are compiled once and asked again with new values.

Building a query with the ORM and writing its SQL takes longer than the database needs to answer
it. A `Question` is the function that builds a query and the values it is asked with: for each
form (which values there are, which columns, which order) the function is called once, with
placeholders, and its SQL is kept. Whatever takes a queryset to read from takes a question too;
`queryset()` gives the ordinary way, and tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.models import Model, QuerySet
from django.db.transaction import TransactionManagementError

from bookbridge.kernel.instances import Make, maker
from bookbridge.kernel.keysets import beyond
from bookbridge.kernel.placeholders import Placeholder, form_of, placeholder_of

Row = Mapping[str, Any]

#: Forms that are kept; what was asked for longest ago goes first.
FORMS_KEPT = 1_000
LARGEST = 2**63 - 1


#: Kinds of questions, by their plans.
PLANNED, INDEXED, BOUNDED = "planned each time", "along an index", "bounded"


@dataclass(frozen=True)
class Cut:
    """Which part of the answer is wanted, in which order and with which columns.

    Attributes:
        columns: names for `QuerySet.values`; none for instances of the model.
        order: `order_by` terms; none leaves the order of the query.
        after: how many of `order` bound the first row (all or none).
    """

    columns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    after: int = 0
    start: int = 0
    stop: int | None = None

    def of(self, found: QuerySet[Any], after: Sequence[Any]) -> QuerySet[Any]:
        """That part of `found`; `after` are the values of the row before it."""
        if self.order:
            found = found.order_by(*self.order)
        if self.after:
            found = found.filter(beyond(self.order, after))
        if self.columns:
            found = found.values(*dict.fromkeys(self.columns))
        return found[self.start : self.stop] if self.start or self.stop is not None else found


_FIRST = Cut(stop=1)


class Question:
    """A query by the function that builds it and the values it is asked with.

    `build` is a function of a module, which gets each value by its name and gives a queryset.
    None, True and False are part of the form and reach it as they are; of tuples the length is;
    anything else is a placeholder in its place.
    """

    __slots__ = ("build", "given", "kind")

    def __init__(self, build: Callable[..., QuerySet[Any]], **given: Any) -> None:
        self.build, self.given, self.kind = build, given, PLANNED

    @classmethod
    def by_index(cls, build: Callable[..., QuerySet[Any]], **given: Any) -> Question:
        """A question whose rows an index has in every order that is asked for.

        Reading along that index is right for any values, so that the server keeps the plan of
        its pages too: of joins and many indexes, planning takes longer than reading a page.
        """
        question = cls(build, **given)
        question.kind = INDEXED
        return question

    @classmethod
    def bounded(cls, build: Callable[..., QuerySet[Any]], **given: Any) -> Question:
        """A question of which the first rows can be found at less cost than all.

        `build` gets as `upto` how many are asked for, None for all, and has one good plan for
        any values, which the server keeps.
        """
        question = cls(build, **given)
        question.kind = BOUNDED
        return question

    def queryset(self) -> QuerySet[Any]:
        """The same question as an ordinary queryset."""
        return self.build(**self.given)

    def rows(self, cut: Cut, after: Sequence[Any] = ()) -> list[Any]:
        """The answer: dicts by the columns of `cut`, or instances where it names none."""
        values = {**self.given, "after": tuple(after)}
        if not all(map(_fits, values.values())):
            return list(cut.of(self.queryset(), after))
        form = tuple([(name, form_of(value)) for name, value in self.given.items()])
        connection = connections[DEFAULT_DB_ALIAS]
        plan = _plan(self.build, form, cut, self.kind, connection.vendor)
        return plan.rows(values, connection) if plan is not None else []

    def first(self) -> Any:
        """The first instance, or None."""
        found = self.rows(_FIRST)
        return found[0] if found else None


def rows_of(source: QuerySet[Any] | Question, cut: Cut, after: Sequence[Any] = ()) -> list[Any]:
    """That part of a question or a queryset."""
    if isinstance(source, Question):
        return source.rows(cut, after)
    return list(cut.of(source, after))


def answer_of(connection: Any, sql: str, values: Sequence[Any]) -> tuple[list[Any], int]:
    """The rows of a statement, if it gives rows, and how many it concerned.

    For one that is always the same and has one good plan, which the server keeps where it can.
    """
    if hasattr(connection, "prepared_answer"):
        return connection.prepared_answer(sql, values)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else [], cursor.rowcount


# -- compiling ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """A compiled statement, and how its rows are read."""

    model: type[Model]
    query: Any
    sql: str
    parameters: tuple[Any, ...]
    names: tuple[str, ...]
    converters: Any
    instances: Make | None
    kept: bool

    def rows(self, values: Mapping[str, Any], connection: Any) -> list[Any]:
        """What the database answers for `values`; `connection` is that to the primary.

        Rows that are locked are those of the primary.

        Raises:
            TransactionManagementError: it would lock rows, and no transaction is under way.
        """
        locks = self.query.select_for_update
        alias = (router.db_for_write if locks else router.db_for_read)(self.model)
        if alias != connection.alias:
            connection = connections[alias]
        if locks and not connection.in_atomic_block:
            raise TransactionManagementError("rows are locked until the end of a transaction")
        found = self._found(connection, self._sent(values, connection))
        if self.converters:
            compiler = self.query.get_compiler(connection=connection)
            found = list(compiler.apply_converters(found, self.converters))
        if self.instances is not None:
            return [self.instances(alias, row) for row in found]
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in found]

    def _sent(self, values: Mapping[str, Any], connection: Any) -> list[Any]:
        """What is sent for the parameters; each value is made ready once."""
        ready = {name: _ready(value, connection) for name, value in values.items()}
        return [
            each.value(ready) if isinstance(each, Placeholder) else each for each in self.parameters
        ]

    def _found(self, connection: Any, sent: list[Any]) -> list[Any]:
        """Looking up one row has one good plan, which the server keeps where it can.

        Other lists are planned each time: a book with five reviews and one with a hundred
        thousand are read in different ways, unless the question says that one way is good.
        """
        if self.kept:
            return answer_of(connection, self.sql, sent)[0]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, sent)
            return cursor.fetchall()


@lru_cache(maxsize=FORMS_KEPT)
def _plan(
    build: Callable[..., QuerySet[Any]],
    form: tuple[tuple[str, Any], ...],
    cut: Cut,
    kind: str,
    vendor: str,
) -> Plan | None:
    """The plan of one form for one kind of database; None when nothing can be found."""
    after = [Placeholder("after", place) for place in range(cut.after)]

    def compiled() -> tuple[QuerySet[Any], Any, tuple[str, Sequence[Any]]]:
        given = {name: placeholder_of(name, each) for name, each in form}
        if kind == BOUNDED:
            given["upto"] = cut.stop
        queryset = cut.of(build(**given), after)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        return queryset, compiler, compiler.as_sql()

    try:
        queryset, compiler, (sql, parameters) = compiled()
        if compiled()[2] != (sql, parameters):
            raise TypeError(f"{build.__name__} would keep a moment for ever: give it as a value")
    except EmptyResultSet:
        return None
    sql, parameters = _with_constants(sql, parameters)
    limit = f" LIMIT {cut.stop}"
    if kind == INDEXED and sql.endswith(limit):
        # A planner that does not know the limit reckons with a tenth of the rows, and takes the
        # way on which the first ones come soon: along the index, however many there are.
        sql, parameters = f"{sql.removesuffix(limit)} LIMIT %s", (*parameters, cut.stop)
    return Plan(
        queryset.model,
        queryset.query,
        sql,
        parameters,
        cut.columns and tuple(dict.fromkeys(cut.columns)),
        compiler.get_converters([each[0] for each in compiler.select]),
        None if cut.columns else maker(compiler),
        kept=cut.stop == 1 or kind != PLANNED,
    )


def _with_constants(sql: str, parameters: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """The statement with what never changes written into it, so that plans are made for it."""
    literal = getattr(connections[DEFAULT_DB_ALIAS], "literal", None)
    if literal is None:
        return sql, tuple(parameters)
    written = tuple("%s" if isinstance(each, Placeholder) else literal(each) for each in parameters)
    values = tuple(each for each in parameters if isinstance(each, Placeholder))
    return sql.replace("%%", "%%%%") % written, values


def _fits(value: Any) -> bool:
    """Whether a database can be asked with it; otherwise the ORM knows that nothing is there."""
    if isinstance(value, tuple):
        return all(_fits(each) for each in value)
    return not isinstance(value, int) or -LARGEST <= value <= LARGEST


def _ready(value: Any, connection: Any) -> Any:
    """A value as it is sent."""
    if isinstance(value, tuple):
        return tuple(_ready(each, connection) for each in value)
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
