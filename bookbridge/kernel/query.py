"""Query parameters, as strict as bodies: unknown, repeated, empty and mistyped ones are 400.

A `Query` declares parameters with the fields of `fields.py`; the same class describes them in
the schema (`parameters=[ClubListQuery]`). An `ordering` is simply a `Choice` of one.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from bookbridge.kernel.fields import Whole
from bookbridge.kernel.text_fields import Text

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
#: What addresses say is remembered of so many, unless they are longer than clients' are.
ADDRESSES_KEPT, LONGEST_KEPT = 1_024, 200


class InvalidQuery(ValidationError):
    """Faults of query parameters: the problem names the parameter in place of a pointer."""


class FieldNames(Text):
    """Names of fields, separated by commas; read as a list in which each occurs once."""

    default_error_messages = {
        "invalid_format": gettext_lazy("Give names of fields, separated by commas."),
    }

    def __init__(self, *, max_length: int = 300, **kwargs: Any) -> None:
        kwargs["pattern"] = "[a-z][a-z0-9_]*(?:,[a-z][a-z0-9_]*)*"
        super().__init__(max_length=max_length, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The names, in the order given."""
        return list(dict.fromkeys(super().to_internal_value(data).split(",")))


class Query(serializers.Serializer):
    """The query parameters that a GET knows. Subclasses declare them as fields.

    Fields of a query need `from_text`, which all fields of `fields.py` but `ListOf` have.
    """

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The typed values in the address of `request`; what is absent has its default, if any.

        Raises:
            InvalidQuery: with every fault: `unknown_parameter`, `repeated_parameter`,
                `blank`, or what the field itself refuses.
        """
        text: str = request.META.get("QUERY_STRING", "")
        if len(text) > LONGEST_KEPT or request.encoding is not None:
            return _read(cls, get_language(), request.query_params)
        return _values(cls, get_language(), text).copy()

    def _typed(self, name: str, texts: list[str]) -> Any:
        field: Any = self.fields.get(name)
        if field is None:
            raise ValidationError(_("There is no such parameter."), "unknown_parameter")
        if len(texts) > 1:
            raise ValidationError(_("Give this parameter once."), "repeated_parameter")
        if texts[0] == "" and not getattr(field, "may_be_blank", False):
            raise ValidationError(_("This parameter may not be blank."), "blank")
        return field.from_text(texts[0])


@cache
def _reader(query: type[Query], language: str | None) -> Query:
    """One instance for all requests in a language: building fields takes time, and reading keeps
    no state but the messages about limits, which stay in the language they were first said in.
    """
    return query()


def query_of(text: str) -> QueryDict:
    """The parameters in a query string as WSGI hands it over, read as the framework does."""
    return QueryDict(text.encode("iso-8859-1"))


@lru_cache(maxsize=ADDRESSES_KEPT)
def _values(kind: type[Query], language: str | None, text: str) -> dict[str, Any]:
    """What an address says, remembered; what refuses it is asked each time."""
    return _read(kind, language, query_of(text))


def _read(kind: type[Query], language: str | None, parameters: QueryDict) -> dict[str, Any]:
    query = _reader(kind, language)
    typed: dict[str, Any] = {}
    faults: dict[str, Any] = {}
    for name, texts in parameters.lists():
        try:
            typed[name] = query._typed(name, texts)
        except ValidationError as error:
            faults[name] = error.detail
    try:
        values: dict[str, Any] = query.run_validation(typed)
    except ValidationError as error:
        raise InvalidQuery({**_by_name(error.detail), **faults}) from error
    if faults:
        raise InvalidQuery(faults)
    return values


def _by_name(detail: Any) -> dict[str, Any]:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}


class NoQuery(Query):
    """The query of an operation that takes no parameters."""


class ItemQuery(Query):
    """The parameters of every GET of one thing."""

    # The metaclass of serializers takes it out of the class: `Serializer.fields` stays.
    fields = FieldNames(  # type: ignore[assignment]
        required=False,
        help_text=gettext_lazy("Only these fields of the representation, separated by commas."),
    )


class ListQuery(ItemQuery):
    """The parameters of every list."""

    cursor = Text(
        required=False,
        max_length=2000,
        trim_whitespace=False,
        pattern=r"[A-Za-z0-9_.-]+",
        help_text=gettext_lazy("A place in the list, as `next` and `previous` give it."),
    )
    page_size = Whole(
        required=False,
        default=PAGE_SIZE,
        min_value=1,
        max_value=MAX_PAGE_SIZE,
        help_text=gettext_lazy("How many results on a page."),
    )


class SearchableListQuery(ListQuery):
    """The parameters of a list with search."""

    search = Text(
        required=False,
        max_length=200,
        help_text=gettext_lazy("Words to look for."),
    )
