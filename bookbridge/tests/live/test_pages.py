"""Admin and documents in a real browser: they work under the content policy, without an error.

Needs Chromium and `requirements-browser.txt`: `make browser-check`. Pictures are left in
`var/pages/`, to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bookbridge.tests.live.pages import server  # noqa: F401
from bookbridge.tests.live.server import ROOT, Server

pytestmark = pytest.mark.browser
PICTURES = ROOT / "var" / "pages"
PASSWORD = "correct horse battery"
ADDRESSES = {
    "docs": "/api/docs/",
    "redoc": "/api/redoc/",
}
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium as Debian ships it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="make browser-check")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


class Visit:
    """A page and every complaint of its console."""

    def __init__(self, browser: Any, *, size: str = "wide", scheme: str = "light") -> None:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def picture(self, name: str) -> None:
        """Keep what is seen."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.mark.parametrize("size", SIZES)
def test_swagger_ui_shows_the_operations(server: Server, browser: Any, size: str) -> None:
    visit = Visit(browser, size=size)
    visit.page.goto(server.url + ADDRESSES["docs"])
    visit.page.wait_for_selector("text=BookBridge", timeout=30_000)
    visit.page.wait_for_selector("#operations-tag-clubs", timeout=30_000)
    visit.page.click("#operations-tag-clubs")
    visit.page.wait_for_selector("#operations-clubs-clubs_list", timeout=30_000)
    visit.picture(f"docs-{size}")
    assert visit.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_redoc_shows_the_operations(server: Server, browser: Any, size: str) -> None:
    visit = Visit(browser, size=size)
    visit.page.goto(server.url + ADDRESSES["redoc"])
    visit.page.wait_for_selector("h1", timeout=60_000)
    visit.picture(f"redoc-{size}")
    # Redoc asks another host for its own mark; the policy keeps that request at home.
    own = [text for text in visit.complaints if "cdn.redoc.ly" not in text]
    assert own == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin_lets_staff_in_and_shows_its_lists(
    server: Server, browser: Any, scheme: str
) -> None:
    server.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    name = f"staff-{scheme}"
    server.manage(
        "createsuperuser", "--noinput", "--username", name, "--email", f"{name}@example.org"
    )
    visit = Visit(browser, scheme=scheme)
    visit.page.goto(f"{server.url}/admin/")
    visit.picture(f"admin-sign-in-{scheme}")
    visit.page.fill("#id_username", name)
    visit.page.fill("#id_password", PASSWORD)
    visit.page.click("input[type=submit]")
    visit.page.wait_for_selector("#content-main")
    visit.picture(f"admin-index-{scheme}")
    visit.page.goto(f"{server.url}/admin/accounts/user/")
    visit.page.wait_for_selector("#changelist")
    visit.picture(f"admin-readers-{scheme}")
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 26, 32)")]
)
@pytest.mark.parametrize("size", SIZES)
def test_a_chart_opened_by_itself_has_its_colours(
    server: Server, browser: Any, scheme: str, paper: str, size: str
) -> None:
    visit = Visit(browser, scheme=scheme, size=size)
    for series in ("months", "top_books"):
        visit.page.goto(f"{server.url}/api/v1/stats/chart.svg?series={series}")
        fill = "getComputedStyle(document.querySelector('.bb-paper')).fill"
        assert visit.page.evaluate(fill) == paper
        width = "document.documentElement.getBoundingClientRect().width"
        assert visit.page.evaluate(width) <= SIZES[size][0]
        visit.picture(f"chart-{series}-{scheme}-{size}")
    assert visit.complaints == []
