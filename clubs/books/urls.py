"""Addresses of the catalogue, below `/api/v1/`."""

from __future__ import annotations

from django.urls import path

from clubs.books.views import BookViewSet, IsbnViewSet, LookupViewSet

urlpatterns = [
    # The catalogue
    path("books/", BookViewSet.as_view({"get": "list", "post": "create"}), name="books"),
    path("books/lookup/", LookupViewSet.as_view({"post": "lookup"}), name="book-lookup"),
    path("books/isbn/<str:isbn>/", IsbnViewSet.as_view({"get": "retrieve"}), name="book-by-isbn"),
    path(
        "books/<int:id>/",
        BookViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="book",
    ),
]
