"""The project as a Django app, so that its commands, templates and static files are found."""

from django.apps import AppConfig


class BookBridgeConfig(AppConfig):
    """Project-wide commands live here; it has no models."""

    name = "bookbridge"
    label = "bookbridge"
    verbose_name = "BookBridge"
