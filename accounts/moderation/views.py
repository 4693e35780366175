"""Suspending and reinstating readers over HTTP, and dismissing what one was told."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts import services
from accounts.models import MODERATOR, User
from accounts.moderation.notices import dismiss_notice
from accounts.moderation.scoping import SiteRoleViewSet
from accounts.serializers import ReasonInput, SuspendInput
from accounts.shapes import suspension_shape
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet


class SuspensionViewSet(SiteRoleViewSet):
    """Shutting readers out, for site moderators."""

    operations = {
        "suspend": Operation(
            "Suspend a reader",
            answer=suspension_shape,
            body=SuspendInput,
            role=MODERATOR,
            missing=True,
            forbidden=("moderators_only", "role_too_low"),
            conflicts=("own_account",),
            description=(
                "Their tokens stop working at once: 401 `account_suspended` with `until` and "
                "`reason`. Site staff is suspended by admins. Suspending again replaces reason "
                "and end."
            ),
            example={"reason": "Advertising in reviews.", "until": "2027-01-01T00:00:00Z"},
        ),
        "reinstate": Operation(
            "End a suspension",
            answer=suspension_shape,
            body=ReasonInput,
            role=MODERATOR,
            missing=True,
            forbidden=("moderators_only", "role_too_low"),
            conflicts=("own_account",),
            description="Without a suspension nothing changes.",
        ),
    }
    tag = "moderation"

    def suspend(self, request: Request, username: str) -> Answer:
        """Suspend."""
        reader = self._reader(username)
        services.suspend_reader(reader=reader, by=self.viewer, **self.body())
        return self._suspension(reader)

    def reinstate(self, request: Request, username: str) -> Answer:
        """Reinstate."""
        reader = self._reader(username)
        services.reinstate_reader(reader=reader, by=self.viewer, **self.body())
        return self._suspension(reader)

    def _reader(self, username: str) -> User:
        reader: User | None = User.objects.named(username, self.viewer).first()
        if reader is None:
            raise Missing()
        return reader

    def _suspension(self, reader: User) -> Answer:
        return self.one(User.objects.filter(pk=reader.pk), suspension_shape)


class NoticeViewSet(KernelViewSet):
    """What the moderators told oneself; the list is part of `users/me/`."""

    viewer: Any
    operations = {
        "destroy": Operation(
            "Dismiss a notice",
            missing=True,
            description="The notice leaves `notices` of `users/me/`.",
        ),
    }
    tag = "users"

    def destroy(self, request: Request, id: int) -> Answer:
        """Dismiss."""
        dismiss_notice(notice_id=id, by=self.viewer)
        return self.answer()
