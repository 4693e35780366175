"""Mail, the outbox it leaves through, and the worker that sends it."""

from typing import Any
from urllib.parse import urlsplit

from bookbridge.environment import env
from bookbridge.settings.databases import REDIS_URL

# By default mails are printed where the worker runs; production needs a mail server.
_mail: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=10)  # for each word of the mail server

# Where readers find this installation: what mails link to. Without a name, this machine.
_port = env.str("BIND", default="").rpartition(":")[2]
_here = f"http://127.0.0.1:{_port if _port.isdigit() else 8000}"
PUBLIC_URL = env.str("PUBLIC_URL", default=_here).rstrip("/")
# Pages behind the links; `{token}` is replaced. Another front end names its own.
LINK_VERIFY_EMAIL = env.str("LINK_VERIFY_EMAIL", default=f"{PUBLIC_URL}/account/verify/#{{token}}")
LINK_PASSWORD_RESET = env.str(
    "LINK_PASSWORD_RESET", default=f"{PUBLIC_URL}/account/reset/#{{token}}"
)
LINK_EMAIL_CHANGE = env.str("LINK_EMAIL_CHANGE", default=f"{PUBLIC_URL}/account/email/#{{token}}")
LINK_RESTORE = env.str("LINK_RESTORE", default=f"{PUBLIC_URL}/account/restore/#{{token}}")

# An address needs a name behind the @; 127.0.0.1 is none.
_host = urlsplit(PUBLIC_URL).hostname or ""
_host = _host if _host.rpartition(".")[2].isalpha() else "localhost"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"BookBridge <noreply@{_host}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# What does the jobs of the outbox, by their kind.
OUTBOX_HANDLERS = {"mail": "accounts.mails.delivery.deliver"}
# A worker that says nothing for so long is taken for dead, and another does its job.
OUTBOX_LEASE_SECONDS = env.int("OUTBOX_LEASE_SECONDS", default=180)
# A worker that nobody wakes looks so often whether something is due.
OUTBOX_POLL_SECONDS = env.float("OUTBOX_POLL_SECONDS", default=10)
# While the mail server is away mails wait, for so many hours.
OUTBOX_PATIENCE_HOURS = env.float("OUTBOX_PATIENCE_HOURS", default=24)

# With a broker the worker is a process of its own (see bookbridge/celery.py), without one a
# thread beside the requests.
BROKER_URL = env.str("BROKER_URL", default=REDIS_URL)
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=2)
