"""`manage.py export_postman`: a Postman collection (format 2.1) made from the schema."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bookbridge.documents import document

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
NAMESPACE = uuid.UUID("5b0c0c3e-6f0e-4b5e-9f0e-7f2b6d1c9a10")
METHODS = ("get", "post", "put", "patch", "delete")
#: After a sign-in or a refresh the tokens are kept, so that all other requests carry them.
KEEP_TOKENS = [
    "const answer = pm.response.json();",
    'if (answer.access) { pm.collectionVariables.set("access", answer.access); }',
    'if (answer.refresh) { pm.collectionVariables.set("refresh", answer.refresh); }',
]
EXAMPLES = {"slug": "clube-da-leitura", "username": "ana", "isbn": "9780850515039", "id": "1"}


class Command(BaseCommand):
    """Write the collection; the same schema gives the same file."""

    help = "Write a Postman collection made from the OpenAPI document."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file to write."""
        parser.add_argument("--file", default="docs/postman.json")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        """Make and write the collection."""
        path = Path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(collection(document()), indent=2, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
        self.stdout.write(f"Wrote {path}.")


def collection(schema: dict[str, Any]) -> dict[str, Any]:
    """The Postman collection of an OpenAPI document, one folder for each tag."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                item = _request(path, method, operation, schema)
                folders.setdefault(operation["tags"][0], []).append(item)
    return {
        "info": {
            "name": schema["info"]["title"],
            "_postman_id": str(uuid.uuid5(NAMESPACE, "collection")),
            "description": schema["info"].get("description", ""),
            "schema": FORMAT,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access}}"}]},
        "variable": [
            {"key": "base", "value": "http://127.0.0.1:8000"},
            {"key": "access", "value": ""},
            {"key": "refresh", "value": ""},
        ],
        "item": [{"name": name, "item": items} for name, items in folders.items()],
    }


def _request(
    path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]
) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    segments = [
        ":" + part[1:-1] if part.startswith("{") else part for part in path.strip("/").split("/")
    ]
    slash = [""] if path.endswith("/") else []
    url: dict[str, Any] = {
        "raw": "{{base}}/" + "/".join(segments + slash),
        "host": ["{{base}}"],
        "path": segments + slash,
    }
    query = [_disabled(each) for each in parameters if each["in"] == "query"]
    variables = [
        {"key": each["name"], "value": EXAMPLES.get(each["name"], "")}
        for each in parameters
        if each["in"] == "path"
    ]
    url |= {"query": query} if query else {}
    url |= {"variable": variables} if variables else {}
    request: dict[str, Any] = {
        "method": method.upper(),
        "description": operation.get("description", ""),
        "header": [
            _disabled(each) | {"disabled": not each.get("required", False)}
            for each in parameters
            if each["in"] == "header"
        ],
        "url": url,
    }
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        request["header"].append({"key": "Content-Type", "value": "application/json"})
        example = content.get("example") or _example(content["schema"], schema)
        request["body"] = {
            "mode": "raw",
            "raw": json.dumps(example, indent=2, ensure_ascii=False),
            "options": {"raw": {"language": "json"}},
        }
    if not operation.get("security"):
        request["auth"] = {"type": "noauth"}
    item: dict[str, Any] = {
        "name": operation.get("summary") or operation["operationId"],
        "id": str(uuid.uuid5(NAMESPACE, operation["operationId"])),
        "request": request,
        "response": [],
    }
    if path.endswith(("auth/token/", "auth/token/refresh/")):
        item["event"] = [
            {"listen": "test", "script": {"type": "text/javascript", "exec": KEEP_TOKENS}}
        ]
    return item


def _disabled(parameter: dict[str, Any]) -> dict[str, Any]:
    default = parameter.get("schema", {}).get("default", "")
    return {
        "key": parameter["name"],
        "value": str(default),
        "description": parameter.get("description", ""),
        "disabled": True,
    }


def _example(part: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A small value that fits `part`: required members only, references followed."""
    if "$ref" in part:
        return _example(schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]], schema)
    if "default" in part:
        return part["default"]
    if part.get("enum"):
        return part["enum"][0]
    for choice in ("allOf", "anyOf", "oneOf"):
        if part.get(choice):
            return _example(part[choice][0], schema)
    kind = part.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        wanted = part.get("required") or list(part.get("properties", {}))[:1]
        return {name: _example(part["properties"][name], schema) for name in wanted}
    if kind == "array":
        return [_example(part["items"], schema)]
    return {"integer": part.get("minimum", 1), "number": 4.5, "boolean": False}.get(
        str(kind), "string"
    )
