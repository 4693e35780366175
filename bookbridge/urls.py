"""The map of the program: service routes, documents, the admin, and version 1 of the API."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver
from django.views.generic import RedirectView

from accounts.urls import jwks, pages
from bookbridge.documents import Icon, RedocView, SchemaView, SwaggerView
from bookbridge.kernel.health import livez, readyz
from bookbridge.kernel.routes import by_first_word, remembered

handler400 = "bookbridge.kernel.problems.handler400"
handler403 = "bookbridge.kernel.problems.handler403"
handler404 = "bookbridge.kernel.problems.handler404"
handler500 = "bookbridge.kernel.problems.handler500"

v1: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("clubs.membership.urls")),
    path("", include("clubs.reading.urls")),
    path("", include("clubs.books.urls")),
    path("", include("reviews.urls")),
    path("", include("stats.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    remembered("api/v1/", by_first_word(v1)),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", SwaggerView.as_view(), name="docs"),
    path("api/redoc/", RedocView.as_view(), name="redoc"),
    path(".well-known/jwks.json", jwks, name="jwks"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("account/", include(pages)),
    path("favicon.ico", Icon.as_view(), name="icon"),
    path("", RedirectView.as_view(pattern_name="docs"), name="home"),
]
