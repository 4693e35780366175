"""How rows of a compiled statement become instances, just as the ORM makes them.

The ORM finds out for every row what is the same for all rows of a statement: which columns are
there, which fields are deferred, what was selected with it. Here that is done once. A model that
does something of its own when it is made is made by the ORM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import getattr_static
from operator import itemgetter
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

#: From the alias of a database and a row to an instance.
Make = Callable[[str, Sequence[Any]], Any]

#: What stands in a class for a field whose value is put into the instance as it is.
_PLAIN = (DeferredAttribute, ForeignKeyDeferredAttribute)


def maker(compiler: Any) -> Make:
    """How a row becomes an instance, with its annotations and what was selected with it."""
    make = _maker(compiler.klass_info, compiler.select)
    annotations = tuple(compiler.annotation_col_map.items())
    if not annotations:
        return make

    def annotated(alias: str, row: Sequence[Any]) -> Any:
        found = make(alias, row)
        for name, place in annotations:
            setattr(found, name, row[place])
        return found

    return annotated


def _maker(kind: dict[str, Any], select: Sequence[Any]) -> Make:
    """The same for one model of the statement (`klass_info` of the compiler)."""
    model: Any = kind["model"]
    places = _places(kind, select)
    names, values_of = tuple(places), _taken(tuple(places.values()))
    plain = _is_plain(model, names)
    related = [
        (
            _places(other, select)[other["model"]._meta.pk.attname],
            _maker(other, select),
            other["local_setter"],
            other["remote_setter"],
        )
        for other in kind.get("related_klass_infos", ())
    ]

    def make(alias: str, row: Sequence[Any]) -> Any:
        if plain and not _observed(model):
            found = model.__new__(model)
            state = found._state = ModelState()
            state.db, state.adding = alias, False
            found.__dict__.update(zip(names, values_of(row), strict=True))
        else:
            found = model.from_db(alias, names, values_of(row))
        for key, make_other, set_here, set_there in related:
            other = None if row[key] is None else make_other(alias, row)
            set_here(found, other)
            if other is not None:
                set_there(other, found)
        return found

    return make


def _observed(model: type[Model]) -> bool:
    """Whether somebody wants to know of new instances of `model`."""
    if not (pre_init.receivers or post_init.receivers):
        return False
    return pre_init.has_listeners(model) or post_init.has_listeners(model)


def _places(kind: dict[str, Any], select: Sequence[Any]) -> dict[str, int]:
    """Where the columns of a model stand in a row, in the order of its fields."""
    found = {select[place][0].target.attname: place for place in kind["select_fields"]}
    fields = kind["model"]._meta.concrete_fields
    return {field.attname: found[field.attname] for field in fields if field.attname in found}


def _taken(places: tuple[int, ...]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """The values at `places` of a row."""
    if places == tuple(range(places[0], places[-1] + 1)):
        return itemgetter(slice(places[0], places[-1] + 1))
    return itemgetter(*places)


def _is_plain(model: type[Model], names: Sequence[str]) -> bool:
    """Whether making an instance of `model` is no more than putting its values down."""
    own = {"__init__", "__new__", "__setattr__", "from_db"}
    kinds = (each for each in model.__mro__ if each not in (Model, object))
    return not any(own & vars(each).keys() for each in kinds) and all(
        type(getattr_static(model, name)) in _PLAIN for name in names
    )
