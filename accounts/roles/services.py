"""Giving and withdrawing site roles: the same for the API, the admin and commands."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import mail, sessions
from accounts.models import ADMIN, SITE_ROLES, User
from accounts.moderation.services import lock_account
from accounts.security.records import record_event
from accounts.site_roles import RANK, rank_of
from bookbridge.kernel.errors import DomainError, InvalidInput, Missing, NotAllowed
from bookbridge.kernel.transactions import transactional


@transactional
def set_roles(*, reader: User, roles: Iterable[str], by: User | None = None) -> None:
    """Give a reader exactly these site roles; who has any may enter the admin site.

    What is withdrawn is gone with the next request, and the reader's sessions of the admin site
    end. Access tokens that are out tell other services the roles of their minting until they
    expire.

    Arguments:
        by: the admin who decides; None for a command of the operators, which may leave the site
            without admins and sends no mail.

    Raises:
        InvalidInput: `invalid_choice` for a role that there is not.
        Missing: the reader has left, or came with a data set and never signs in.
        NotAllowed: `admins_only`, `by` is no admin (any more).
        DomainError: `last_admin`, nobody would be left who can give roles.
    """
    wanted = set(roles)
    if unknown := wanted.difference(SITE_ROLES):
        message = _("There is no such role: {role}").format(role=min(unknown))
        raise InvalidInput([("/roles", "invalid_choice", message)])
    groups = _locked_groups()
    locked = lock_account(reader)
    if locked.imported_at is not None:
        raise Missing()
    if by is not None:
        _require_admin(by)
    before = set(locked.site_roles())
    if by is not None and ADMIN in before - wanted and not _another_admin(locked):
        raise DomainError(_("Nobody else is admin. Make somebody else admin first."), "last_admin")
    locked.groups.remove(*(groups[name] for name in SITE_ROLES if name not in wanted))
    locked.groups.add(*(groups[name] for name in SITE_ROLES if name in wanted))
    reader.is_staff = locked.is_staff = bool(wanted) or locked.is_superuser
    locked.save(update_fields=["is_staff", "updated_at"])
    if before == wanted:
        return
    if before - wanted:
        sessions.end_admin_sessions(reader)
    by_id = by.pk if by else None
    record_event(
        "roles_changed",
        reader_id=reader.pk,
        by_id=by_id,
        roles=sorted(wanted),
        before=sorted(before),
    )
    if by is not None:
        mail.send("roles_changed", reader=locked, context={"roles": sorted(wanted)})


def _locked_groups() -> dict[str, Group]:
    """The groups of the site roles, locked: changes of roles happen one after the other."""
    for name in SITE_ROLES:
        Group.objects.get_or_create(name=name)
    locked = Group.objects.select_for_update(no_key=True).filter(name__in=SITE_ROLES)
    return {group.name: group for group in locked.order_by("pk")}


def _require_admin(by: User) -> None:
    """Under the lock: the one who decides may have lost the role a moment ago."""
    current = User.objects.visible().filter(pk=by.pk).first()
    if current is None or rank_of(current) < RANK[ADMIN]:
        raise NotAllowed(_("Only site admins may do this."), "admins_only")


def _another_admin(reader: User) -> bool:
    """Whether somebody besides `reader` can give roles, or `reader` keeps being able to."""
    if reader.is_superuser:
        return True
    now = timezone.now()
    shut_out = Q(suspended_at__isnull=False) & (
        Q(suspended_until__isnull=True) | Q(suspended_until__gt=now)
    )
    others = User.objects.shown().filter(imported_at__isnull=True).exclude(pk=reader.pk)
    admins = others.filter(Q(is_superuser=True) | Q(groups__name=ADMIN))
    return admins.exclude(shut_out).exists()
