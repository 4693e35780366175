"""Application configuration."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """The kernel: errors, limits, idempotency, logging, and what else all apps share."""

    name = "bookbridge.kernel"
    label = "kernel"
    verbose_name = "kernel"
