"""Reviews and likes over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.models import User
from bookbridge.kernel.compiled import Question
from bookbridge.kernel.errors import Missing
from bookbridge.kernel.operations import Operation
from bookbridge.kernel.responses import Answer
from bookbridge.kernel.shapes import Row
from bookbridge.kernel.viewsets import KernelViewSet
from clubs.books.redirects import gone
from clubs.models import Book
from reviews import services
from reviews.models import Review
from reviews.named import keys_of_filters, named_club, new_review
from reviews.querysets import ReviewQuerySet
from reviews.serializers import (
    ORDERINGS,
    BookReviewsQuery,
    ReaderReviewsQuery,
    ReviewEditInput,
    ReviewInput,
    ReviewItemQuery,
    ReviewListQuery,
)
from reviews.shapes import ReviewShape, review_shape, unlocked_review_shape

SPOILERS = (
    "A review that contains spoilers is locked: title and text are null, except for its author "
    "and with `?spoilers=show`."
)


def reviews_asked_for(*, viewer: Any, **narrowed: Any) -> ReviewQuerySet:
    """A list of reviews: what `viewer` may read of it, as they see it."""
    reviews: ReviewQuerySet = Review.objects.visible_to(viewer)
    return reviews.narrowed(**narrowed).with_view_of(viewer)


def review_asked_for(*, viewer: Any, key: Any) -> ReviewQuerySet:
    """One review that `viewer` may read, as they see it."""
    return reviews_asked_for(viewer=viewer).filter(pk=key)


def readable_review(*, viewer: Any, key: Any) -> ReviewQuerySet:
    """One review that `viewer` may read, as it is kept."""
    reviews: ReviewQuerySet = Review.objects.visible_to(viewer)
    return reviews.filter(pk=key)


def review_of_author(*, viewer: Any, key: Any) -> ReviewQuerySet:
    """One review as its author sees it, whoever else may."""
    reviews: ReviewQuerySet = Review.objects.filter(pk=key)
    return reviews.with_view_of(viewer)


def own_row(review: Review) -> Row:
    """The row of a review at hand for its author, who knows of its club and cannot like it."""
    slug = review.club.slug if review.club else None
    return review_shape.row_of(review, club_slug=slug, liked_by_me=False)


class ReviewsView(KernelViewSet):
    """What the views of reviews share."""

    tag = "reviews"
    viewer: Any  # nobody in public operations alone

    def review(self, review_id: int) -> Review:
        """One review that the viewer may read, or 404."""
        asked = Question(readable_review, viewer=self.viewer, key=review_id)
        review: Review | None = asked.first()
        if review is None:
            raise Missing()
        return review

    def shape(self) -> ReviewShape:
        """Reviews with their spoilers locked or open, as was asked."""
        wanted = self.query().get("spoilers") == "show"
        return unlocked_review_shape if wanted else review_shape

    def reviews_page(self, **of: int) -> Answer:
        """One page of the reviews that the viewer may read, narrowed by the query and `of`."""
        narrowed = keys_of_filters(self.query(), self.viewer) | of
        # The reviews of a book have an index in each order, as long as nothing else narrows them.
        ask = Question.by_index if narrowed.keys() == {"book"} else Question
        found = ask(reviews_asked_for, viewer=self.viewer, **narrowed)
        return self.page(found, self.shape(), ORDERINGS)


class ReviewViewSet(ReviewsView):
    """All reviews."""

    operations = {
        "list": Operation(
            "Reviews of all books",
            answer=review_shape,
            paged=True,
            query=ReviewListQuery,
            public=True,
            description=SPOILERS,
        ),
        "create": Operation(
            "Review a book",
            verified=True,
            answer=review_shape,
            status=201,
            body=ReviewInput,
            missing=True,
            forbidden=("not_a_member",),
            conflicts=("already_reviewed", "book_not_being_read", "club_archived"),
            description=(
                "One review for each book and reader. With a club it is for the readers of the "
                "club, whose list must have the book `reading` or `finished`."
            ),
            example={"book": 42, "rating": 4.5, "text": "It stays with you."},
        ),
        "retrieve": Operation(
            "One review",
            answer=review_shape,
            query=ReviewItemQuery,
            public=True,
            description=SPOILERS,
        ),
        "partial_update": Operation(
            "Edit your review",
            verified=True,
            answer=review_shape,
            body=ReviewEditInput,
            forbidden=("not_a_member", "not_your_review"),
            conflicts=("book_not_being_read", "club_archived"),
            if_match=True,
            example={"rating": 5},
        ),
        "destroy": Operation("Delete your review", forbidden=("not_your_review",), if_match=True),
    }

    def list(self, request: Request) -> Answer:
        """Every review that the viewer may read."""
        return self.reviews_page()

    def create(self, request: Request) -> Answer:
        """Publish a review."""
        data = new_review(request.data, self.viewer, self.body)
        review = services.publish_review(**data, by=self.viewer)
        where = services.review_address(review.pk)
        return self.at_hand(own_row(review), review_shape, location=where)

    def retrieve(self, request: Request, id: int) -> Answer:
        """One review."""
        found = Question(review_asked_for, viewer=self.viewer, key=id)
        return self.one(found, self.shape())

    def partial_update(self, request: Request, id: int) -> Answer:
        """Edit one's own review."""
        review = self.own_review(id)
        club = named_club(request.data, self.viewer, unless=review.club_id)
        changes = self.body()
        if "club" in changes:
            changes["club"] = club
        review = services.edit_review(
            review=review, by=self.viewer, changes=changes, expected=self.expected()
        )
        if review.club_id is None:
            return self.at_hand(own_row(review), review_shape)
        # Its author may have left the club, and may not know of it any more.
        found = Question(review_of_author, viewer=self.viewer, key=review.pk)
        return self.one(found, review_shape)

    def destroy(self, request: Request, id: int) -> Answer:
        """Delete one's own review."""
        services.delete_review(review=self.own_review(id), by=self.viewer, expected=self.expected())
        return self.answer()

    def own_review(self, review_id: int) -> Review:
        """One review of the viewer: 404 for one that they may not read, 403 for another's."""
        review = self.review(review_id)
        services.require_author(review=review, by=self.viewer)
        return review


class LikeViewSet(ReviewsView):
    """One's own like of a review."""

    operations = {
        "replace": Operation("Like a review", verified=True, conflicts=("own_review",)),
        "destroy": Operation("Like a review no longer"),
    }

    def replace(self, request: Request, id: int) -> Answer:
        """Like."""
        services.like_review(review=self.review(id), by=self.viewer)
        return self.answer()

    def destroy(self, request: Request, id: int) -> Answer:
        """Like no longer."""
        services.unlike_review(review=self.review(id), by=self.viewer)
        return self.answer()


class BookReviewsViewSet(ReviewsView):
    """The reviews of one book."""

    operations = {
        "list": Operation(
            "Reviews of a book",
            answer=review_shape,
            paged=True,
            query=BookReviewsQuery,
            public=True,
            also=(308,),
            description=SPOILERS,
        ),
    }

    def list(self, request: Request, id: int) -> Answer:
        """Reviews of the book."""
        response = self.reviews_page(book=id)
        # Only a list without reviews leaves open whether there is such a book.
        if not response.data["results"] and not Book.objects.filter(pk=id).exists():
            raise gone(id, "book-reviews")
        return response


class ReaderReviewsViewSet(ReviewsView):
    """The reviews of one reader."""

    operations = {
        "list": Operation(
            "Reviews of a reader",
            answer=review_shape,
            paged=True,
            query=ReaderReviewsQuery,
            public=True,
            description=SPOILERS,
        ),
    }

    def list(self, request: Request, username: str) -> Answer:
        """Reviews by the reader, as far as the viewer may read them."""
        reader = User.objects.named(username, self.viewer).only("pk").first()
        if reader is None:
            raise Missing()
        return self.reviews_page(author=reader.pk)
