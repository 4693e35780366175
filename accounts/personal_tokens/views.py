"""Personal tokens over HTTP: `users/me/tokens/`."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request

from accounts.models import PersonalToken
from accounts.personal_tokens import services
from accounts.personal_tokens.serializers import NewPersonalTokenSerializer, PersonalTokenInput
from accounts.personal_tokens.shapes import personal_token_shape
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.query import ItemQuery
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet


class PersonalTokenViewSet(KernelViewSet):
    """One's own tokens for scripts."""

    viewer: Any
    operations = {
        "list": Operation(
            "Your personal tokens",
            answer=personal_token_shape,
            listed=True,
            query=ItemQuery,
            session=True,
            description="Newest first, expired ones among them; revoked ones are gone.",
        ),
        "create": Operation(
            "Make a personal token",
            answer=NewPersonalTokenSerializer,
            status=201,
            body=PersonalTokenInput,
            session=True,
            forbidden=("reauthenticate", "moderators_only"),
            conflicts=("too_many_tokens",),
            secret_fields=("token",),
            description=(
                "For scripts: send it as `Authorization: Bearer bb_...`. The `token` is shown this "
                "once. Scopes: `read`; `write`, which includes `read`; `moderate`, which includes "
                "`read` and is needed besides for what site moderators and admins do (acting needs "
                "`write` too). It must expire, within 366 days. Needs a sign-in younger than 5 "
                "minutes; a mail tells of it."
            ),
            example={
                "name": "Backup of my reviews",
                "scopes": ["read"],
                "expires_at": "2027-06-30T00:00:00Z",
            },
        ),
        "destroy": Operation(
            "Revoke a personal token",
            session=True,
            missing=True,
            description="It stops working at once.",
        ),
    }
    tag = "users"

    def list(self, request: Request) -> Answer:
        """Show them."""
        mine = PersonalToken.objects.kept().filter(reader=self.viewer)
        return self.listed(mine.order_by("-pk"), personal_token_shape)

    def create(self, request: Request) -> Answer:
        """Make one."""
        session = request.auth.session  # type: ignore[union-attr]
        token, secret = services.create_token(reader=self.viewer, session=session, **self.body())
        made = PersonalToken.objects.filter(pk=token.pk)
        data, _version = personal_token_shape.one(made, self.viewer)
        location = reverse("personal-token", kwargs={"id": token.pk})
        return self.answer({**data, "token": secret}, location=location)

    def destroy(self, request: Request, id: int) -> Answer:
        """Revoke one."""
        services.revoke_token(reader=self.viewer, token_id=id)
        return self.answer()
