"""Which readers and sessions a question may see."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db import models, transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from accounts import usernames
from accounts.population import count_readers
from bookbridge.kernel.errors import Unauthenticated
from bookbridge.kernel.text import searchable, words

if TYPE_CHECKING:
    from accounts.models import Session, User

#: Stands for oneself where a path has a username.
ME = "me"
SEARCH_TEXT_LENGTH = 160

#: What is read of session and reader for each request: what decides whether they count, and what
#: views and services ask of `request.user`. Whatever else they ask is fetched when they do.
SESSION_STATE = ("uid", "reader", "refresh_jti", "created_at", "expires_at", "revoked_at")
READER_STATE = tuple(
    f"reader__{name}"
    for name in (
        "uid",
        "username",
        "display_name",
        "email_verified_at",
        "language",
        "time_zone",
        "is_staff",
        "is_superuser",
        "suspended_at",
        "suspended_until",
        "leaves_at",
        "erased_at",
        "imported_at",
        "version",
    )
)


class ReaderQuerySet(models.QuerySet["User"]):
    """Readers by what may be known of them."""

    def visible(self) -> ReaderQuerySet:
        """Readers who have an account: everybody who has not been erased."""
        return self.filter(erased_at__isnull=True)

    def shown(self) -> ReaderQuerySet:
        """Readers whom others may see: those with an account who are not about to leave."""
        return self.visible().filter(leaves_at__isnull=True)

    def named(self, username: str, viewer: User | None) -> ReaderQuerySet:
        """The reader of a path `users/{username}/`, or none; `me` stands for the viewer.

        Raises:
            Unauthenticated: `not_authenticated`, for `me` when nobody is signed in.
        """
        if username != ME:
            # What cannot be a username is not asked for: databases refuse some characters.
            wanted = username.lower() if usernames.is_wellformed(username) else ""
            return self.shown().filter(username=wanted)
        if viewer is None:
            raise Unauthenticated()
        return self.visible().filter(pk=viewer.pk)

    def matching(self, search: str) -> ReaderQuerySet:
        """Readers whose username or display name has words starting with those searched.

        E-mail addresses are never looked at. What holds no word finds nobody.
        """
        wanted = words(search)
        found = self if wanted else self.none()
        for word in wanted:
            found = found.filter(
                models.Q(search_text__startswith=word) | models.Q(search_text__contains=f" {word}")
            )
        return found

    def by_relevance(self, search: str) -> ReaderQuerySet:
        """Best match first: the username itself, usernames that begin so, then all others."""
        wanted = search.strip().lower()
        rank = models.Case(
            models.When(username=wanted, then=0),
            models.When(username__startswith=wanted, then=1),
            default=2,
            output_field=models.IntegerField(),
        )
        return self.annotate(relevance=rank).order_by("relevance", "username")


class ReaderManager(BaseUserManager.from_queryset(ReaderQuerySet)):  # type: ignore[misc]
    """The door that `createsuperuser` uses; the API registers through `accounts.services`."""

    use_in_migrations = False

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra: Any
    ) -> User:
        """Create a reader who may enter the admin site and do everything there."""
        email = (email or "").strip().lower() or None
        reader = self.model(
            username=username.lower(),
            email=email,
            email_verified_at=timezone.now() if email else None,
            is_staff=True,
            is_superuser=True,
            **extra,
        )
        reader.search_text = searchable(reader.username, reader.display_name)[:SEARCH_TEXT_LENGTH]
        reader.set_password(password)
        with transaction.atomic():
            reader.save(using=self._db)
            count_readers([reader.pk])
        return reader

    def get_by_natural_key(self, username: str | None) -> User:
        """Find by username without regard to case."""
        return self.get(username=(username or "").lower())


class SessionQuerySet(models.QuerySet[Any]):
    """Sessions by whether they still count."""

    def live(self) -> SessionQuerySet:
        """Neither revoked nor expired."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=timezone.now())

    def of(self, reader: User) -> SessionQuerySet:
        """The reader's own that still count."""
        return self.live().filter(reader=reader)

    def marked(self, current: Session) -> SessionQuerySet:
        """With `current`: whether it is this one."""
        mark = Case(When(pk=current.pk, then=Value(True)), default=Value(False))
        return self.annotate(current=mark)

    def with_state(self) -> SessionQuerySet:
        """With reader, and of both only what each request needs."""
        return self.select_related("reader").only(*SESSION_STATE, *READER_STATE)

    def ended_by(self, moment: datetime) -> SessionQuerySet:
        """Expired or revoked at `moment` or before."""
        return self.filter(Q(expires_at__lte=moment) | Q(revoked_at__lte=moment))
