"""The API reads no cookie; pages keep their sessions, forms and messages."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from bookbridge.kernel.pages import PageForms, PageMessages, PageSessions, PageUsers


def chain(seen: list[HttpRequest]) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse("x")

    layered: Any = view
    for layer in (PageMessages, PageUsers, PageForms, PageSessions):
        layered = layer(layered)
    return layered


@pytest.mark.parametrize("path", ["/api/v1/clubs/", "/api/v1/reviews/1/"])
def test_the_api_has_neither_session_nor_user(path: str) -> None:
    seen: list[HttpRequest] = []
    response = chain(seen)(RequestFactory().get(path))
    assert response.status_code == 200
    assert not hasattr(seen[0], "session")
    assert not hasattr(seen[0], "user")
    assert not hasattr(seen[0], "_messages")
    assert not response.cookies


@pytest.mark.parametrize("path", ["/admin/", "/api/docs/", "/api/v1", "/"])
def test_pages_have_both(path: str) -> None:
    seen: list[HttpRequest] = []
    chain(seen)(RequestFactory().get(path))
    assert hasattr(seen[0], "session")
    assert hasattr(seen[0], "user")
    assert hasattr(seen[0], "_messages")


@pytest.mark.django_db
def test_a_form_that_is_not_ours_is_refused() -> None:
    door = Client(enforce_csrf_checks=True)
    form = {"username": "ana", "password": "whatever it is"}
    assert door.post("/admin/login/", form).status_code == 403
    token = door.get("/admin/login/").context["csrf_token"]
    assert door.post("/admin/login/", form | {"csrfmiddlewaretoken": str(token)}).status_code == 200
