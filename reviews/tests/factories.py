"""Reviews and likes for tests; the aggregates of their books and the counts are right."""

from __future__ import annotations

from typing import Any

import factory
from django.db.models import F
from django.utils import timezone

from accounts.tests.factories import UserFactory
from bookbridge.kernel.markdown import render
from clubs.books.tests.factories import BookFactory
from reviews.counting import count_in
from reviews.models import Like, Review
from reviews.querysets import counts


class ReviewFactory(factory.django.DjangoModelFactory):
    """A public review of four stars; `rating` is in half stars.

    `ReviewFactory(club=club, spoilers=True)`; a `created_at` in the past is kept.
    """

    class Meta:
        model = Review

    class Params:
        spoilers = factory.Trait(contains_spoilers=True)
        hidden = factory.Trait(hidden_at=factory.LazyFunction(timezone.now))

    book = factory.SubFactory(BookFactory)
    author = factory.SubFactory(UserFactory)
    rating = 8
    title = "A title"
    text = "It *stays* with you."
    text_html = factory.LazyAttribute(lambda review: render(review.text))
    language = "en"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        created_at = kwargs.pop("created_at", None)
        review = super()._create(model_class, *args, **kwargs)
        if created_at is not None:
            Review.objects.filter(pk=review.pk).update(created_at=created_at)
            review.created_at = created_at
        if counts(review):
            count_in(review)
        return review


class LikeFactory(factory.django.DjangoModelFactory):
    """One reader likes one review."""

    class Meta:
        model = Like

    review = factory.SubFactory(ReviewFactory)
    reader = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        like = super()._create(model_class, *args, **kwargs)
        Review.objects.filter(pk=like.review_id).update(likes_count=F("likes_count") + 1)
        return like
