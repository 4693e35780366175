"""Headers that tell browsers what an answer may do."""

from __future__ import annotations

import pytest
from django.test import Client

from bookbridge.kernel.csp import build_policy

pytestmark = [pytest.mark.urls("bookbridge.kernel.tests.plain_urls"), pytest.mark.django_db]

CLOSED = {"default-src 'none'", "frame-ancestors 'none'"}


def directives(path: str) -> set[str]:
    response = Client(raise_request_exception=False).get(path)
    return set(response["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize("path", ["/api/v1/secret/x/", "/api/v1/none/", "/livez", "/readyz", "/"])
def test_what_is_no_page_may_load_nothing(path: str) -> None:
    assert directives(path) >= CLOSED


def test_pages_have_the_policy_of_their_path() -> None:
    assert "default-src 'self'" in directives("/admin/")
    assert "style-src 'self' 'unsafe-inline'" in directives("/api/docs/")
    assert not any("unsafe-inline" in directive for directive in directives("/admin/"))


def test_a_view_may_bring_its_own_policy() -> None:
    assert directives("/api/v1/own/") == {"default-src 'self'"}


@pytest.mark.parametrize(
    ("path", "referrer"),
    [("/api/v1/secret/x/", "no-referrer"), ("/livez", "no-referrer"), ("/admin/", "same-origin")],
)
def test_the_other_headers_are_there(path: str, referrer: str) -> None:
    response = Client().get(path)
    assert response["Referrer-Policy"] == referrer
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


def test_a_policy_is_written_as_django_6_writes_it() -> None:
    policy = {
        "default-src": ["'self'", "data:"],
        "img-src": "*",
        "upgrade-insecure-requests": True,
        "script-src": None,
        "style-src": False,
    }
    assert build_policy(policy) == "default-src 'self' data:; img-src *; upgrade-insecure-requests"
    assert build_policy({}) == ""
