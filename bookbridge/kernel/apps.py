"""Application configuration."""

from django.apps import AppConfig

from bookbridge.kernel import request_signals


class KernelConfig(AppConfig):
    """The kernel: errors, limits, idempotency, logging, and what else all apps share."""

    name = "bookbridge.kernel"
    label = "kernel"
    verbose_name = "kernel"

    def ready(self) -> None:
        """Spare each request what it has no use for."""
        request_signals.spare()
