"""What notices say, in the language of who reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import mail
from accounts.moderation.models import Notice, TargetKind
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.shapes import Json, moment

if TYPE_CHECKING:
    from accounts.models import User

#: So many are shown at once; the next ones follow when these are dismissed.
SHOWN = 50

#: Of these a mail tells too: the decision about a report, to both sides, and warnings.
#: Suspensions have a mail of their own, with their end.
MAILED = frozenset(
    {
        "report_upheld",
        "report_dismissed",
        "report_about_you_dismissed",
        "review_hidden",
        "review_shown",
        "club_hidden",
        "club_shown",
        "warned",
    }
)

MESSAGES: dict[str, str | Promise] = {
    "report_upheld": _("Your report was upheld. Thank you for it."),
    "report_dismissed": _("Your report was looked at, and nothing was done."),
    "report_about_you_dismissed": _(
        "Something of yours was reported. It was looked at, and nothing was done."
    ),
    "review_hidden": _("A review of yours was hidden by the moderators."),
    "review_shown": _("A review of yours that was hidden is shown again."),
    "club_hidden": _("A club of yours was hidden by the moderators."),
    "club_shown": _("A club of yours that was hidden is shown again."),
    "warned": _("The moderators warn you."),
    "suspended": _("Your account was suspended."),
    "reinstated": _("The suspension of your account was ended."),
    "review_set_aside": _(
        "Two entries of one book were made one. You had reviewed both: the review you edited "
        "later stays."
    ),
}


def notify(
    readers: Iterable[int | None], kind: str, *, reason: str = "", about: tuple[str, Any] = ("", "")
) -> None:
    """Leave a notice for each of `readers` (keys; None is nobody), and for some kinds a mail.

    Arguments:
        kind: one of `MESSAGES`.
        about: the kind of thing and its name in the API (`("club", "the-slug")`).
    """
    if kind not in MESSAGES:
        raise ValueError(f"there is no notice {kind!r}")
    keys = [reader_id for reader_id in readers if reader_id is not None]
    Notice.objects.bulk_create(
        (
            Notice(
                reader_id=reader_id,
                kind=kind,
                reason=reason,
                about_kind=about[0],
                about_id=str(about[1]),
            )
            for reader_id in keys
        ),
        batch_size=500,
    )
    if kind in MAILED:
        for reader_id in keys:
            mail.send_to(reader_id, "moderation_notice", {"notice": kind, "reason": reason})


def dismiss_notice(*, notice_id: int, by: User) -> None:
    """Show a notice no longer; once more does no harm.

    Raises:
        Missing: 404, there is no such notice to `by`.
    """
    own = Notice.objects.filter(pk=notice_id, reader=by)
    waiting = own.filter(dismissed_at__isnull=True)
    if not waiting.update(dismissed_at=timezone.now()) and not own.exists():
        raise Missing()


def notices_of(reader_ids: Iterable[int]) -> dict[int, list[Json]]:
    """What readers have not dismissed yet, newest first, by the reader's key."""
    found: dict[int, list[Json]] = {}
    for reader_id in reader_ids:
        waiting = Notice.objects.filter(reader=reader_id, dismissed_at__isnull=True)
        found[reader_id] = [_build(notice) for notice in waiting.order_by("-id")[:SHOWN]]
    return found


def _build(notice: Notice) -> Json:
    named = notice.about_kind in (TargetKind.CLUB, TargetKind.READER)
    about = {
        "kind": notice.about_kind,
        "id": notice.about_id if named else int(notice.about_id or 0),
    }
    return {
        "id": notice.pk,
        "kind": notice.kind,
        "message": str(MESSAGES.get(notice.kind, "")),
        "reason": notice.reason,
        "about": about if notice.about_kind else None,
        "created_at": moment(notice.created_at),
    }
