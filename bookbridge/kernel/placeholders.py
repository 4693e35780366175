"""What stands in a compiled statement for values that come when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Expression

#: In a form: a value, which a placeholder stands for.
VALUE = "value"


class Placeholder(Expression):
    """Stands in a compiled statement for a value that comes when it is asked.

    It can be compared with columns; whatever would compute with the value in Python raises.
    """

    def __init__(self, name: str, place: int | None = None) -> None:
        super().__init__()
        self.name, self.place = name, place

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """One parameter: this object, which `Plan.rows` replaces."""
        return "%s", [self]

    def value(self, values: Mapping[str, Any]) -> Any:
        """What stands here this time."""
        found = values[self.name]
        return found if self.place is None else found[self.place]

    def __str__(self) -> str:
        raise TypeError(f"{self.name} is a placeholder: make the text before asking")


def form_of(value: Any) -> Any:
    """What of a value is part of the form: itself, how long it is, or that there is one."""
    if value is None or value is True or value is False:
        return value
    return len(value) if isinstance(value, tuple) else VALUE


def placeholder_of(name: str, form: Any) -> Any:
    """What stands for a value of that form: itself, as many placeholders, or one."""
    if form is None or form is True or form is False:
        return form
    if form == VALUE:
        return Placeholder(name)
    return tuple(Placeholder(name, place) for place in range(form))
