"""Addresses of reading lists, below `/api/v1/`."""

from __future__ import annotations

from django.urls import path

from clubs.reading.views import EntryViewSet, OrderViewSet, SupportViewSet

BOOKS = "clubs/<slug:slug>/books/"

urlpatterns = [
    # The list
    path(BOOKS, EntryViewSet.as_view({"get": "list", "post": "create"}), name="club-books"),
    # Its order
    path(
        f"{BOOKS}order/",
        OrderViewSet.as_view({"get": "retrieve", "put": "replace"}),
        name="club-books-order",
    ),
    # One entry
    path(
        f"{BOOKS}<int:id>/",
        EntryViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="club-book",
    ),
    path(
        f"{BOOKS}<int:id>/support/",
        SupportViewSet.as_view({"put": "replace", "delete": "destroy"}),
        name="club-book-support",
    ),
]
