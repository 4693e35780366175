"""Moderators and readers at the same report at the same moment."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ModerationRecord, Notice
from accounts.privacy import erase
from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import wrong_months
from clubs.reading.tests.race import race, statuses
from reviews.models import Report
from reviews.reports.tests.factories import report_of
from reviews.services import recount_books
from reviews.tests.factories import ReviewFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_of_ten_decisions_one_counts(api: Any) -> None:
    report = report_of("review", ReviewFactory().pk)
    judges = [api(UserFactory(moderator=True)) for _ in range(10)]
    path = f"moderation/reports/{report.pk}/"
    acts = [
        (lambda c=client: c.post(f"{path}uphold/", {"action": "hide", "reason": "x"}))
        if place % 2
        else (lambda c=client: c.post(f"{path}dismiss/", {"reason": "x"}))
        for place, client in enumerate(judges)
    ]
    assert statuses(race(*acts)) == [200] + [409] * 9
    report.refresh_from_db()
    decided = ModerationRecord.objects.filter(verb__in=("uphold_report", "dismiss_report"))
    hidden = ModerationRecord.objects.filter(verb="hide_review")
    assert decided.count() == 1
    assert hidden.count() == (1 if report.status == "upheld" else 0)
    assert Notice.objects.filter(reader=report.reporter).count() == 1
    assert recount_books() == []
    assert list(wrong_months()) == []


def test_of_ten_reports_by_one_reader_one_is_made(api: Any) -> None:
    review, ana = ReviewFactory(), UserFactory()
    clients = [api(ana) for _ in range(10)]
    body = {"target": {"kind": "review", "id": review.pk}, "reason": "spam"}
    answers = race(*(lambda c=c: c.post("reports/", body) for c in clients))
    assert statuses(answers) == [201] + [409] * 9
    assert Report.objects.count() == 1


def test_a_report_and_its_subjects_farewell_leave_no_words_behind(api: Any) -> None:
    for _ in range(5):
        review = ReviewFactory(text="To be forgotten.")
        body = {"target": {"kind": "review", "id": review.pk}, "reason": "spam"}
        client = api(UserFactory())
        race(lambda: client.post("reports/", body), lambda: erase(review.author))  # noqa: B023
    assert not Report.objects.filter(kept__isnull=False).exists()
