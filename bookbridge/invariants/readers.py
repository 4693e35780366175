"""What must be true of readers, their sessions and the names that may not come back."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower

from accounts import population, usernames
from accounts.models import SITE_ROLES, ReaderCount, RetiredUsername, Session, User
from accounts.usernames import TOMBSTONE_PREFIX
from bookbridge.invariants.checks import Check, Row, query_check, rows_of

#: Columns that may say something of a reader and are empty in a tombstone.
EMPTY_WHEN_ERASED = (
    Q(email__isnull=False)
    | Q(email_verified_at__isnull=False)
    | Q(pending_email__isnull=False)
    | Q(last_login__isnull=False)
    | Q(suspended_at__isnull=False)
    | Q(suspended_until__isnull=False)
    | Q(leaves_at__isnull=False)
    | ~Q(display_name="", bio="", search_text="", suspension_reason="")
    | ~Q(username__startswith=TOMBSTONE_PREFIX)
    | ~Q(password__startswith="!")  # noqa: S106  (no password has this hash)
    | Q(is_staff=True)
    | Q(is_superuser=True)
)

#: Tables in which nothing may refer to a reader who left, and by which columns.
GONE_WHEN_ERASED = (
    ("accounts_session", "reader_id", ""),
    ("accounts_secretlink", "reader_id", ""),
    ("accounts_user_groups", "user_id", ""),
    ("accounts_user_user_permissions", "user_id", ""),
    ("accounts_notice", "reader_id", ""),
    ("accounts_kepttext", "reader_id", ""),
    ("kernel_idempotencykey", "user_id", ""),
    ("kernel_outboxjob", "reader_id", ""),
    ("reviews_review", "author_id", ""),
    ("clubs_membership", "reader_id", "AND t.state <> 'left'"),
    ("clubs_membership", "changed_by_id", ""),
    ("clubs_invitation", "reader_id", ""),
    ("clubs_invitation", "created_by_id", ""),
    ("clubs_listentry", "proposed_by_id", ""),
    ("clubs_entrymove", "moved_by_id", ""),
    ("clubs_book", "added_by_id", ""),
    ("accounts_secondfactor", "reader_id", ""),
    ("accounts_signinchallenge", "reader_id", ""),
    ("accounts_personaltoken", "reader_id", ""),
)


def what_erased_readers_left() -> Iterator[Row]:
    """Rows that still belong to somebody who left."""
    parts = [
        f"SELECT t.id, u.id AS reader, '{table}.{column}' AS kept "  # noqa: S608
        f"FROM accounts_user u JOIN {table} t ON t.{column} = u.id "
        f"WHERE u.erased_at IS NOT NULL {condition}"
        for table, column, condition in GONE_WHEN_ERASED
    ]
    yield from rows_of(" UNION ALL ".join(parts))


def retired_names_in_use() -> Iterator[Row]:
    """Readers under a name that was retired; the database has no key to make digests with."""
    retired = set(RetiredUsername.objects.values_list("digest", flat=True))
    if not retired:
        return
    readers = User.objects.visible().order_by("pk").values_list("pk", "username")
    for key, username in readers.iterator(chunk_size=5_000):
        if not retired.isdisjoint(usernames.digests(username)):
            yield {"id": key, "username": username}


def role_without_staff() -> Q:
    """Readers with a site role who may not enter the admin site, or the other way round."""
    held = User.groups.through.objects.filter(user_id=OuterRef("pk"), group__name__in=SITE_ROLES)
    may_enter = Q(is_staff=True) | Q(is_superuser=True)
    return (Exists(held) & ~may_enter) | (~Exists(held) & Q(is_staff=True, is_superuser=False))


def wrong_population() -> Iterator[Row]:
    """Parts of the readers whose number is not a recount."""
    for part, kept, counted in population.wrong_parts():
        yield {"id": part, "kept": kept, "counted": counted}


CHECKS = [
    query_check(
        "reader_username_form",
        "usernames are 3 to 30 of a-z 0-9 _ - in lower case",
        lambda: User.objects.visible().exclude(username__regex=r"^[a-z0-9_-]{3,30}$"),
        "username",
    ),
    query_check(
        "reader_email_lower_case",
        "e-mail addresses are kept in lower case, so that they are unique without regard to it",
        lambda: User.objects.exclude(
            (Q(email__isnull=True) | Q(email=Lower("email")))
            & (Q(pending_email__isnull=True) | Q(pending_email=Lower("pending_email")))
        ),
    ),
    query_check(
        "reader_email_verified",
        "nothing is verified where there is no address",
        lambda: User.objects.filter(email__isnull=True, email_verified_at__isnull=False),
    ),
    Check(
        "retired_username_in_use",
        "the username of somebody who left is never given out again",
        User._meta.db_table,
        retired_names_in_use,
    ),
    Check(
        "readers_count",
        "the kept number of readers is that of those who have not left",
        ReaderCount._meta.db_table,
        wrong_population,
    ),
    query_check(
        "tombstone_is_erased",
        "only who left is called like a tombstone",
        lambda: User.objects.visible().filter(username__startswith=TOMBSTONE_PREFIX),
        "username",
    ),
    query_check(
        "erased_reader_is_empty",
        "of a reader who left nothing personal remains",
        lambda: User.objects.filter(EMPTY_WHEN_ERASED, erased_at__isnull=False),
    ),
    Check(
        "erased_reader_has_nothing",
        "nothing refers to a reader who left but what is structure",
        User._meta.db_table,
        what_erased_readers_left,
    ),
    query_check(
        "suspension_is_whole",
        "a suspension has its beginning, and its end comes later",
        lambda: User.objects.filter(
            Q(suspended_at__isnull=True)
            & (Q(suspended_until__isnull=False) | ~Q(suspension_reason=""))
            | Q(suspended_until__lte=F("suspended_at"))
        ),
    ),
    query_check(
        "site_role_enters_admin",
        "who has a site role may enter the admin site, and nobody else",
        lambda: User.objects.filter(role_without_staff()),
        "username",
    ),
    query_check(
        "session_revocation_is_whole",
        "a session that was revoked has its reason, one that was not has none",
        lambda: Session.objects.filter(
            Q(revoked_at__isnull=True) & ~Q(revoked_reason="")
            | Q(revoked_at__isnull=False, revoked_reason="")
        ),
    ),
    query_check(
        "session_times_in_order",
        "a session expires after it was used for the last time",
        lambda: Session.objects.filter(expires_at__lte=F("last_used_at")),
    ),
    query_check(
        "session_refresh_token_once",
        "no two sessions have the same refresh token",
        lambda: Session.objects.filter(
            Exists(
                Session.objects.filter(refresh_jti=OuterRef("refresh_jti")).exclude(
                    pk=OuterRef("pk")
                )
            )
        ),
    ),
]
