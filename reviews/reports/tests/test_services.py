"""What is kept of reports, for how long, and what is left when somebody leaves."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import privacy
from accounts.models import KeptText, Notice
from accounts.moderation.records import forget_kept_texts
from accounts.tests.factories import UserFactory
from reviews.models import Report
from reviews.reports import services
from reviews.reports.tests.factories import report_of
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db


def test_kept_words_are_forgotten_after_ninety_days() -> None:
    judge = UserFactory(moderator=True)
    report = report_of("review", ReviewFactory(text="Words.").pk)
    soon, late = (timezone.now() + timedelta(days=days) for days in (89, 91))
    assert forget_kept_texts(now=soon) == 0
    KeptText.objects.update(created_at=timezone.now() - timedelta(days=91))
    assert services.open_report(report=report, by=judge) is None
    assert forget_kept_texts(now=late) == 1
    report.refresh_from_db()
    assert (report.kept, report.status) == (None, "open")


def test_who_leaves_takes_their_words_along_and_the_reports_stay() -> None:
    ana, bea = UserFactory(username="ana"), UserFactory(username="bea")
    about_ana = report_of("review", ReviewFactory(author=ana, text="By Ana.").pk, by=bea)
    by_ana = report_of("reader", "bea", by=ana)
    exported = json.dumps(privacy.export(ana))
    assert "By Ana." in exported
    assert "Look at it." in exported
    privacy.erase(ana)
    about_ana.refresh_from_db()
    by_ana.refresh_from_db()
    assert about_ana.kept is None
    assert by_ana.comment == ""
    assert by_ana.kept.content["username"] == "bea"
    assert not Notice.objects.filter(reader=ana).exists()
    services.dismiss_report(report=about_ana, by=UserFactory(moderator=True), reason="Gone.")
    assert not Notice.objects.filter(reader=ana).exists()
    assert Report.objects.count() == 2
