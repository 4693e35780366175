"""Every field that could tell something about a person is declared personal, or exempt with why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from accounts import privacy
from accounts.models import User

#: Django's own tables that hold something of readers, besides all tables of our apps.
OURS = ("kernel", "accounts", "clubs", "reviews", "stats", "bookbridge")
OF_DJANGO = ("admin.LogEntry", "sessions.Session")
#: Types that can hold something of a person; words of the program among them have `choices`.
TELLING = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.GenericIPAddressField,
    models.BinaryField,
    models.FileField,
)


def declared() -> tuple[dict[str, list[str]], dict[str, str]]:
    personal: dict[str, list[str]] = {}
    exempt: dict[str, str] = {}
    for module in privacy.modules():
        for label, fields in module.PERSONAL.items():
            personal.setdefault(label, []).extend(fields)
        exempt |= module.EXEMPT
    return personal, exempt


def walked() -> list[type[models.Model]]:
    own = [
        model
        for name in OURS
        if apps.is_installed(name) or name == "kernel"
        for model in apps.get_app_config(name).get_models()
    ]
    return [*own, *map(apps.get_model, OF_DJANGO)]


def tells_of_somebody(field: Any) -> bool:
    if field.is_relation:
        return field.related_model is User
    return isinstance(field, TELLING) and not field.choices


def undeclared(
    found: Iterable[type[models.Model]], personal: dict[str, list[str]], exempt: dict[str, str]
) -> list[str]:
    return [
        f"{model._meta.label}.{field.name}"
        for model in found
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many)
        if tells_of_somebody(field)
        and field.name not in personal.get(model._meta.label, ())
        and f"{model._meta.label}.{field.name}" not in exempt
    ]


def test_every_field_that_could_tell_of_a_person_is_declared_or_exempt() -> None:
    assert undeclared(walked(), *declared()) == []


@isolate_apps("accounts")
@pytest.mark.parametrize(
    "field",
    [
        models.TextField(),
        models.CharField(max_length=9),
        models.EmailField(),
        models.URLField(),
        models.GenericIPAddressField(),
        models.JSONField(),
        models.ForeignKey(User, on_delete=models.CASCADE, related_name="+"),
        models.OneToOneField(User, on_delete=models.CASCADE, related_name="+"),
        models.ManyToManyField(User, related_name="+"),
    ],
    ids=lambda field: type(field).__name__,
)
def test_a_new_field_that_is_neither_is_found(field: Any) -> None:
    members = {
        "__module__": __name__,
        "new": field,
        "Meta": type("Meta", (), {"app_label": "accounts"}),
    }
    planted = type(f"Planted{type(field).__name__}", (models.Model,), members)
    assert undeclared([planted], *declared()) == [f"{planted._meta.label}.new"]
    assert undeclared([planted], {planted._meta.label: ["new"]}, {}) == []
    assert undeclared([planted], {}, {f"{planted._meta.label}.new": "why"}) == []


def test_words_of_the_program_and_numbers_need_no_declaration() -> None:
    assert not tells_of_somebody(models.CharField(max_length=9, choices=[("a", "a")]))
    assert not tells_of_somebody(models.IntegerField())


def test_what_is_declared_is_there_and_every_exemption_says_why() -> None:
    personal, exempt = declared()
    named = [(label, field) for label, fields in personal.items() for field in fields]
    for label, field in [*named, *(name.rsplit(".", 1) for name in exempt)]:
        assert apps.get_model(label)._meta.get_field(field), (label, field)
    assert all(len(why) >= 5 for why in exempt.values())
    assert not {f"{label}.{field}" for label, field in named} & set(exempt)
