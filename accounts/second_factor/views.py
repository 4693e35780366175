"""The second factor over HTTP: `auth/totp/`, and the second step of signing in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import services as accounts
from accounts import sessions, tokens
from accounts.models import SecondFactor
from accounts.second_factor import challenges, services
from accounts.second_factor.checking import Proof
from accounts.second_factor.serializers import (
    BeginInput,
    ConfirmInput,
    ProofInput,
    RecoveryCodesSerializer,
    RedeemInput,
    SecondFactorSerializer,
    SecretSerializer,
)
from accounts.serializers import TokenPairSerializer
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.errors import InvalidInput, Unauthenticated
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.shapes import moment
from bookbridge.kernel.viewsets import KernelViewSet


class SecondFactorViewSet(KernelViewSet):
    """One's own second factor."""

    viewer: Any
    operations = {
        "retrieve": Operation(
            "Whether sign-in asks for a code", answer=SecondFactorSerializer, session=True
        ),
        "begin": Operation(
            "Begin with a second factor",
            answer=SecretSerializer,
            body=BeginInput,
            session=True,
            forbidden=("reauthenticate",),
            conflicts=("second_factor_on",),
            description=(
                "Answers a secret for an authenticator app (RFC 6238: six digits, 30 seconds), "
                "this once. It counts for nothing until it is confirmed with a first code, within "
                "an hour; beginning again replaces it. Needs a sign-in younger than 5 minutes, or "
                "the `password` (400 `wrong_password`)."
            ),
        ),
        "confirm": Operation(
            "Switch the second factor on",
            answer=RecoveryCodesSerializer,
            body=ConfirmInput,
            session=True,
            conflicts=("second_factor_on", "second_factor_not_begun"),
            description=(
                "With a first code of the app. Answers ten recovery codes, this once. Other "
                "sessions stay; a mail tells of it. 400 `invalid_code`."
            ),
            example={"code": "123456"},
        ),
        "switch_off": Operation(
            "Switch the second factor off",
            body=ProofInput,
            session=True,
            forbidden=("reauthenticate",),
            conflicts=("second_factor_off",),
            description=(
                "Needs a sign-in younger than 5 minutes and exactly one of `code` and "
                "`recovery_code`; all recovery codes end with it. 400 `invalid_code`."
            ),
            example={"code": "123456"},
        ),
    }
    no_store, idempotent, conditional = True, False, False
    tag = "auth"

    def retrieve(self, request: Request) -> Answer:
        """Show it."""
        factor = SecondFactor.objects.in_force().filter(reader=self.viewer).first()
        return self.answer(
            {
                "enabled": factor is not None,
                "enabled_at": moment(factor.confirmed_at) if factor else None,
                "recovery_codes_left": services.codes_left(factor) if factor else 0,
            }
        )

    def begin(self, request: Request) -> Answer:
        """Hand out a secret."""
        password = self.body().get("password")
        if password is None:
            sessions.require_recent(session=request.auth.session)  # type: ignore[union-attr]
        else:
            self._require_password(password)
        secret = services.begin(reader=self.viewer)
        return self.answer({"secret": secret.base32, "otpauth_uri": secret.address})

    def _require_password(self, password: str) -> None:
        """Check the password with the limits of signing in; 401 would mean: signed out."""
        try:
            accounts.recognise(
                username=self.viewer.username,
                password=password,
                address=client_address(self.request),
            )
        except Unauthenticated as error:
            if error.code != "invalid_credentials":
                raise
            message = _("This is not your password.")
            raise InvalidInput(
                [("/password", "wrong_password", message)], message, "wrong_password"
            ) from None

    def confirm(self, request: Request) -> Answer:
        """Switch it on."""
        shown = services.confirm(reader=self.viewer, code=self.body()["code"])
        return self.answer({"recovery_codes": shown})

    def switch_off(self, request: Request) -> Answer:
        """Switch it off."""
        proof = Proof(**self.body())
        sessions.require_recent(session=request.auth.session)  # type: ignore[union-attr]
        services.switch_off(reader=self.viewer, proof=proof)
        return self.answer()


class SecondStepViewSet(KernelViewSet):
    """The second step of signing in. A token in the header is not looked at."""

    operations = {
        "redeem": Operation(
            "Sign in: the second step",
            answer=TokenPairSerializer,
            body=RedeemInput,
            public=True,
            also=(401,),
            description=(
                "With the `challenge` of a 401 `second_factor_required` and exactly one of `code` "
                "and `recovery_code`. A challenge is good for 5 minutes and one success; a code "
                "is good once. 401: `invalid_challenge`, `invalid_code`, `account_suspended`. "
                "After 5 wrong codes in 5 minutes, or 50 in a day, 429."
            ),
            example={"challenge": "cmVhZGluZy1pcy1ib3Jyb3dpbmctYS1taW5k", "code": "123456"},
        )
    }
    authentication_classes = ()
    no_store, idempotent, conditional = True, False, False
    tag = "auth"

    def redeem(self, request: Request) -> Answer:
        """Open the session."""
        data = self.body()
        session = challenges.sign_in_with_code(
            challenge=data.pop("challenge"),
            proof=Proof(**data),
            user_agent=request.headers.get("User-Agent", ""),
            address=client_address(request),
        )
        return self.answer(tokens.issue_pair(session.reader, session))
