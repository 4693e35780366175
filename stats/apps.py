"""Application configuration."""

from django.apps import AppConfig


class StatsConfig(AppConfig):
    """The `stats` application; it listens to what the lower applications announce."""

    name = "stats"

    def ready(self) -> None:
        """Connect the listeners that mark cached answers as outdated."""
        from stats import signals  # noqa: F401  (connecting is the effect)
