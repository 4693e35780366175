"""Site roles over HTTP, for admins."""

from __future__ import annotations

from rest_framework.request import Request

from accounts import services
from accounts.models import ADMIN, User
from accounts.moderation.scoping import SiteRoleViewSet
from accounts.roles.serializers import RolesInput, RolesSerializer
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.responses import Answer


class RolesViewSet(SiteRoleViewSet):
    """Giving and withdrawing site roles."""

    operations = {
        "update": Operation(
            "Set the site roles of a reader",
            answer=RolesSerializer,
            body=RolesInput,
            session=True,
            role=ADMIN,
            missing=True,
            forbidden=("admins_only",),
            conflicts=("last_admin",),
            description=(
                "For admins. The reader has exactly these roles from the next request on; a role "
                "that is withdrawn ends their sessions of the admin site. Access tokens that are "
                "out carry the roles of their minting to other services until they expire. The "
                "reader is told by mail."
            ),
            example={"roles": ["moderator"]},
        ),
    }
    conditional = False
    tag = "users"

    def update(self, request: Request, username: str) -> Answer:
        """Set them."""
        reader: User | None = User.objects.named(username, self.viewer).first()
        if reader is None:
            raise Missing()
        services.set_roles(reader=reader, by=self.viewer, **self.body())
        return self.answer({"username": reader.username, "roles": reader.site_roles()})
