"""Addresses of moderation, below `/api/v1/`."""

from __future__ import annotations

from django.urls import path

from reviews.moderation.views import BookMergeViewSet, ModerationLogViewSet

urlpatterns = [
    path("moderation/log/", ModerationLogViewSet.as_view({"get": "list"}), name="moderation-log"),
    path("books/<int:id>/merge/", BookMergeViewSet.as_view({"post": "merge"}), name="book-merge"),
]
