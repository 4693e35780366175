"""Readers: search, public profiles, and oneself."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request

from accounts import services
from accounts.models import User
from accounts.serializers import ProfileInput
from accounts.shapes import own_profile_shape, profile_shape
from bookbridge.kernel.addresses import client_address
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.pagination import Orderings
from bookbridge.kernel.query import ItemQuery, SearchableListQuery
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.viewsets import KernelViewSet

ORDERINGS: Orderings = {"username": ("username",)}


class ReaderViewSet(KernelViewSet):
    """Readers as everybody may see them."""

    operations = {
        "list": Operation(
            "Search readers",
            answer=profile_shape,
            paged=True,
            query=SearchableListQuery,
            public=True,
            description="By beginnings of words of username and display name, best match first.",
        ),
        "retrieve": Operation(
            "A reader's public profile",
            answer=profile_shape,
            query=ItemQuery,
            public=True,
            missing=True,
        ),
    }
    tag = "users"

    def list(self, request: Request) -> Answer:
        """Search."""
        readers = User.objects.shown()
        search = self.query().get("search")
        if search is None:
            return self.page(readers, profile_shape, ORDERINGS)
        return self.ranked(readers.matching(search).by_relevance(search), profile_shape)

    def retrieve(self, request: Request, username: str) -> Answer:
        """One reader."""
        return self.one(User.objects.named(username, self.viewer), profile_shape)


class MeViewSet(KernelViewSet):
    """Oneself."""

    operations = {
        "retrieve": Operation(
            "Your own profile", answer=own_profile_shape, query=ItemQuery, while_leaving=True
        ),
        "partial_update": Operation(
            "Edit your profile",
            answer=own_profile_shape,
            body=ProfileInput,
            if_match=True,
            example={"display_name": "Ana", "language": "pt-br"},
        ),
        "destroy": Operation(
            "Leave BookBridge",
            if_match=True,
            session=True,
            forbidden=("reauthenticate",),
            description=(
                "Needs a sign-in younger than 5 minutes. Sessions and tokens end at once, clubs "
                "that you own are handed on, and others see nothing of you any more. After 14 days "
                "(a setting; 0 is at once) everything personal is erased for good; until then sign "
                "in and `POST users/me/restore/` to stay."
            ),
        ),
    }
    tag = "users"

    def retrieve(self, request: Request) -> Answer:
        """Show oneself."""
        return self.one(self._self(), own_profile_shape)

    def partial_update(self, request: Request) -> Answer:
        """Edit oneself."""
        changes = self.body()
        services.edit_profile(by=self._me(), changes=changes, expected=self.expected())
        return self.one(self._self(), own_profile_shape)

    def destroy(self, request: Request) -> Answer:
        """Leave."""
        services.leave(
            by=self._me(),
            session=request.auth.session,  # type: ignore[union-attr]
            expected=self.expected(),
            address=client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
        return self.answer()

    def _me(self) -> User:
        reader: User = self.request.user  # type: ignore[assignment]
        return reader

    def _self(self) -> QuerySet[User]:
        return User.objects.visible().filter(pk=self._me().pk)
