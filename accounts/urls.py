"""Addresses of accounts, below `/api/v1/`; `jwks` is mounted at `/.well-known/jwks.json`, and
`pages` are below `/account/`.
"""

from __future__ import annotations

from django.urls import path

from accounts.auth_views import RegistrationViewSet, SignOutViewSet, TokenViewSet, jwks
from accounts.exporting.views import ExportViewSet
from accounts.leaving.views import RestoreViewSet
from accounts.mailbox.pages import ChangeAddressPage, ResetPage, VerifyPage
from accounts.mailbox.views import (
    AddressLinkViewSet,
    AddressViewSet,
    PasswordLinkViewSet,
    PasswordViewSet,
)
from accounts.moderation.views import NoticeViewSet, SuspensionViewSet
from accounts.personal_tokens.views import PersonalTokenViewSet
from accounts.reader_views import MeViewSet, ReaderViewSet
from accounts.roles.views import RolesViewSet
from accounts.second_factor.views import SecondFactorViewSet, SecondStepViewSet
from accounts.security.views import OwnSecurityViewSet
from accounts.session_views import SessionViewSet

__all__ = ["jwks", "pages", "urlpatterns"]

#: Where the links of mails lead.
pages = [
    path("verify/", VerifyPage.as_view(), name="account-verify"),
    path("email/", ChangeAddressPage.as_view(), name="account-email"),
    path("reset/", ResetPage.as_view(), name="account-reset"),
]

urlpatterns = [
    # Accounts and tokens
    path("auth/register/", RegistrationViewSet.as_view({"post": "create"}), name="register"),
    path("auth/token/", TokenViewSet.as_view({"post": "sign_in"}), name="token"),
    path("auth/token/refresh/", TokenViewSet.as_view({"post": "refresh"}), name="token-refresh"),
    path("auth/token/verify/", TokenViewSet.as_view({"post": "verify"}), name="token-verify"),
    path("auth/logout/", SignOutViewSet.as_view({"post": "sign_out"}), name="logout"),
    path("auth/logout-all/", SessionViewSet.as_view({"post": "end_all"}), name="logout-all"),
    path("auth/sessions/", SessionViewSet.as_view({"get": "list"}), name="sessions"),
    path("auth/sessions/<int:id>/", SessionViewSet.as_view({"delete": "destroy"}), name="session"),
    path(
        "auth/token/second-factor/",
        SecondStepViewSet.as_view({"post": "redeem"}),
        name="token-second-factor",
    ),
    path(
        "auth/totp/",
        SecondFactorViewSet.as_view({"get": "retrieve", "post": "begin", "delete": "switch_off"}),
        name="totp",
    ),
    path(
        "auth/totp/confirm/",
        SecondFactorViewSet.as_view({"post": "confirm"}),
        name="totp-confirm",
    ),
    # Addresses and passwords
    path("auth/email/verify/", AddressLinkViewSet.as_view({"post": "verify"}), name="email-verify"),
    path("auth/email/resend/", AddressLinkViewSet.as_view({"post": "resend"}), name="email-resend"),
    path(
        "auth/email/change/",
        AddressViewSet.as_view({"post": "change"}),
        name="email-change",
    ),
    path(
        "auth/password/change/",
        PasswordViewSet.as_view({"post": "change"}),
        name="password-change",
    ),
    path(
        "auth/password/reset/",
        PasswordLinkViewSet.as_view({"post": "reset"}),
        name="password-reset",
    ),
    path(
        "auth/password/reset/confirm/",
        PasswordLinkViewSet.as_view({"post": "confirm"}),
        name="password-reset-confirm",
    ),
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
    path(
        "users/me/tokens/",
        PersonalTokenViewSet.as_view({"get": "list", "post": "create"}),
        name="personal-tokens",
    ),
    path(
        "users/me/tokens/<int:id>/",
        PersonalTokenViewSet.as_view({"delete": "destroy"}),
        name="personal-token",
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
    # Site admins
    path(
        "users/<str:username>/roles/",
        RolesViewSet.as_view({"put": "update"}),
        name="reader-roles",
    ),
]
