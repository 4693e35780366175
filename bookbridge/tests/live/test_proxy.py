"""The shipped configuration of nginx in front of the API: its errors, forged headers, compression.

Needs nginx (`apt-get install nginx-light`), and runs in `make check-long`.
"""

from __future__ import annotations

import gzip
import json
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bookbridge.tests.live.proxy import SECRET, Proxy, assert_problem, proxy
from bookbridge.tests.live.server import Answer, free_port

pytestmark = [pytest.mark.slow, pytest.mark.proxy]


class TestErrors:
    """Errors of nginx itself look like those of the API."""

    def test_a_large_body_is_refused_before_it_is_sent(self, front: Proxy) -> None:
        began = time.monotonic()
        answer = front.raw(
            b"POST /api/v1/reviews/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2097152\r\n\r\n"
        )
        assert_problem(answer, 413, "body_too_large")
        assert time.monotonic() - began < 1

    def test_a_large_body_in_chunks(self, front: Proxy) -> None:
        with front.connect() as connection:
            connection.sendall(
                b"POST /api/v1/reviews/ HTTP/1.1\r\nHost: localhost\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            with suppress(OSError):
                for _ in range(40):
                    connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
            assert b" 413 " in connection.recv(65536).split(b"\r\n")[0]

    def test_the_largest_body_reaches_the_api(self, front: Proxy, token: str) -> None:
        body = json.dumps({"text": ""}).encode()
        body += b" " * (1024 * 1024 - len(body))
        headers = {"Content_Type": "application/json", "Authorization": f"Bearer {token}"}
        answer = front.send("POST", "/api/v1/reviews/", body, **headers)
        assert answer.status == 400
        assert answer.json()["code"] == "invalid_input"
        answer = front.send("POST", "/api/v1/reviews/", body + b" ", **headers)
        assert_problem(answer, 413, "body_too_large")

    @pytest.mark.parametrize("length", [5000, 7000, 9000, 60_000])
    def test_long_addresses(self, front: Proxy, length: int) -> None:
        answer = front.send("GET", "/api/v1/books/?search=" + "x" * length)
        assert_problem(answer, 414, "address_too_long")

    def test_large_headers(self, front: Proxy) -> None:
        assert_problem(front.send("GET", "/livez", X_Long="x" * 9000), 431, "headers_too_large")

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            (b"GARBAGE\r\n\r\n", 400, "bad_request"),
            (b"GET /livez HTTP/1.1\r\n\r\n", 400, "bad_request"),
            (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"),
            (b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n", 505, "version_not_supported"),
            (b"TRACE /livez HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"),
            (
                b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: odd\r\n\r\n",
                501,
                "not_implemented",
            ),
            (
                b"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400,
                "bad_request",
            ),
        ],
    )
    def test_what_is_no_request(self, front: Proxy, sent: bytes, status: int, code: str) -> None:
        assert_problem(front.raw(sent), status, code)

    def test_the_pages_of_errors_have_no_address(self, front: Proxy) -> None:
        assert_problem(front.send("GET", "/-/problem/502"), 404, "not_found")

    def test_an_api_that_is_away(self, tmp_path: Path) -> None:
        with proxy(tmp_path, f"127.0.0.1:{free_port()}") as front:
            for method in ("GET", "POST", "DELETE"):
                answer = front.send(method, f"/api/v1/invitations/{SECRET}/", X_Request_ID="a" * 9)
                assert_problem(answer, 502, "unavailable")
                assert answer.headers["Retry-After"] == "5"
                assert answer.json()["request_id"] == "a" * 9
            assert SECRET not in front.log()

    def test_an_api_that_does_not_answer(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            upstream = f"127.0.0.1:{silent.getsockname()[1]}"
            changes = {"proxy_read_timeout 35s": "proxy_read_timeout 1s"}
            with proxy(tmp_path, upstream, **changes) as front:
                answer = front.send("GET", f"/api/v1/invitations/{SECRET}/")
                assert_problem(answer, 504, "unavailable")
                assert answer.headers["Retry-After"] == "5"
                assert SECRET not in front.log()

    def test_problems_of_the_api_pass_as_they_are(self, front: Proxy) -> None:
        answer = front.api("GET", "books/4711/", Accept_Language="pt-BR")
        assert_problem(answer, 404, "not_found")
        assert answer.json()["title"] != "Not found"


class TestForgery:
    """What a client says of itself is not believed."""

    def remaining(self, answer: Answer) -> int:
        return int(answer.headers["RateLimit"].split("r=")[1].split(";")[0])

    def test_forged_addresses_do_not_change_the_key_of_limits(self, front: Proxy) -> None:
        forged: list[dict[str, str]] = [
            {},
            *({"X_Forwarded_For": f"198.51.100.{number}"} for number in range(5)),
            {"X_Forwarded_For": "203.0.113.1, 203.0.113.2"},
            {"X_Real_IP": "203.0.113.3", "Forwarded": "for=203.0.113.3"},
            {"x_forwarded_for": "", "X_FORWARDED_FOR": "203.0.113.4"},
        ]
        left = [
            self.remaining(front.api("GET", "books/", source="127.0.0.6", **headers))
            for headers in forged
        ]
        # Each process hands out uses of its own; no two requests of one key have the same.
        assert len(set(left)) == len(left)
        assert max(left) == left[0]
        other = self.remaining(front.api("GET", "books/", source="127.0.0.7"))
        assert other == left[0], "another address has a count of its own"

    def test_two_headers_of_one_name(self, front: Proxy) -> None:
        front.api("GET", "books/", source="127.0.0.1")
        first_of_another = self.remaining(front.api("GET", "books/", source="127.0.0.8"))
        answer = front.raw(
            b"GET /api/v1/books/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.5\r\n"
            b"X-Forwarded-For: 203.0.113.6\r\nConnection: close\r\n\r\n"
        )
        assert self.remaining(answer) < first_of_another

    def test_a_forged_scheme_or_host_makes_no_addresses(self, front: Proxy, token: str) -> None:
        forged = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.example"}
        made = front.api("POST", "clubs/", {"name": "Forged"}, token, **forged)
        assert made.status == 201
        assert made.headers["Location"].startswith(f"http://127.0.0.1:{front.port}/api/v1/clubs/")
        refused = front.api("GET", "books/", Host="evil.example")
        assert_problem(refused, 400, "unknown_host")

    def test_request_ids(self, front: Proxy) -> None:
        kept = front.api("GET", "books/4711/", X_Request_ID="mine-12345678")
        assert kept.json()["request_id"] == kept.headers["X-Request-ID"] == "mine-12345678"
        for odd in ("short", 'a"b}inject', "x" * 200, "spaces in it"):
            made = front.api("GET", "books/4711/", X_Request_ID=odd).json()["request_id"]
            assert made != odd
            assert len(made) == 32


class TestCompression:
    """A compressed answer has a weak tag, with which everything works as with a strong one."""

    def test_unchanged_and_changed(self, front: Proxy, token: str) -> None:
        club = {"name": "Compressed", "description": "Words. " * 400, "visibility": "public"}
        path = f"clubs/{front.api('POST', 'clubs/', club, token).json()['slug']}/"
        strong = front.api("GET", path, token=token)
        assert not strong.headers["ETag"].startswith("W/")
        zipped = front.api("GET", path, token=token, Accept_Encoding="gzip")
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(zipped.body) == strong.body
        assert "Accept-Encoding" in zipped.headers["Vary"]
        weak = zipped.headers["ETag"]
        assert weak == f"W/{strong.headers['ETag']}"
        for tag in (weak, strong.headers["ETag"]):
            headers = {"If_None_Match": tag, "Accept_Encoding": "gzip"}
            assert front.api("GET", path, token=token, **headers).status == 304
        edit = {"description": "Other words."}
        assert front.api("PATCH", path, edit, token, If_Match=weak).status == 200
        assert front.api("PATCH", path, {"name": "No"}, token, If_Match=weak).status == 412
        assert front.api("GET", path, token=token, If_None_Match=weak).status == 200

    def test_tokens_are_not_compressed(self, front: Proxy) -> None:
        person = {"login": "proxied", "password": "correct horse battery"}
        signed_in = front.api("POST", "auth/token/", person, Accept_Encoding="gzip")
        assert signed_in.status == 200
        assert "Content-Encoding" not in signed_in.headers
