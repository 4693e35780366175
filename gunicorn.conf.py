"""The server: threads for the API, one process or several depending on what they can share.

Without Redis each process has a cache and rate limits of its own, and SQLite knows one writer at
a time: then there is one process with more threads. With PostgreSQL and Redis there are two, or
WEB_CONCURRENCY.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bookbridge import environment, serving

environment.load()

_extent = serving.extent(os.environ)

wsgi_app = serving.APPLICATION
proc_name = "bookbridge"
bind = _extent.bind

worker_class = "gthread"
workers = _extent.workers
threads = _extent.threads

# A short queue: when everything is busy, new clients hear so at once and do not wait for an
# answer nobody reads.
backlog = serving.BACKLOG[serving.GUNICORN]
keepalive = 5
timeout = 30
graceful_timeout = serving.STOP_SECONDS
# Processes are renewed now and then, not all at once. A single one is not: its cache would go
# with it.
max_requests = 20_000 if workers > 1 else 0
max_requests_jitter = 2_000 if workers > 1 else 0
worker_tmp_dir = (
    "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
)  # heartbeats never wait for a disk

# The application refuses addresses over 4 KiB with a problem; what is longer still is cut here.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# Django decides what to believe of a proxy (TRUSTED_PROXY_COUNT); the server believes nobody.
forwarded_allow_ips = ""
control_socket_disable = True

accesslog = None  # the application writes one JSON line for each request
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
