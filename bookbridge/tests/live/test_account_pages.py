"""The pages behind the links of mails, in a real browser: nothing happens before the button.

Needs Chromium and `requirements-browser.txt`: `make browser-check`. Pictures are left in
`var/pages/`, to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bookbridge.tests.live.pages import collected_static_files
from bookbridge.tests.live.server import PASSWORD, Server, fresh_database, running
from bookbridge.tests.live.test_pages import Visit, browser

__all__ = ["browser"]

pytestmark = pytest.mark.browser
NEW = "a password nobody has"
LAST_TOKEN = """
import json
from bookbridge.kernel.models import OutboxJob
from bookbridge.kernel.sealing import unseal
job = OutboxJob.objects.filter(kind="mail").latest("pk")
print(json.loads(unseal(job.sealed_payload))["context"]["token"])
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where addresses are verified."""
    folder = tmp_path_factory.mktemp("account")
    collected_static_files()
    variables = {"EMAIL_VERIFICATION": "1"}
    with fresh_database(folder) as url, running(folder, url, **variables) as started:
        yield started


def signs_in(server: Server, login: str, password: str = PASSWORD) -> bool:
    return server.api("POST", "auth/token/", {"login": login, "password": password}).status == 200


def link(server: Server) -> str:
    """The secret of the mail that was put into the outbox last."""
    return server.manage("shell", "-c", LAST_TOKEN).split()[-1]


def registered(server: Server, username: str) -> str:
    """Register somebody; the secret of the link in the mail."""
    address = f"{username}@example.org"
    person = {"username": username, "email": address, "password": PASSWORD}
    assert server.api("POST", "auth/register/", person).status == 201
    return link(server)


def shown(visit: Visit) -> str:
    return str(visit.page.inner_text("main"))


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_an_address_is_confirmed_by_the_button_alone(
    server: Server, browser: Any, size: str, scheme: str
) -> None:
    name = f"ana-{size}"
    token = registered(server, name)
    visit = Visit(browser, size=size, scheme=scheme)
    visit.page.goto(f"{server.url}/account/verify/#{token}")
    visit.page.wait_for_selector("button:visible")
    visit.picture(f"verify-{size}-{scheme}")
    assert token not in visit.page.url, "the secret leaves the address bar"
    assert not signs_in(server, f"{name}@example.org"), "nothing is used by looking"
    visit.page.click("button")
    visit.page.wait_for_selector("#done:visible")
    visit.picture(f"verify-done-{size}-{scheme}")
    assert "confirmed" in shown(visit)
    assert signs_in(server, f"{name}@example.org")
    assert not visit.complaints
    assert token not in server.log.read_text()


def test_a_new_password_is_chosen(server: Server, browser: Any) -> None:
    server.api("POST", "auth/email/verify/", {"token": registered(server, "bea")})
    server.api("POST", "auth/password/reset/", {"email": "bea@example.org"})
    visit = Visit(browser, size="phone")
    visit.page.goto(f"{server.url}/account/reset/#{link(server)}")
    visit.page.fill("#password", "qwertyuiop123")
    visit.page.check("#show")
    assert visit.page.get_attribute("#password", "type") == "text"
    visit.page.click("button")
    visit.page.wait_for_selector("#bad:visible")
    visit.picture("reset-bad-phone-light")
    assert "too common" in shown(visit)
    visit.page.fill("#password", NEW)
    visit.page.click("button")
    visit.page.wait_for_selector("#done:visible")
    assert signs_in(server, "bea", NEW)
    # The refused one is a 400, of which the console speaks.
    assert all("400" in complaint for complaint in visit.complaints)


def test_an_address_is_changed(server: Server, browser: Any) -> None:
    server.api("POST", "auth/email/verify/", {"token": registered(server, "caio")})
    token = server.sign_in("caio")
    body = {"email": "new@example.org", "password": PASSWORD}
    assert server.api("POST", "auth/email/change/", body, token=token).status == 200
    secret = server.manage("shell", "-c", LAST_TOKEN.replace('latest("pk")', 'order_by("-pk")[1]'))
    visit = Visit(browser)
    visit.page.goto(f"{server.url}/account/email/#{secret.split()[-1]}")
    visit.page.click("button")
    visit.page.wait_for_selector("#done:visible")
    assert signs_in(server, "new@example.org")
    assert not signs_in(server, "caio@example.org")


@pytest.mark.parametrize("page", ["verify", "email", "reset"])
def test_what_is_no_link_says_so(server: Server, browser: Any, page: str) -> None:
    visit = Visit(browser, scheme="dark")
    visit.page.goto(f"{server.url}/account/{page}/")
    visit.page.wait_for_selector("#missing:visible")
    assert not visit.page.is_visible("button")
    visit = Visit(browser)
    visit.page.goto(f"{server.url}/account/{page}/#{'x' * 43}")
    if page == "reset":
        visit.page.fill("#password", NEW)
    visit.page.click("button")
    visit.page.wait_for_selector("#bad:visible")
    visit.picture(f"{page}-bad-wide-light")
    assert "not valid any more" in shown(visit)
