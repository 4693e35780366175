"""The addresses of the statistics, below /api/v1/."""

from __future__ import annotations

from typing import Any

from django.urls import path

from stats.views import BookStatsViewSet, ClubStatsViewSet, ReaderStatsViewSet, SiteStatsViewSet

RETRIEVE: dict[str, Any] = {"get": "retrieve"}
CHART: dict[str, Any] = {"get": "chart_svg"}

urlpatterns = [
    path("stats/", SiteStatsViewSet.as_view(RETRIEVE), name="stats"),
    path("stats/clubs/<slug:slug>/", ClubStatsViewSet.as_view(RETRIEVE), name="club-stats"),
    path("stats/books/<int:id>/", BookStatsViewSet.as_view(RETRIEVE), name="book-stats"),
    path("stats/users/<slug:username>/", ReaderStatsViewSet.as_view(RETRIEVE), name="reader-stats"),
    # Charts are files by their names, without a slash at the end.
    path("stats/chart.svg", SiteStatsViewSet.as_view(CHART), name="stats-chart"),
    path(
        "stats/clubs/<slug:slug>/chart.svg",
        ClubStatsViewSet.as_view(CHART),
        name="club-stats-chart",
    ),
    path(
        "stats/books/<int:id>/chart.svg", BookStatsViewSet.as_view(CHART), name="book-stats-chart"
    ),
    path(
        "stats/users/<slug:username>/chart.svg",
        ReaderStatsViewSet.as_view(CHART),
        name="reader-stats-chart",
    ),
]
