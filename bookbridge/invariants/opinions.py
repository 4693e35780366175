"""What must be true of reviews and likes besides their counts."""

from __future__ import annotations

from django.db.models import F, Q

from bookbridge.invariants.checks import query_check
from reviews.models import Like, Review

CHECKS = [
    query_check(
        "review_rating_in_half_stars",
        "a rating is 1 to 10 half stars",
        lambda: Review.objects.filter(Q(rating__lt=1) | Q(rating__gt=10)),
        "rating",
    ),
    query_check(
        "review_html_of_text",
        "a review without text has no HTML",
        lambda: Review.objects.filter(text="").exclude(text_html=""),
    ),
    query_check(
        "like_is_of_others",
        "nobody likes their own review",
        lambda: Like.objects.filter(reader=F("review__author")),
        "review",
        "reader",
    ),
]
