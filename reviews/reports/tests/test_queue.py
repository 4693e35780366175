"""The queue of reports: what it costs, and how it is narrowed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from clubs.membership.tests.factories import ClubFactory
from reviews.reports.tests.factories import report_of
from reviews.tests.factories import ReviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def judge() -> Any:
    return UserFactory(username="judge", moderator=True)


def test_the_queue_asks_a_fixed_number_of_questions(api: Any, judge: Any) -> None:
    client = api(judge)

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("moderation/reports/").status_code == 200
            assert client.get("moderation/log/").status_code == 200
        return len(seen)

    def some(number: int) -> None:
        for _ in range(number):
            report_of("review", ReviewFactory().pk)
            report_of("club", ClubFactory().slug)
            name = UserFactory().username
            client.post(f"users/{name}/suspend/", {"reason": "x"})
            report_of("reader", name)

    some(1)
    first = questions()
    some(6)
    assert questions() == first


def test_the_queue_is_narrowed_and_ordered(api: Any, judge: Any) -> None:
    review = ReviewFactory()
    reports = [report_of("review", review.pk) for _ in range(3)]
    api(judge).post(f"moderation/reports/{reports[0].pk}/dismiss/", {"reason": "No."})
    found = api(judge).get("moderation/reports/?status=open&ordering=created_at").json()["results"]
    assert [row["id"] for row in found] == [reports[1].pk, reports[2].pk]
    assert {row["other_reports"] for row in found} == {1}
    assert api(judge).get("moderation/reports/?status=later").status_code == 400
