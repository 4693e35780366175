"""The OpenAPI document: committed, complete, and the same as the routes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.usernames import RESERVED as RESERVED_USERNAMES
from bookbridge.documents import document
from bookbridge.management.commands.export_postman import collection
from clubs.membership.slugs import RESERVED as RESERVED_SLUGS

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("get", "post", "put", "patch", "delete")
#: Routes that the document leaves out: itself, its readers, health, the admin.
PAGES = {"", "favicon.ico"}
OUTSIDE = (
    "account/",
    "admin/",
    "api/schema/",
    "api/docs/",
    "api/redoc/",
    "livez",
    "readyz",
    ".well-known/",
)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def routes(resolver: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not path.startswith(OUTSIDE):
                yield from routes(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield path


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    out = StringIO()
    call_command("spectacular", "--format", "openapi", "--validate", "--fail-on-warn", stdout=out)
    assert (ROOT / "docs" / "openapi.yaml").read_text() == out.getvalue(), "run `make schema`"


def test_the_schema_is_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1")
    assert "nullable" not in json.dumps(document())


#: What carries no ETag: keys, and whatever is about signing in.
WITHOUT_ETAG = ("/.well-known", "/api/v1/auth/")


def test_every_operation_says_what_it_is_and_how_it_fails() -> None:
    seen = set()
    for path, method, operation in operations():
        place = f"{method.upper()} {path}"
        assert operation.get("summary"), place
        assert operation["operationId"] not in seen, place
        seen.add(operation["operationId"])
        responses = operation["responses"]
        assert {"400", "406", "429", "503"} <= set(responses), place
        assert any(status.startswith("2") for status in responses), place
        if operation.get("security"):
            assert "401" in responses, place
        if "{" in path:
            assert "404" in responses, place
        if method == "get" and not path.startswith(WITHOUT_ETAG) and "/export/" not in path:
            assert "304" in responses, place
        if "requestBody" in operation:
            assert {"413", "415"} <= set(responses), place


def test_every_body_is_closed_to_unknown_members() -> None:
    schemas = document()["components"]["schemas"]
    for path, method, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            name = schema.get("$ref", "").rsplit("/", 1)[-1]
            found = schemas.get(name, schema)
            assert found.get("additionalProperties") is False, (method, path, name)


def test_a_patch_asks_for_no_member() -> None:
    schemas = document()["components"]["schemas"]
    patches = 0
    for path, method, operation in operations():
        if method == "patch":
            for content in operation["requestBody"]["content"].values():
                name = content["schema"]["$ref"].rpartition("/")[2]
                assert "required" not in schemas[name], (path, name)
                patches += 1
    assert patches > 5


def test_the_routes_are_those_of_the_schema() -> None:
    documented = {
        path.replace("{", "<").replace("}", ">").lstrip("/") for path in document()["paths"]
    }
    served = set()
    for route in routes():
        if route.startswith(OUTSIDE) or route in PAGES:
            continue
        for kind in ("slug:", "str:", "int:", "uuid:"):
            route = route.replace(f"<{kind}", "<")
        served.add(route)
    assert served == {path for path in documented if not path.startswith(OUTSIDE)}


@pytest.mark.parametrize(
    ("below", "reserved"),
    [("users", RESERVED_USERNAMES), ("clubs", RESERVED_SLUGS)],
)
def test_no_name_can_shadow_a_literal_path(below: str, reserved: Any) -> None:
    literal = {
        path.split("/")[4]
        for path in document()["paths"]
        if path.startswith(f"/api/v1/{below}/") and path.split("/")[4]
    }
    literal = {word for word in literal if not word.startswith("{")}
    assert literal <= set(reserved)
    assert "me" in reserved


def test_the_committed_postman_collection_is_made_from_the_schema() -> None:
    text = json.dumps(collection(document()), indent=2, ensure_ascii=False) + "\n"
    assert (ROOT / "docs" / "postman.json").read_text() == text, "run `make postman`"


def test_the_schema_is_served_as_json_and_yaml(client: Any) -> None:
    as_json = client.get("/api/schema/", headers={"Accept": "application/json"})
    as_yaml = client.get("/api/schema/?format=yaml")
    assert as_json.json()["info"]["title"] == "BookBridge"
    assert yaml.safe_load(as_yaml.content) == as_json.json()
    assert client.get("/api/schema/?format=xml").status_code == 400


def test_the_readers_of_the_schema_come_from_here(client: Any) -> None:
    for path in ("/api/docs/", "/api/redoc/"):
        response = client.get(path)
        assert response.status_code == 200
        assert b"https://" not in response.content
        assert b"<script>" not in response.content
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_the_root_leads_to_the_documents_and_browsers_find_the_icon(client: Any) -> None:
    assert client.get("/").headers["Location"] == "/api/docs/"
    assert client.get("/favicon.ico").headers["Location"].endswith(".svg")
