"""The pages behind links: no secret, nothing written into them, both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest

PAGES = {
    "/account/verify/": "/api/v1/auth/email/verify/",
    "/account/email/": "/api/v1/auth/email/verify/",
    "/account/reset/": "/api/v1/auth/password/reset/confirm/",
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_a_form_for_its_route_and_nothing_else(client: Any, path: str) -> None:
    response = client.get(path)
    text = response.content.decode()
    assert response.status_code == 200
    assert f'data-route="{PAGES[path]}"' in text
    assert response["Referrer-Policy"] == "no-referrer"
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert re.search(r"<h1>\S", text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_speaks_the_language_of_the_browser(client: Any, path: str) -> None:
    response = client.get(path, headers={"Accept-Language": "pt-BR"})
    assert '<html lang="pt-br">' in response.content.decode()
    assert response["Content-Language"] == "pt-br"
    assert "Accept-Language" in response["Vary"]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_sent_to_a_page(client: Any, path: str) -> None:
    assert client.post(path, {"token": "x" * 43}).status_code == 405
