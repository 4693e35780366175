"""Addresses of clubs and membership, below `/api/v1/`."""

from __future__ import annotations

from typing import Any

from django.urls import path

from clubs.membership.invitation_views import (
    InvitationLinkViewSet,
    InvitationViewSet,
    ReaderClubsViewSet,
    ReceivedInvitationViewSet,
)
from clubs.membership.member_views import (
    BanViewSet,
    MembershipViewSet,
    MemberViewSet,
    RequestViewSet,
)
from clubs.membership.views import ClubsViewSet, ClubViewSet

detail: Any = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
ban: Any = {"put": "ban", "delete": "destroy"}

urlpatterns = [
    # Clubs
    path("clubs/", ClubsViewSet.as_view({"get": "list", "post": "create"}), name="clubs"),
    path("clubs/<slug:slug>/", ClubViewSet.as_view(detail), name="club"),
    path(
        "clubs/<slug:slug>/archive/", ClubViewSet.as_view({"post": "archive"}), name="club-archive"
    ),
    path(
        "clubs/<slug:slug>/restore/", ClubViewSet.as_view({"post": "restore"}), name="club-restore"
    ),
    # One's own way in and out
    path("clubs/<slug:slug>/join/", MembershipViewSet.as_view({"post": "join"}), name="club-join"),
    path(
        "clubs/<slug:slug>/leave/", MembershipViewSet.as_view({"post": "leave"}), name="club-leave"
    ),
    # Members
    path("clubs/<slug:slug>/members/", MemberViewSet.as_view({"get": "list"}), name="club-members"),
    path(
        "clubs/<slug:slug>/members/<str:username>/",
        MemberViewSet.as_view(detail),
        name="club-member",
    ),
    # Bans
    path("clubs/<slug:slug>/bans/", BanViewSet.as_view({"get": "list"}), name="club-bans"),
    path("clubs/<slug:slug>/bans/<str:username>/", BanViewSet.as_view(ban), name="club-ban"),
    # Requests
    path(
        "clubs/<slug:slug>/requests/",
        RequestViewSet.as_view({"get": "list"}),
        name="club-requests",
    ),
    path(
        "clubs/<slug:slug>/requests/<str:username>/approve/",
        RequestViewSet.as_view({"post": "approve"}),
        name="club-request-approve",
    ),
    path(
        "clubs/<slug:slug>/requests/<str:username>/decline/",
        RequestViewSet.as_view({"post": "decline"}),
        name="club-request-decline",
    ),
    # Invitations
    path(
        "clubs/<slug:slug>/invitations/",
        InvitationViewSet.as_view({"get": "list", "post": "create"}),
        name="club-invitations",
    ),
    path(
        "clubs/<slug:slug>/invitations/<int:id>/",
        InvitationViewSet.as_view({"delete": "destroy"}),
        name="club-invitation",
    ),
    path(
        "invitations/<str:token>/",
        InvitationLinkViewSet.as_view({"get": "look", "post": "accept"}),
        name="invitation",
    ),
    # Readers and their clubs; the literal path first
    path(
        "users/me/invitations/",
        ReceivedInvitationViewSet.as_view({"get": "list"}),
        name="my-invitations",
    ),
    path(
        "users/<str:username>/clubs/",
        ReaderClubsViewSet.as_view({"get": "list"}),
        name="reader-clubs",
    ),
]
