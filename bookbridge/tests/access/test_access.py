"""The access table holds, cell by cell, and no operation is without its row."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction

from bookbridge.documents import document
from bookbridge.testing import BASE
from bookbridge.tests.access.table import TABLE, path_of
from bookbridge.tests.access.world import KINDS, VISIBILITIES, World

#: What counts attempts writes outside of every transaction; it leaves sessions and mails alone.
OUTSIDE_TRANSACTIONS = {
    "POST auth/token/",
    "POST auth/email/change/",
    "POST auth/email/resend/",
    "POST auth/password/change/",
    "POST auth/password/reset/",
}
METHODS = ("get", "post", "put", "patch", "delete")


class _Undo(Exception):
    """Ends a cell: what it wrote is taken back."""


def operations() -> set[str]:
    return {
        f"{method.upper()} {path.removeprefix(BASE)}"
        for path, methods in document()["paths"].items()
        for method in METHODS
        if method in methods and path.startswith(BASE)
    }


def test_every_operation_has_its_row_and_every_row_its_operation() -> None:
    assert operations() == set(TABLE)


@pytest.mark.django_db
@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_every_cell_of_the_access_table(visibility: str) -> None:
    world = World.build(visibility)
    wrong = []
    for operation, rule in TABLE.items():
        expected = rule.expected(visibility)
        for kind in KINDS:
            status, code = answer(world, operation, kind, rule)
            if status != expected[kind]:
                wrong.append(f"{operation} as {kind}: {status} {code}, not {expected[kind]}")
    assert not wrong, "\n".join(wrong)


def answer(world: World, operation: str, kind: str, rule: Any) -> tuple[int, str]:
    """The status (and code) of one request, whose effects are taken back."""
    body = rule.body(world, kind) if callable(rule.body) else rule.body
    method = operation.split(" ", 1)[0]
    client, path = world.clients[kind], path_of(operation, world)
    if operation in OUTSIDE_TRANSACTIONS:
        response = client.request(method, path, body, headers=rule.headers)
    else:
        with suppress(_Undo), transaction.atomic():
            response = client.request(method, path, body, headers=rule.headers)
            raise _Undo
    problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
    return response.status_code, response.json()["code"] if problem else ""
