"""A moderator's evening in a real browser: the overview, a list, hiding a review and showing it.

Run by `make browser-check`; pictures are left in `var/pages/`.
"""

from __future__ import annotations

from typing import Any

import pytest

from bookbridge.tests.live.pages import server  # noqa: F401
from bookbridge.tests.live.server import PASSWORD, Server
from bookbridge.tests.live.test_pages import Visit, browser

__all__ = ["browser"]
pytestmark = pytest.mark.browser
LOOKS = [("wide", "light"), ("wide", "dark"), ("phone", "light"), ("phone", "dark")]


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_review_is_hidden_and_shown_again(
    server: Server, browser: Any, size: str, scheme: str
) -> None:
    look = f"{size}-{scheme}"
    review, book = _reported_review(server, look)
    server.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    server.manage(
        "createsuperuser", "--noinput", "--username", f"mod-{look}", "--email", f"m@{look}.org"
    )
    visit = Visit(browser, size=size, scheme=scheme)
    page = visit.page
    page.goto(f"{server.url}/admin/")
    page.fill("#id_username", f"mod-{look}")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.wait_for_selector(".figures")
    page.wait_for_function("[...document.querySelectorAll('.charts img')].every(i => i.complete)")
    assert page.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
    _fits(page)
    visit.picture(f"admin-overview-{look}")
    page.goto(f"{server.url}/admin/reviews/review/")
    _fits(page)
    visit.picture(f"admin-reviews-{look}")
    page.goto(f"{server.url}/admin/reviews/review/{review}/change/")
    visit.picture(f"admin-review-{look}")
    _act(visit, "hide", "Advertising.", f"admin-hide-{look}")
    assert server.api("GET", f"reviews/{review}/").status == 404
    assert server.api("GET", f"books/{book}/").json()["rating_count"] == 0
    _act(visit, "show", "It was none.", f"admin-show-{look}")
    assert server.api("GET", f"reviews/{review}/").status == 200
    page.goto(f"{server.url}/admin/")
    page.click(".waiting li:last-child a")
    page.wait_for_selector(".kept")
    _fits(page)
    visit.picture(f"admin-report-{look}")
    _act(visit, "dismiss", "A harsh opinion is an opinion.", f"admin-dismiss-{look}")
    page.goto(f"{server.url}/admin/clubs/book/act/merge/?ids={book}")
    page.wait_for_selector(".select2")
    visit.picture(f"admin-merge-{look}")
    assert visit.complaints == []


def _act(visit: Visit, name: str, reason: str, picture: str) -> None:
    """Follow the button with the keyboard, give the reason, and come back with a message."""
    visit.page.focus(f".act-{name}")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("#id_reason")
    visit.page.fill("#id_reason", reason)
    _fits(visit.page)
    visit.picture(picture)
    visit.page.click(".submit-row input[type=submit]")
    visit.page.wait_for_selector(".messagelist .success")


def _fits(page: Any) -> None:
    """Nothing makes the whole page wider than the window."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 1, f"{wide} pixels too wide"


def _reported_review(server: Server, look: str) -> tuple[int, int]:
    author, reporter = (server.register(f"{who}-{look}") for who in ("ana", "bia"))
    title = {"title": f"Dom Casmurro {look}", "authors": ["Machado de Assis"]}
    book = server.api("POST", "books/", title, token=author).json()["id"]
    opinion = {"book": book, "rating": 1.5, "text": "Buy **my** book instead, at half the price."}
    review = server.api("POST", "reviews/", opinion, token=author).json()["id"]
    report = {"target": {"kind": "review", "id": review}, "reason": "spam", "comment": "An ad."}
    assert server.api("POST", "reports/", report, token=reporter).status == 201
    return review, book
