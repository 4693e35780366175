"""Confirming an address, changing it, and new passwords: `auth/email/*`, `auth/password/*`."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts import tokens
from accounts.languages import language_of_client
from accounts.mailbox import addresses, new_passwords
from accounts.mailbox.serializers import (
    AddressInput,
    ChangeAddressInput,
    ChangePasswordInput,
    ResetPasswordInput,
    VerifyAddressInput,
)
from accounts.mailbox.shapes import address_shape
from accounts.models import User
from accounts.serializers import NothingSerializer, TokenPairSerializer
from accounts.shapes import account_shape
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet

ALWAYS = (
    "Answers 202 whatever the address is, and takes alike long. A few mails an hour go to one "
    "address; what is asked for beyond that is not sent."
)


class AuthViewSet(KernelViewSet):
    """What all views here have in common: nothing of it is kept anywhere."""

    no_store, idempotent, conditional = True, False, False
    tag = "auth"


class AddressLinkViewSet(AuthViewSet):
    """Links that confirm an address. A token in the header is not looked at."""

    operations = {
        "verify": Operation(
            "Confirm an e-mail address",
            answer=account_shape,
            body=VerifyAddressInput,
            public=True,
            conflicts=("email_taken",),
            description=(
                "With the token of the link that was mailed to the address, once. It is then the "
                "address of the account. 400 `invalid_link` for a link that is not good (any "
                "more); 409 when another account confirmed the same address first."
            ),
        ),
        "resend": Operation(
            "Mail the link that confirms an address once more",
            answer=NothingSerializer,
            status=202,
            body=AddressInput,
            public=True,
            description=ALWAYS,
            example={"email": "ana@example.org"},
        ),
    }
    authentication_classes = ()

    def verify(self, request: Request) -> Answer:
        """Confirm."""
        reader = addresses.verify(token=self.body()["token"], client=client_address(request))
        return self.one(User.objects.filter(pk=reader.pk), account_shape)

    def resend(self, request: Request) -> Answer:
        """Mail the link again."""
        addresses.resend(address=self.body()["email"], **_asker(request))
        return self.answer({})


class AddressViewSet(AuthViewSet):
    """Another address for a reader who is signed in."""

    operations = {
        "change": Operation(
            "Change your e-mail address",
            answer=address_shape,
            body=ChangeAddressInput,
            forbidden=("reauthenticate",),
            conflicts=("email_taken",),
            description=(
                "Send your password, or sign in less than 5 minutes before. Where addresses are "
                "verified, the new one counts once the link mailed to it was opened, the present "
                "one is told and stays good until then, and nobody learns here whether the new "
                "one is taken. Elsewhere it counts at once, or 409. Your present address again "
                "takes a change back that waits. 400 `wrong_password`."
            ),
            example={"email": "ana@example.net", "password": "correct horse battery"},
        ),
    }

    def change(self, request: Request) -> Answer:
        """Ask for another address."""
        data = self.body()
        reader = addresses.change(
            by=request.user,  # type: ignore[arg-type]
            session=request.auth.session,  # type: ignore[union-attr]
            address=data["email"],
            password=data.get("password"),
        )
        return self.one(User.objects.filter(pk=reader.pk), address_shape)


class PasswordLinkViewSet(AuthViewSet):
    """Links that set a new password. A token in the header is not looked at."""

    operations = {
        "reset": Operation(
            "Mail a link that sets a new password",
            answer=NothingSerializer,
            status=202,
            body=AddressInput,
            public=True,
            description=ALWAYS,
            example={"email": "ana@example.org"},
        ),
        "confirm": Operation(
            "Set a new password by a mailed link",
            body=ResetPasswordInput,
            public=True,
            description=(
                "Every session and every other link of the account ends; sign in again. "
                "400 `invalid_link` for a link that is not good (any more)."
            ),
        ),
    }
    authentication_classes = ()

    def reset(self, request: Request) -> Answer:
        """Mail a link."""
        new_passwords.ask_for_reset(address=self.body()["email"], **_asker(request))
        return self.answer({})

    def confirm(self, request: Request) -> Answer:
        """Set the new password."""
        new_passwords.reset_password(**self.body(), **_origin(request))
        return self.answer()


class PasswordViewSet(AuthViewSet):
    """Another password for a reader who is signed in."""

    operations = {
        "change": Operation(
            "Change your password",
            answer=TokenPairSerializer,
            body=ChangePasswordInput,
            description=(
                "Every session ends, this one too, and so do all links; the answer is the pair "
                "of a new one. 400 `wrong_password`; after 10 of them in 5 minutes 429."
            ),
        ),
    }

    def change(self, request: Request) -> Answer:
        """Replace the password."""
        data = self.body()
        session = new_passwords.change_password(
            by=request.user,  # type: ignore[arg-type]
            current=data["current_password"],
            new=data["new_password"],
            **_origin(request),
        )
        return self.answer(tokens.issue_pair(session.reader, session))


def _asker(request: Request) -> dict[str, str]:
    """Who asks for a mail."""
    return {"client": client_address(request), "language": language_of_client()}


def _origin(request: Request) -> dict[str, Any]:
    """Where a request comes from, as the security record keeps it."""
    return {
        "user_agent": request.headers.get("User-Agent", ""),
        "address": client_address(request),
    }
