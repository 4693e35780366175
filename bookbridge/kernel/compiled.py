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
from django.db.models import Expression, Model, Q, QuerySet
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

Row = Mapping[str, Any]

#: Forms that are kept; what was asked for longest ago goes first.
FORMS_KEPT = 1_000
LARGEST = 2**63 - 1


class Placeholder(Expression):
    """Stands in a compiled statement for a value that comes when it is asked.

    It can be compared with columns; whatever would compute with the value in Python raises.
    """

    def __init__(self, name: str, place: int | None = None) -> None:
        super().__init__()
        self.name, self.place = name, place

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """One parameter: this object, which `_bound` replaces."""
        return "%s", [self]

    def value(self, values: Mapping[str, Any]) -> Any:
        """What stands here this time."""
        found = values[self.name]
        return found if self.place is None else found[self.place]

    def __str__(self) -> str:
        raise TypeError(f"{self.name} is a placeholder: make the text before asking")


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


class Question:
    """A query by the function that builds it and the values it is asked with.

    `build` is a function of a module, which gets each value by its name and gives a queryset.
    None, True and False are part of the form and reach it as they are; of tuples the length is;
    anything else is a placeholder in its place.
    """

    __slots__ = ("build", "given")

    def __init__(self, build: Callable[..., QuerySet[Any]], **given: Any) -> None:
        self.build, self.given = build, given

    def queryset(self) -> QuerySet[Any]:
        """The same question as an ordinary queryset."""
        return self.build(**self.given)

    def rows(self, cut: Cut, after: Sequence[Any] = ()) -> list[Any]:
        """The answer: dicts by the columns of `cut`, or instances where it names none."""
        values = {**self.given, "after": tuple(after)}
        if not all(_fits(value) for value in values.values()):
            return list(cut.of(self.queryset(), after))
        form = tuple((name, _form(value)) for name, value in self.given.items())
        plan = _plan(self.build, form, cut, connections[DEFAULT_DB_ALIAS].vendor)
        return plan.rows(values) if plan is not None else []

    def first(self) -> Any:
        """The first instance, or None."""
        found = self.rows(Cut(stop=1))
        return found[0] if found else None


def rows_of(source: QuerySet[Any] | Question, cut: Cut, after: Sequence[Any] = ()) -> list[Any]:
    """That part of a question or a queryset."""
    if isinstance(source, Question):
        return source.rows(cut, after)
    return list(cut.of(source, after))


def beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that come after `values` in `order`; the first term alone bounds the index scan."""
    later, equal = Q(), Q()
    for key, value in zip(order, values, strict=True):
        name, lookup = key.lstrip("-"), "lt" if key.startswith("-") else "gt"
        later |= equal & Q(**{f"{name}__{lookup}": value})
        equal &= Q(**{name: value})
    first, bound = order[0].lstrip("-"), "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{bound}": values[0]}) & later


def kept_cursor(connection: Any) -> Any:
    """A cursor for a statement that has one good plan, which the server keeps where it can."""
    if hasattr(connection, "prepared_cursor"):
        return connection.prepared_cursor()
    return connection.cursor()


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
    instances: Callable[[str, Sequence[Any]], Any] | None
    single: bool

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        """What the database answers for `values`; rows that are locked are those of the primary.

        Raises:
            TransactionManagementError: it would lock rows, and no transaction is under way.
        """
        locks = self.query.select_for_update
        alias = (router.db_for_write if locks else router.db_for_read)(self.model)
        connection = connections[alias]
        if locks and not connection.in_atomic_block:
            raise TransactionManagementError("rows are locked until the end of a transaction")
        # Looking up one row has one good plan. A list is planned each time: a book with five
        # reviews and one with a hundred thousand are read in different ways.
        with kept_cursor(connection) if self.single else connection.cursor() as cursor:
            cursor.execute(self.sql, [_bound(each, values, connection) for each in self.parameters])
            found = cursor.fetchall()
        if self.converters:
            compiler = self.query.get_compiler(connection=connection)
            found = list(compiler.apply_converters(found, self.converters))
        if self.instances is not None:
            return [self.instances(alias, row) for row in found]
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in found]


@lru_cache(maxsize=FORMS_KEPT)
def _plan(
    build: Callable[..., QuerySet[Any]],
    form: tuple[tuple[str, Any], ...],
    cut: Cut,
    vendor: str,
) -> Plan | None:
    """The plan of one form for one kind of database; None when nothing can be found."""
    after = [Placeholder("after", place) for place in range(cut.after)]

    def compiled() -> tuple[QuerySet[Any], Any, tuple[str, Sequence[Any]]]:
        given = {name: _placeholder(name, each) for name, each in form}
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
    return Plan(
        queryset.model,
        queryset.query,
        sql,
        parameters,
        cut.columns and tuple(dict.fromkeys(cut.columns)),
        compiler.get_converters([each[0] for each in compiler.select]),
        None if cut.columns else _instances(compiler),
        single=cut.stop == 1,
    )


def _with_constants(sql: str, parameters: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """The statement with what never changes written into it, so that plans are made for it."""
    literal = getattr(connections[DEFAULT_DB_ALIAS], "literal", None)
    if literal is None:
        return sql, tuple(parameters)
    written = tuple("%s" if isinstance(each, Placeholder) else literal(each) for each in parameters)
    values = tuple(each for each in parameters if isinstance(each, Placeholder))
    return sql.replace("%%", "%%%%") % written, values


def _instances(compiler: Any) -> Callable[[str, Sequence[Any]], Any]:
    """How a row becomes an instance, with its annotations and what was selected with it."""
    kind = compiler.klass_info
    model, places = kind["model"], kind["select_fields"]
    start, end = places[0], places[-1] + 1
    names = [each[0].target.attname for each in compiler.select[start:end]]
    annotations = tuple(compiler.annotation_col_map.items())
    select = compiler.select
    related: dict[str, Any] = {}

    def instance(alias: str, row: Sequence[Any]) -> Any:
        found = model.from_db(alias, names, row[start:end])
        if alias not in related:
            related[alias] = get_related_populators(kind, select, alias)  # type: ignore[call-arg]
        for populator in related[alias]:
            populator.populate(row, found)
        for name, place in annotations:
            setattr(found, name, row[place])
        return found

    return instance


#: In a form: a value, which a placeholder stands for.
_VALUE = "value"


def _form(value: Any) -> Any:
    if value is None or value is True or value is False:
        return value
    return len(value) if isinstance(value, tuple) else _VALUE


def _placeholder(name: str, form: Any) -> Any:
    if form is None or form is True or form is False:
        return form
    if form == _VALUE:
        return Placeholder(name)
    return tuple(Placeholder(name, place) for place in range(form))


def _fits(value: Any) -> bool:
    """Whether a database can be asked with it; otherwise the ORM knows that nothing is there."""
    if isinstance(value, tuple):
        return all(_fits(each) for each in value)
    return not isinstance(value, int) or -LARGEST <= value <= LARGEST


def _bound(parameter: Any, values: Mapping[str, Any], connection: Any) -> Any:
    """What is sent for a parameter of the statement."""
    if not isinstance(parameter, Placeholder):
        return parameter
    value = parameter.value(values)
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
