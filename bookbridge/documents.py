"""The OpenAPI document and its two readers, Swagger UI and Redoc, from files shipped here."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from bookbridge.kernel.problems import problem_response

#: What the readers need beyond the pages' own policy: both write style elements.
DOCUMENT_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "worker-src": ["'self'", "blob:"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
}
YAML, JSON = "application/yaml", "application/json"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; the same for everybody, so it is made once in a process.

    It is in English, whatever the language of the request that happens to come first.
    """
    with translation.override("en"):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@cache
def rendered(media_type: str) -> bytes:
    """The document as bytes of `media_type`."""
    renderer = OpenApiJsonRenderer() if media_type == JSON else OpenApiYamlRenderer()
    body = renderer.render(document(), renderer_context={})
    return body if isinstance(body, bytes) else body.encode()


class SchemaView(View):
    """`GET /api/schema/`: JSON, or YAML by `Accept` or `?format=yaml`."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """The document in the form asked for."""
        wanted = request.GET.get("format")
        if wanted not in (None, "json", "yaml") or set(request.GET) - {"format"}:
            detail = _("The only parameter is format: json or yaml.")
            return problem_response(request, 400, "invalid_parameter", detail)
        if wanted is None:
            accepted = request.get_preferred_type([JSON, YAML, "application/vnd.oai.openapi"])
            wanted = "json" if accepted in (JSON, None) else "yaml"
        media_type = JSON if wanted == "json" else YAML
        response = HttpResponse(rendered(media_type), content_type=media_type)
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Accept",))
        return response


@method_decorator(require_safe, name="dispatch")
class DocumentPage(View):
    """A page that shows the document; subclasses name the template."""

    template: str

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, under a policy that fits its reader."""
        response = TemplateResponse(request, self.template)
        response.csp = DOCUMENT_CSP  # type: ignore[attr-defined]
        return response


class Icon(RedirectView):
    """`GET /favicon.ico`: where browsers look for the icon that pages do not name."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        """The address of the icon among the static files."""
        return static("bookbridge/icon.svg")


class SwaggerView(DocumentPage):
    """`GET /api/docs/`: Swagger UI."""

    template = "documents/swagger.html"


class RedocView(DocumentPage):
    """`GET /api/redoc/`: Redoc."""

    template = "documents/redoc.html"
