"""One server for all tests of a module, by itself or behind nginx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bookbridge.tests.live.proxy import Proxy, proxy
from bookbridge.tests.live.server import Server, fresh_database, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with an empty database."""
    folder = tmp_path_factory.mktemp("live")
    with fresh_database(folder) as url, running(folder, url) as started:
        yield started


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that believes one proxy, with an empty database."""
    folder = tmp_path_factory.mktemp("proxied")
    variables = {"TRUSTED_PROXY_COUNT": "1"}
    with fresh_database(folder) as url, running(folder, url, **variables) as started:
        yield started


@pytest.fixture(scope="module")
def front(proxied: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx in front of it."""
    folder = tmp_path_factory.mktemp("nginx")
    with proxy(folder, proxied.url.removeprefix("http://")) as started:
        yield started


@pytest.fixture(scope="module")
def token(proxied: Server) -> str:
    """The token of a reader called `proxied`."""
    return proxied.register("proxied")
