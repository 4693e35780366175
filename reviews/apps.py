"""Application configuration."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The `reviews` application."""

    name = "reviews"
