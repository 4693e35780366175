"""Application configuration."""

from django.apps import AppConfig


class ClubsConfig(AppConfig):
    """The `clubs` application."""

    name = "clubs"
