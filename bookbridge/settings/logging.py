"""Logs: one JSON object a line to standard output, and to a file that rotates when LOG_FILE names
one.
"""

from typing import Any

from bookbridge.environment import env

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOG_STREAM = env.str("LOG_STREAM", default="stdout")
LOG_FILE = env.str("LOG_FILE", default="")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "bookbridge.kernel.request_log.JSONFormatter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            # What a command prints is its answer; see manage.py.
            "stream": f"ext://sys.{LOG_STREAM}",
            "formatter": "json",
        },
    },
    "root": {"level": LOG_LEVEL, "handlers": ["console"]},
    "loggers": {
        # Replaces Django's own handlers: no mail to ADMINS, no second line for each request.
        "django": {"level": "INFO", "handlers": [], "propagate": True},
        "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
        # The request's own line already tells every answer of 400 and above; only crashes add
        # theirs.
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}

if LOG_FILE:
    LOGGING["handlers"]["file"] = {
        "class": "logging.handlers.RotatingFileHandler",
        "filename": LOG_FILE,
        "maxBytes": 10 * 1024 * 1024,
        "backupCount": 5,
        "encoding": "utf-8",
        "delay": True,
        "formatter": "json",
    }
    LOGGING["root"]["handlers"].append("file")
