"""The one base of all views: the order of checks, and the ways to answer.

The order is that of the HTTP contract: 405, 406, 413 and 415; 401; 429; what the view locates
(404 of the club); 401 and 403; then the handler: 404 of nested things, 400, 428 and 412, 409.
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from bookbridge.kernel import conditional, idempotency, limits
from bookbridge.kernel.answers import Answers
from bookbridge.kernel.conditional import Versions
from bookbridge.kernel.headers import Made, made, put, put_missing, vary
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.parsing import BodyTooLarge, MergePatchParser, StrictJSONParser
from bookbridge.kernel.query import NoQuery
from bookbridge.kernel.replicas import reading
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.scopes import require_scopes
from bookbridge.kernel.serializers import InputSerializer, NoInput
from bookbridge.kernel.standing import require_staying, require_verified

if TYPE_CHECKING:
    from rest_framework.renderers import BaseRenderer

WITH_BODY = ("POST", "PUT", "PATCH")


class KernelRequest(Request):
    """A request whose plain members are members: the framework's looks for each one twice."""

    method = property(attrgetter("_request.method"))
    META = property(attrgetter("_request.META"))
    headers = property(attrgetter("_request.headers"))
    path = property(attrgetter("_request.path"))
    encoding = property(attrgetter("_request.encoding"))


class KernelViewSet(Answers):
    """Base of all views.

    Attributes:
        operations: the operations by name of the handler method.
        no_store: answers carry secrets and must be kept nowhere.
        idempotent: whether POST heeds `Idempotency-Key`.
        conditional: whether GET answers carry an ETag.
        site_staff: whether the roles in the table are site roles.
    """

    operations: ClassVar[dict[str, Operation]] = {}
    no_store: ClassVar[bool] = False
    idempotent: ClassVar[bool] = True
    conditional: ClassVar[bool] = True
    site_staff: ClassVar[bool] = False
    permission_classes = ()
    _verdict: limits.Verdict | None = None

    # -- the order of checks ------------------------------------------------------------

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer one request; every error leaves through the handler of problems."""
        self.args, self.kwargs = args, kwargs
        self.request = request = self.initialize_request(request, *args, **kwargs)
        response: Any
        try:
            handler = self._handler(request)
            self.initial(request, *args, **kwargs)
            response = self._run(handler)
        except Exception as error:  # every error has one way out
            response = self.handle_exception(error)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """The request as views see it, and the action that it asks for."""
        self.action = self.action_map.get(request.method.lower(), "")
        return KernelRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def _handler(self, request: Request) -> Any:
        """The method that answers, or 405."""
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is None or not self.action or self.action not in self.operations:
            raise MethodNotAllowed(request.method or "")
        return handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that is checked before the handler runs."""
        self.format_kwarg = None
        renderer, media_type = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = renderer, media_type
        self._check_size_and_type(request)
        self.viewer = request.user if request.user.is_authenticated else None
        self._verdict = limits.take_request(request, self.viewer)
        require_staying(self.viewer, self.operation)
        self.locate()
        if self.viewer is None and not self.operation.public:
            raise NotAuthenticated()
        require_scopes(request, self.operation, site_staff=self.site_staff)
        require_verified(self.viewer, self.operation)
        self.admit()
        if request.method in WITH_BODY and self.operation.body is None:
            NoInput.read(request.data)
        if request.method not in ("GET", "HEAD"):
            self.operation_query.read(request)

    def _check_size_and_type(self, request: Request) -> None:
        if request.method not in WITH_BODY and self.operation.body is None:
            return
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.MAX_BODY_BYTES:
            raise BodyTooLarge()
        parsers = self.get_parsers()
        if length and not self.get_content_negotiator().select_parser(request, parsers):
            raise UnsupportedMediaType(request.content_type)

    def locate(self) -> None:
        """Find what the path is below (a club); raise Missing where it may not be known."""

    def admit(self) -> None:
        """Check membership and role against `operation.role`; raise NotAllowed."""

    def _run(self, handler: Any) -> Answer:
        def act() -> Answer:
            answer: Answer = handler(self.request, *self.args, **self.kwargs)
            return answer

        if self.request.method == "POST" and self.idempotent and self.viewer is not None:
            return idempotency.run_once(
                self.request, act, secret_fields=self.operation.secret_fields
            )
        if self.request.method in ("GET", "HEAD") and not self.no_store:
            return reading(act)
        return act()

    @property
    def allowed_methods(self) -> list[str]:
        """What `Allow` names; OPTIONS answers nobody but CORS, which has its own middleware."""
        return _allowed(type(self), tuple(self.action_map))  # type: ignore[arg-type]

    # -- what the request says ----------------------------------------------------------

    @property
    def operation(self) -> Operation:
        """The operation that is being answered."""
        return self.operations[self.action or ""]

    @property
    def operation_query(self) -> Any:
        """The query parameters that the operation takes."""
        return self.operation.query or NoQuery

    def get_parsers(self) -> list[BaseParser]:
        """JSON; a PATCH also as JSON Merge Patch (RFC 7396)."""
        parsers: list[BaseParser] = [StrictJSONParser()]
        if self.request is not None and self.request.method == "PATCH":
            parsers.append(MergePatchParser())
        return parsers

    def get_renderers(self) -> list[BaseRenderer]:
        """JSON, or what the operation answers in its place."""
        row = self.operations.get(self.action or "")
        return [row.renderer()] if row is not None and row.renderer else super().get_renderers()

    def query(self) -> dict[str, Any]:
        """The typed query parameters; 400 for unknown, repeated or ill-typed ones."""
        if not hasattr(self, "_query"):
            self._query: dict[str, Any] = self.operation_query.read(self.request)
        return self._query

    def body(self) -> dict[str, Any]:
        """The typed body; a PATCH holds only what was sent. 400 with pointers otherwise."""
        reader: type[InputSerializer] = self.operation.body or NoInput
        return reader.read(self.request.data, partial=self.request.method == "PATCH")

    def expected(self) -> Versions:
        """The versions that If-Match accepts; 428 where the operation requires it."""
        return conditional.expected_versions(self.request, required=self.operation.precondition)

    # -- headers ------------------------------------------------------------------------

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the headers that every answer carries, and turn an unchanged one into 304."""
        if isinstance(response, Answer):
            response.write_with(request.accepted_renderer)
            tag, reads = response.tag(), request.method in ("GET", "HEAD")
            if tag is not None and reads and conditional.is_unchanged(request, tag):
                response.become_unchanged()
            put(response, _allow(type(self), tuple(self.action_map)))  # type: ignore[arg-type]
        if (verdict := self._verdict) is not None:
            put_missing(response, made(limits.rate_headers(verdict)))
        put(response, _NOT_KEPT if self._is_secret() else _ASKED_AGAIN)
        vary(response, "Authorization", "Accept-Language")
        return response

    def _is_secret(self) -> bool:
        """Whether nobody may keep the answer."""
        return self.no_store or bool(
            self.action in self.operations and self.operation.secret_fields
        )


_NOT_KEPT = made({"Cache-Control": "no-store"})
_ASKED_AGAIN = made({"Cache-Control": "private, no-cache"})


@cache
def _allowed(kind: type[KernelViewSet], methods: tuple[str, ...]) -> list[str]:
    """The methods of a route, as they are named in its answers."""
    known = (name for name in kind.http_method_names if name in methods or hasattr(kind, name))
    return [name.upper() for name in known if name != "options"]


@cache
def _allow(kind: type[KernelViewSet], methods: tuple[str, ...]) -> Made:
    """The header that names them."""
    names = _allowed(kind, methods)  # type: ignore[arg-type]
    return made({"Allow": ", ".join(names)})
