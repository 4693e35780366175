"""Forgets what has had its time."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.contrib.sessions.models import Session as AdminSession
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone
from tqdm import tqdm

from accounts.leaving.services import (
    NotAllErased,
    due,
    erase_due,
    farewells_to_forget,
    forget_farewells,
)
from accounts.links import forget_links, links_to_forget
from accounts.moderation.records import forget_kept_texts, texts_to_forget
from accounts.personal_tokens.services import tokens_to_forget
from accounts.rotation.services import forget_private_halves, private_halves_to_forget
from accounts.second_factor.challenges import expired_challenges
from accounts.second_factor.services import never_confirmed
from accounts.security.records import forget_traces, traces_to_forget
from accounts.sessions import forget_ended_sessions, sessions_to_forget
from bookbridge.kernel import counters, idempotency
from bookbridge.kernel.outbox import services as outbox

#: So many rows in one transaction.
AT_ONCE = 1_000


class Command(BaseCommand):
    """`manage.py tidy [--dry-run]`"""

    help = (
        "Delete what has had its time: idempotency keys and limit counters, texts and traces "
        "kept for 90 days, sessions and personal tokens that ended 30 days ago, sessions of "
        "the admin, links in mails, unconfirmed second factors, unanswered challenges, private "
        "halves of signing keys that are over, jobs done 7 or parked 90 days ago; erase readers "
        "whose days of grace are over. Safe at any time; once a day is enough."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--dry-run", action="store_true", help="count only, delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each kind."""
        kinds: list[tuple[str, Callable[[], QuerySet[Any]], Callable[[], int]]] = [
            ("idempotency keys", idempotency.expired, all_of(idempotency.purge_expired)),
            ("limit counters", counters.expired, all_of(counters.purge_expired)),
            ("kept texts", texts_to_forget, forget_kept_texts),
            ("secret links", links_to_forget, all_of(forget_links)),
            ("outbox jobs", outbox.past, all_of(outbox.purge_past)),
            ("sessions", sessions_to_forget, forget_ended_sessions),
            ("private halves of signing keys", private_halves_to_forget, forget_private_halves),
            ("personal tokens", tokens_to_forget, in_batches(tokens_to_forget)),
            ("unconfirmed second factors", never_confirmed, in_batches(never_confirmed)),
            ("unanswered challenges", expired_challenges, in_batches(expired_challenges)),
            ("traces of the security record", traces_to_forget, forget_traces),
            ("sessions of the admin", admin_sessions_to_forget, forget_admin_sessions),
            ("last mails", farewells_to_forget, forget_farewells),
            ("readers who leave", due, self.erase),
        ]
        for name, past, forget in kinds:
            if options["dry_run"]:
                self.stdout.write(f"{name}: {past().count()} to remove")
            else:
                self.stdout.write(f"{name}: {forget()} removed")

    def erase(self) -> int:
        """Erase whose days of grace are over, with progress."""
        with tqdm(total=due().count(), unit=" readers", disable=None) as bar:
            try:
                return erase_due(tick=bar.update)
            except NotAllErased as error:
                raise CommandError(f"{error}; the log says why. Run tidy again.") from error


def admin_sessions_to_forget() -> QuerySet[Any]:
    """Sessions of the admin site that expired."""
    return AdminSession.objects.filter(expire_date__lte=timezone.now())


def forget_admin_sessions() -> int:
    """Delete sessions of the admin site that expired; gives how many."""
    return admin_sessions_to_forget().delete()[0]


def all_of(purge: Callable[..., int]) -> Callable[[], int]:
    """Purge in batches until nothing is left that nobody else is working on."""

    def forget() -> int:
        removed = 0
        while some := purge(at_most=AT_ONCE):
            removed += some
        return removed

    return forget


def in_batches(past: Callable[[], QuerySet[Any]]) -> Callable[[], int]:
    """Delete what `past` finds, so many rows in one short transaction."""

    def forget() -> int:
        removed = 0
        while keys := list(past().order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
            removed += past().filter(pk__in=keys).delete()[0]
        return removed

    return forget
