"""Setting a second factor up and signing in with it, in a real browser, where staff must have one.

Run by `make browser-check`; pictures are left in `var/pages/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest

from bookbridge.tests.live.pages import server as plain_server  # noqa: F401
from bookbridge.tests.live.server import PASSWORD, Server, fresh_database, running
from bookbridge.tests.live.test_pages import Visit, browser

__all__ = ["browser"]
pytestmark = pytest.mark.browser
LOOKS = [("wide", "light"), ("wide", "dark"), ("phone", "light"), ("phone", "dark")]


@pytest.fixture(scope="module")
def server(plain_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: F811
    """A server that asks its staff for a second factor; static files are those of the other."""
    folder = tmp_path_factory.mktemp("compulsory")
    variables = {"STAFF_SECOND_FACTOR_REQUIRED": "1"}
    with fresh_database(folder) as url, running(folder, url, **variables) as started:
        yield started


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_staff_sets_it_up_and_signs_in_with_it(
    server: Server, browser: Any, size: str, scheme: str
) -> None:
    look = f"{size}-{scheme}"
    server.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    name = f"staff-{look}"
    server.manage("createsuperuser", "--noinput", "--username", name, "--email", f"{look}@b.org")
    visit = Visit(browser, size=size, scheme=scheme)
    page = visit.page
    _sign_in(page, server, name)
    page.wait_for_selector(".warning-note")
    _look(visit, f"second-factor-begin-{look}")
    page.fill("#id_password", PASSWORD)
    page.click(".act-form input[type=submit]")
    page.wait_for_selector(".secret img")
    assert page.evaluate("document.querySelector('.secret img').naturalWidth") > 100
    _look(visit, f"second-factor-secret-{look}")
    secret = re.sub(r"\s", "", page.inner_text(".secret code"))
    page.fill("#id_code", "000 00x")
    page.click(".act-form input[type=submit]")
    page.wait_for_selector(".errorlist")
    _look(visit, f"second-factor-wrong-{look}")
    page.fill("#id_code", pyotp.TOTP(secret).now())
    page.click(".act-form input[type=submit]")
    page.wait_for_selector(".recovery-codes")
    _look(visit, f"second-factor-codes-{look}")
    recovery = page.inner_text(".recovery-codes li:first-child")
    page.click(".submit-row .act")
    page.wait_for_selector(".figures")
    page.goto(f"{server.url}/admin/second-factor/")
    _look(visit, f"second-factor-on-{look}")
    page.click("#logout-form button")
    _sign_in(page, server, name)
    page.wait_for_selector("#id_code")
    _look(visit, f"second-step-{look}")
    page.fill("#id_code", "wrong-wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".errornote")
    _look(visit, f"second-step-wrong-{look}")
    page.fill("#id_code", recovery)
    page.keyboard.press("Enter")
    page.wait_for_selector(".figures")
    assert visit.complaints == []


def _sign_in(page: Any, server: Server, name: str) -> None:
    page.goto(f"{server.url}/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")


def _look(visit: Visit, name: str) -> None:
    """Nothing makes the page wider than the window; keep what is seen."""
    wide = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 1, f"{name} is {wide} pixels too wide"
    visit.picture(name)
