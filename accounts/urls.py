"""Addresses of accounts, below `/api/v1/`; `jwks` is mounted at `/.well-known/jwks.json`."""

from __future__ import annotations

from django.urls import path

from accounts.auth_views import RegistrationViewSet, SignOutViewSet, TokenViewSet, jwks
from accounts.exporting.views import ExportViewSet
from accounts.leaving.views import RestoreViewSet
from accounts.moderation.views import NoticeViewSet, SuspensionViewSet
from accounts.reader_views import MeViewSet, ReaderViewSet
from accounts.security.views import OwnSecurityViewSet

__all__ = ["jwks", "urlpatterns"]

urlpatterns = [
    # Accounts and tokens
    path("auth/register/", RegistrationViewSet.as_view({"post": "create"}), name="register"),
    path("auth/token/", TokenViewSet.as_view({"post": "sign_in"}), name="token"),
    path("auth/token/refresh/", TokenViewSet.as_view({"post": "refresh"}), name="token-refresh"),
    path("auth/token/verify/", TokenViewSet.as_view({"post": "verify"}), name="token-verify"),
    path("auth/logout/", SignOutViewSet.as_view({"post": "sign_out"}), name="logout"),
    # Readers
    path("users/", ReaderViewSet.as_view({"get": "list"}), name="readers"),
    path(
        "users/me/",
        MeViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="me",
    ),
    path("users/me/restore/", RestoreViewSet.as_view({"post": "restore"}), name="me-restore"),
    path("users/me/export/", ExportViewSet.as_view({"get": "retrieve"}), name="me-export"),
    path("users/me/security/", OwnSecurityViewSet.as_view({"get": "list"}), name="me-security"),
    path(
        "users/me/notices/<int:id>/",
        NoticeViewSet.as_view({"delete": "destroy"}),
        name="notice",
    ),
    path("users/<str:username>/", ReaderViewSet.as_view({"get": "retrieve"}), name="reader"),
    # Site moderators
    path(
        "users/<str:username>/suspend/",
        SuspensionViewSet.as_view({"post": "suspend"}),
        name="reader-suspend",
    ),
    path(
        "users/<str:username>/reinstate/",
        SuspensionViewSet.as_view({"post": "reinstate"}),
        name="reader-reinstate",
    ),
]
