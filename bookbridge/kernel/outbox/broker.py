"""Whether the broker took the last message of this process; there may be none at all."""

from __future__ import annotations

import threading

#: Set by whoever publishes, asked by the health check.
away = threading.Event()
