"""A merge while others write about both books."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from bookbridge.invariants.counts import wrong_months
from clubs.books.tests.factories import BookFactory
from clubs.reading.tests.race import race
from reviews.models import Review
from reviews.moderation.merging import merge_books
from reviews.services import recount_books
from reviews.tests.factories import ReviewFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_reviews_written_during_a_merge_are_lost_nowhere(api: Any) -> None:
    judge, book, into = UserFactory(moderator=True), BookFactory(), BookFactory()
    for _ in range(5):
        ReviewFactory(book=book)
    writers = [api(UserFactory()) for _ in range(8)]
    answers = race(
        lambda: merge_books(book_id=book.pk, into_id=into.pk, by=judge),
        *(
            lambda c=c, n=n: c.post("reviews/", {"book": (book, into)[n % 2].pk, "rating": 4})
            for n, c in enumerate(writers)
        ),
    )
    assert not isinstance(answers[0], Exception)
    made = sum(answer.status_code == 201 for answer in answers[1:])
    assert {answer.status_code for answer in answers[1:]} <= {201, 404}
    assert Review.objects.filter(book=into).count() == Review.objects.count() == 5 + made
    assert recount_books() == []
    assert list(wrong_months()) == []
