"""The OpenAPI 3.1 document, made from the tables of operations that the views obey."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from bookbridge.kernel.scopes import READ, needed_scopes, needs_session

if TYPE_CHECKING:
    from bookbridge.kernel.operations import Operation

JsonSchema = dict[str, Any]

BOUNDED_INTEGER = {"type": "integer", "minimum": 1}


class KernelSchema(AutoSchema):
    """Describes one operation from its row in `view.operations`."""

    view: Any

    @property
    def operation(self) -> Operation:
        """The table row of the operation being described."""
        row: Operation = self.view.operations[self.view.action]
        return row

    def get_operation_id(self) -> str:
        """The words of the path and the name of the handler: `clubs_members_list`."""
        words = [re.sub(r"[-.]", "_", token) for token in self._tokenize_path()]
        action = self.view.action
        return "_".join(words if words and words[-1] == action else [*words, action])

    def get_tags(self) -> list[str]:
        """The area of the map: the `tag` of the view, else the first word of the path."""
        tag = getattr(self.view, "tag", None)
        return [tag] if tag else self._tokenize_path()[:1]

    def get_summary(self) -> str:
        """One line."""
        return self.operation.summary

    def get_description(self) -> str:  # type: ignore[override]
        """More than a line, with the stable codes of the refusals."""
        row = self.operation
        parts = [row.description] if row.description else []
        for status, codes in ((403, row.refusals), (409, row.conflicts)):
            if codes:
                parts.append(f"{status}: " + ", ".join(f"`{code}`" for code in codes) + ".")
        if self.view.get_authenticators():
            parts.append(self._said_of_personal_tokens())
        return "\n\n".join(parts)

    def _said_of_personal_tokens(self) -> str:
        scopes = self._scopes()
        if scopes is None:
            return "Personal tokens do not open this: 403 `session_required`."
        return "A personal token needs " + " and ".join(f"`{scope}`" for scope in scopes) + "."

    def _scopes(self) -> tuple[str, ...] | None:
        """The scopes that a personal token needs; None where none will do."""
        if needs_session(self.operation, self.path):
            return None
        return needed_scopes(self.operation, self.method, site_staff=self.view.site_staff)

    def get_auth(self) -> list[Any]:
        """An access token or a personal one; optional on public operations; none where it is not
        looked at.
        """
        if not self.view.get_authenticators():
            return []
        ways: list[Any] = [{"bearer": []}]
        if scopes := self._scopes():
            ways.append({"personal_token": list(scopes)})
        return [*ways, {}] if self.operation.public else ways

    def get_override_parameters(self) -> list[Any]:
        """Query parameters and the headers that the operation heeds."""
        row = self.operation
        parameters: list[Any] = [row.query()] if row.query else []
        header: Any = OpenApiParameter.HEADER
        if self.method == "GET" and self.view.conditional:
            parameters.append(
                OpenApiParameter(
                    "If-None-Match", str, header, description="An ETag: 304 if unchanged."
                )
            )
        if row.if_match or row.precondition:
            parameters.append(
                OpenApiParameter(
                    "If-Match",
                    str,
                    header,
                    required=row.precondition,
                    description="The ETag you last read: 412 if the thing was edited since.",
                )
            )
        if self._takes_idempotency_key():
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "pattern": "^[!-~]{1,255}$"},
                    header,
                    description="Repeat a request safely: the same key gives the first answer.",
                )
            )
        return parameters

    def _takes_idempotency_key(self) -> bool:
        return self.method == "POST" and self.view.idempotent and bool(self.get_auth())

    def _resolve_path_parameters(self, variables: Any) -> list[JsonSchema]:
        parameters = super()._resolve_path_parameters(variables)
        described = getattr(self.view, "path_parameters", {})
        for parameter in parameters:
            name = parameter["name"]
            if name == "id" or parameter["schema"].get("type") == "integer":
                parameter["schema"] = dict(BOUNDED_INTEGER)
            else:
                parameter["schema"] = {"type": "string", "minLength": 1}
            if name in described:
                parameter["description"] = described[name]
        return list(parameters)

    def get_request_serializer(self) -> Any:
        """The input of the operation."""
        return self.operation.body

    def get_response_serializers(self) -> Any:
        """The answer of the operation, of one element for lists."""
        return self.operation.serializer

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Lists are described from `paged` and `listed`, not guessed."""
        return False

    def _get_request_body(self, direction: Any = "request") -> Any:
        method = self.method
        if method == "DELETE" and self.operation.body is not None:
            self.method = "POST"  # a DELETE has a body here where its row says so
        body = super()._get_request_body(direction)
        self.method = method
        if body and self.operation.example is not None:
            for content in body["content"].values():
                content["example"] = self.operation.example
        return body

    def _postprocess_serializer_schema(
        self, schema: JsonSchema, serializer: Any, direction: Any
    ) -> JsonSchema:
        described: JsonSchema = super()._postprocess_serializer_schema(
            schema, serializer, direction
        )
        if getattr(serializer, "strict", False) and direction == "request":
            described["additionalProperties"] = False
        return described

    def _get_response_bodies(self, direction: Any = "response") -> JsonSchema:
        row = self.operation
        responses: JsonSchema = {str(row.success): self._success()}
        if self.method == "GET" and self.view.conditional:
            responses["304"] = {"description": "Unchanged."}
        for status in sorted(self._error_statuses()):
            responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
        return responses

    def _error_statuses(self) -> set[int]:
        row = self.operation
        statuses = {400, 406, 414, 429, 503, *row.also}
        if self.get_auth():
            statuses.add(401)
        if row.role or row.refusals or hasattr(self.view, "card_operations"):
            statuses.add(403)
        if self.get_auth() and self._scopes() != (READ,):  # every personal token may read
            statuses.add(403)
        if row.missing or "{" in self.path:
            statuses.add(404)
        if row.conflicts or self._takes_idempotency_key():
            statuses.add(409)
        if row.if_match or row.precondition:
            statuses.add(412)
        if row.precondition:
            statuses.add(428)
        if self.method in ("POST", "PUT", "PATCH") or row.body is not None:
            statuses.update((413, 415))
        if self._takes_idempotency_key():
            statuses.add(422)
        return statuses

    def _success(self) -> JsonSchema:
        row = self.operation
        names = ["X-Request-ID", "RateLimit", "RateLimit-Policy"]
        response: JsonSchema = {"description": HTTPStatus(row.success).phrase}
        if row.serializer is not None:
            response["content"] = {"application/json": {"schema": self._answer_schema()}}
        elif row.renderer is not None:
            response["content"] = {row.renderer.media_type: {"schema": {"type": "string"}}}
        if "content" in response and self.view.conditional:
            names.append("ETag")
        if row.success == 201:
            names.append("Location")
        if self._takes_idempotency_key():
            names.append("Idempotency-Replayed")
        response["headers"] = {
            name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)
        }
        return response

    def _answer_schema(self) -> JsonSchema:
        row = self.operation
        assert row.serializer is not None  # noqa: S101  (asked by the only caller)
        serializer = row.serializer()
        component = self.resolve_serializer(serializer, "response")
        if not component:  # a serializer without fields: an empty object
            return {"type": "object", "additionalProperties": False}
        schema: JsonSchema = component.ref
        if row.query is not None and "fields" in row.query._declared_fields:
            partial = self._component(f"{component.name}Narrowed", _without_required(component))
            schema = {"anyOf": [component.ref, partial]}
        if not (row.paged or row.listed):
            return schema
        members: JsonSchema = {"results": {"type": "array", "items": schema}}
        if row.paged:
            address = {"type": ["string", "null"], "format": "uri"}
            members = {"next": address, "previous": address, **members}
        return self._component(
            f"{component.name}{'Page' if row.paged else 'List'}",
            {"type": "object", "required": list(members), "properties": members},
        )

    def _component(self, name: str, schema: JsonSchema) -> JsonSchema:
        component = ResolvedComponent(
            name=name, type=ResolvedComponent.SCHEMA, object=name, schema=schema
        )
        self.registry.register_on_missing(component)
        ref: JsonSchema = component.ref
        return ref


def _without_required(component: ResolvedComponent) -> JsonSchema:
    """The same members, none of them sure to be there: what `?fields=` leaves."""
    return {
        "type": "object",
        "description": "With `?fields=`: only the members asked for.",
        "properties": component.schema["properties"],
        "additionalProperties": False,
    }
