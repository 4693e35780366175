"""What Django does at the beginning and the end of each request, without what is of no use here.

Connections are looked after at the end alone: there they are closed when they failed or grew old,
and before their next use they are looked at anyway (see `postgresql`). Caches keep their
connections, no request changes the table of addresses, and queries are noted in DEBUG alone.
"""

from __future__ import annotations

from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries


def spare() -> None:
    """Disconnect what does nothing here; once, when the program begins."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_caches)
    request_finished.disconnect(reset_urlconf)
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)
