"""Addresses of reviews, below `/api/v1/`."""

from __future__ import annotations

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

from reviews.views import (
    BookReviewsViewSet,
    LikeViewSet,
    ReaderReviewsViewSet,
    ReviewViewSet,
)

urlpatterns: list[URLPattern | URLResolver] = [
    # Reviews
    path("reviews/", ReviewViewSet.as_view({"get": "list", "post": "create"}), name="reviews"),
    path(
        "reviews/<int:id>/",
        ReviewViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="review",
    ),
    path(
        "reviews/<int:id>/like/",
        LikeViewSet.as_view({"put": "replace", "delete": "destroy"}),
        name="review-like",
    ),
    # The same reviews, by book and by reader
    path(
        "books/<int:id>/reviews/",
        BookReviewsViewSet.as_view({"get": "list"}),
        name="book-reviews",
    ),
    path(
        "users/<str:username>/reviews/",
        ReaderReviewsViewSet.as_view({"get": "list"}),
        name="reader-reviews",
    ),
    # What readers report, and what site moderators do about it
    path("", include("reviews.reports.urls")),
    path("", include("reviews.moderation.urls")),
]
