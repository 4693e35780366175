"""Reporting, and deciding about reports."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.moderation.models import KeptText, ModerationRecord, TargetKind, Verb
from accounts.moderation.notices import notify
from accounts.moderation.records import forget_kept_texts, keep_record, keep_text, kept_texts
from accounts.services import suspend_reader, warn_reader
from bookbridge.kernel.errors import DomainError, InvalidInput, Missing, Unauthenticated
from bookbridge.kernel.transactions import refuse_duplicate, transactional
from clubs.membership.moderation import hide_club
from clubs.models import Club
from reviews.models import Review
from reviews.moderation.hiding import hide_review
from reviews.reports.models import ACTIONS, Action, Report, ReportStatus

if TYPE_CHECKING:
    from accounts.models import User
    from reviews.reports.targets import Target


@transactional
def file_report(*, by: User, target: Target, reason: str, comment: str = "") -> Report:
    """Report something that `by` may see; its words are kept as they are now.

    Raises:
        DomainError: 409 `own_content`; `already_reported`, with `existing`.
        Missing: 404, who answers for it has left meanwhile.
        Unauthenticated: 401, the account of `by` was erased meanwhile.
    """
    about_id = target.about.pk if target.about else None
    if about_id == by.pk:
        raise DomainError(_("You cannot report what is your own."), "own_content")
    _hold_readers(by.pk, about_id)
    report = Report(
        reporter=by,
        target_kind=target.kind,
        target_id=target.key,
        about_id=about_id,
        reason=reason,
        comment=comment,
    )
    with refuse_duplicate(lambda: _already_reported(report), "report_once_per_reader"):
        report.save(force_insert=True)
    kept = keep_text(content=target.content, reader_id=about_id)
    report.kept = kept
    report.save(update_fields=["kept"])
    forget_kept_texts()
    return report


@transactional
def uphold_report(
    *, report: Report, by: User, action: str, reason: str, until: datetime | None = None
) -> Report:
    """Decide that a report is right, and do something about it.

    Arguments:
        action: `hide` what was reported; `warn` or `suspend` who answers for it.
        until: the end of a suspension; without it for good.

    Raises:
        Missing: 404, the report is gone.
        InvalidInput: 400 `only_with_suspend`, `in_the_past` for `/until`.
        DomainError: 409 `already_decided`; `action_not_possible`, with `allowed`;
            `own_content`; `own_account`.
        NotAllowed: 403 `role_too_low`, site staff is judged by admins.
    """
    if until is not None and action != Action.SUSPEND:
        message = _("Only a suspension has an end.")
        raise InvalidInput([("/until", "only_with_suspend", message)], message)
    report = _hold_open(report, by)
    _act(report, action, by=by, reason=reason, until=until)
    report.action, report.until = action, until
    _settle(report, ReportStatus.UPHELD, by=by, reason=reason)
    notify([report.reporter_id], "report_upheld", reason=reason, about=_itself(report))
    return report


@transactional
def dismiss_report(*, report: Report, by: User, reason: str) -> Report:
    """Decide that nothing is to be done about a report; both sides hear of it.

    Raises:
        Missing: 404, the report is gone.
        DomainError: 409 `already_decided`; `own_content`.
    """
    report = _hold_open(report, by)
    _settle(report, ReportStatus.DISMISSED, by=by, reason=reason)
    notify([report.reporter_id], "report_dismissed", reason=reason, about=_itself(report))
    if _is_here(report.about_id):
        notify([report.about_id], "report_about_you_dismissed", reason=reason)
    return report


@transactional
def open_report(*, report: Report, by: User) -> KeptText | None:
    """The words that were reported, for a site moderator; the first look is on the record.

    They may come from a club that the moderator could not read otherwise. None when they are
    forgotten.
    """
    opened = ModerationRecord.objects.filter(
        verb=Verb.OPEN_REPORT, target_kind=TargetKind.REPORT, target_id=report.pk, actor=by
    )
    if not opened.exists():
        keep_record(
            by=by,
            verb=Verb.OPEN_REPORT,
            target=(TargetKind.REPORT, report.pk),
            reader_id=report.about_id,
        )
    return kept_texts().filter(pk=report.kept_id or 0).first()


def actions_for(report: Report) -> tuple[str, ...]:
    """What can be done about a report as things are: who left can be neither warned nor hidden."""
    possible = ACTIONS[report.target_kind]
    if not _is_here(report.about_id):
        possible = tuple(each for each in possible if each == Action.HIDE)
    if _target_is_gone(report):
        possible = tuple(each for each in possible if each != Action.HIDE)
    return possible


def _act(report: Report, action: str, *, by: User, reason: str, until: datetime | None) -> None:
    possible = actions_for(report)
    if action not in possible:
        raise DomainError(
            _("This cannot be done about what was reported."),
            "action_not_possible",
            allowed=[str(each) for each in possible],
        )
    if action == Action.HIDE and report.target_kind == TargetKind.REVIEW:
        hide_review(review=Review(pk=report.target_id), by=by, reason=reason)
    elif action == Action.HIDE:
        hide_club(club=Club(pk=report.target_id), by=by, reason=reason)
    elif action == Action.WARN and report.about is not None:
        warn_reader(reader=report.about, by=by, reason=reason)
    elif report.about is not None:
        suspend_reader(reader=report.about, by=by, reason=reason, until=until)


def _hold_open(report: Report, by: User) -> Report:
    """The report, locked, if it still waits for a decision and `by` may be its judge."""
    rows = Report.objects.select_for_update(no_key=True, of=("self",)).select_related("about")
    held: Report | None = rows.filter(pk=report.pk).first()
    if held is None:
        raise Missing()
    if held.status != ReportStatus.OPEN:
        raise DomainError(_("This report was decided already."), "already_decided")
    if held.about_id == by.pk:
        raise DomainError(_("Nobody decides about what is their own."), "own_content")
    return held


def _settle(report: Report, status: str, *, by: User, reason: str) -> None:
    report.status, report.decided_by, report.decided_at = status, by, timezone.now()
    report.decision_reason = reason
    report.save(
        update_fields=["status", "action", "until", "decided_by", "decided_at", "decision_reason"]
    )
    upheld = status == ReportStatus.UPHELD
    keep_record(
        by=by,
        verb=Verb.UPHOLD_REPORT if upheld else Verb.DISMISS_REPORT,
        target=_itself(report),
        reader_id=report.about_id,
        reason=reason,
        before={"status": ReportStatus.OPEN},
        after={"status": status} | ({"action": report.action} if upheld else {}),
    )


def _itself(report: Report) -> tuple[str, int]:
    return TargetKind.REPORT, report.pk


def _is_here(reader_id: int | None) -> bool:
    readers = get_user_model().objects.visible()
    return reader_id is not None and readers.filter(pk=reader_id).exists()


def _target_is_gone(report: Report) -> bool:
    model = {TargetKind.REVIEW: Review, TargetKind.CLUB: Club}.get(TargetKind(report.target_kind))
    return model is not None and not model._default_manager.filter(pk=report.target_id).exists()


def _hold_readers(reporter_id: int, about_id: int | None) -> None:
    """Lock both readers, in the order of their keys: who leaves now waits, or has left."""
    rows = get_user_model().objects.visible().select_for_update(no_key=True)
    wanted = {reporter_id, about_id} - {None}
    here = set(rows.filter(pk__in=wanted).order_by("pk").values_list("pk", flat=True))
    if reporter_id not in here:
        raise Unauthenticated()
    if wanted != here:
        raise Missing()


def _already_reported(report: Report) -> DomainError:
    message = _("You have reported this already.")
    first = Report.objects.filter(
        reporter=report.reporter, target_kind=report.target_kind, target_id=report.target_id
    ).first()
    if first is None:
        return DomainError(message, "already_reported")
    existing = {"id": first.pk, "url": reverse("own-reports")}
    return DomainError(message, "already_reported", existing=existing)
