"""Registration, sign-in and what follows from it: `auth/*`, and the public keys."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from accounts import keys, services, sessions, tokens
from accounts.authentication import authenticated
from accounts.languages import language_of_client
from accounts.models import Session, User
from accounts.serializers import (
    NothingSerializer,
    RefreshInput,
    RegisterInput,
    SignInInput,
    SignOutInput,
    TokenPairSerializer,
    VerifyInput,
)
from accounts.shapes import account_shape
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.errors import Unauthenticated
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet


class RegistrationViewSet(KernelViewSet):
    """New accounts. A token in the header is not looked at."""

    operations = {
        "create": Operation(
            "Register",
            answer=account_shape,
            status=201,
            body=RegisterInput,
            public=True,
            conflicts=("username_taken", "email_taken"),
            description=(
                "Without `language` the account speaks that of `Accept-Language`. Where addresses "
                "are verified, `email_verified` is false until the mailed link was opened, and "
                "the answer is the same for an address that is somebody's already."
            ),
            example={
                "username": "ana",
                "email": "ana@example.org",
                "password": "correct horse battery",
            },
        )
    }
    authentication_classes = ()
    no_store, idempotent, conditional = True, False, False

    def create(self, request: Request) -> Answer:
        """Register."""
        data = self.body()
        data.setdefault("language", language_of_client())
        reader = services.register(**data)
        location = reverse("reader", kwargs={"username": reader.username})
        return self.one(User.objects.filter(pk=reader.pk), account_shape, location=location)


class TokenViewSet(KernelViewSet):
    """Tokens: bought with a password or with a refresh token, and looked at."""

    operations = {
        "sign_in": Operation(
            "Sign in",
            answer=TokenPairSerializer,
            body=SignInInput,
            public=True,
            also=(401,),
            description=(
                "Send `password` and exactly one of `login`, `username` and `email`. "
                "401: `invalid_credentials`, `account_suspended`, and `second_factor_required` "
                "with a `challenge` for `auth/token/second-factor/`. After 10 failures in 5 "
                "minutes (for the account or from the address) 429."
            ),
            example={"login": "ana", "password": "correct horse battery"},
        ),
        "refresh": Operation(
            "Exchange a refresh token for a new pair",
            answer=TokenPairSerializer,
            body=RefreshInput,
            public=True,
            also=(401,),
            description=(
                "A refresh token is good once: using it again ends the whole session. "
                "401: `invalid_token`, `token_expired`, `session_ended`, `account_suspended`."
            ),
        ),
        "verify": Operation(
            "Check whether a token is good now",
            answer=NothingSerializer,
            body=VerifyInput,
            public=True,
            also=(401,),
            description="An access, refresh or personal token; 401 also after sign-out.",
        ),
    }
    authentication_classes = ()
    no_store, idempotent, conditional = True, False, False
    tag = "auth"

    def sign_in(self, request: Request) -> Answer:
        """Open a session."""
        session = services.sign_in(
            **self.body(),
            user_agent=request.headers.get("User-Agent", ""),
            address=client_address(request),
        )
        return self.answer(tokens.issue_pair(session.reader, session))

    def refresh(self, request: Request) -> Answer:
        """Carry a session on."""
        token = tokens.read_refresh_token(self.body()["refresh"])
        session = sessions.rotate(token=token)
        return self.answer(tokens.issue_pair(session.reader, session))

    def verify(self, request: Request) -> Answer:
        """Say whether a token is good."""
        _check(self.body()["token"])
        return self.answer({})


class SignOutViewSet(KernelViewSet):
    """The end of a session."""

    operations = {
        "sign_out": Operation(
            "Sign out",
            body=SignOutInput,
            while_leaving=True,
            description=(
                "Ends the session of the access token at once. With `refresh` the session of that "
                "token as well, if it is one of your own; a token that is over is no error."
            ),
        )
    }
    no_store, idempotent, conditional = True, False, False
    tag = "auth"

    def sign_out(self, request: Request) -> Answer:
        """End the session."""
        token: tokens.AccessToken = request.auth  # type: ignore[assignment]
        others = _session_of_refresh(self.body().get("refresh"), token.reader_uid)
        services.sign_out(session=token.session, others=others)
        return self.answer()


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """The public keys, with which any service can check access tokens (RFC 7517)."""
    response = JsonResponse(keys.key_set(), content_type="application/jwk-set+json")
    response["Cache-Control"] = f"public, max-age={keys.KEY_SET_MAX_AGE}"
    return response


def _check(text: str) -> None:
    try:
        authenticated(f"Bearer {text}")
    except Unauthenticated as error:
        if error.code != "invalid_token":
            raise
        sessions.check_refresh(token=tokens.read_refresh_token(text))


def _session_of_refresh(text: str | None, reader_uid: Any) -> list[Session]:
    """The session of a refresh token that is still good, if it belongs to the reader."""
    if text is None:
        return []
    try:
        session = sessions.session_behind(tokens.read_refresh_token(text))
    except Unauthenticated:
        return []
    return [session] if session.reader.uid == reader_uid else []
