"""Reading the environment: `.env` gives defaults, real environment variables win.

`load()` is called once by every door into the program (manage.py, wsgi, asgi, gunicorn.conf.py).
The tests do not call it, so that no file of one machine changes their result.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DEFAULT_SETTINGS = "bookbridge.settings.dev"


class Env(environ.Env):
    """django-environ, with two differences: an empty value counts as not given, and a bad one is
    named in the error.
    """

    def get_value(
        self,
        var: str,
        cast: Any = None,
        default: Any = environ.Env.NOTSET,
        parse_default: bool = False,
    ) -> Any:
        """Return the variable, cast; without one the default as it stands."""
        if not os.environ.get(var) and default is not self.NOTSET:
            return default
        try:
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        except (ValueError, TypeError) as error:
            raise ImproperlyConfigured(
                f"The environment variable {var} has a value that cannot be used: {error}"
            ) from error


env = Env()


def load(dotenv: Path | None = None) -> None:
    """Take what `.env` says for all variables that are not set, then choose the settings module."""
    path = dotenv or BASE_DIR / ".env"
    if path.is_file():
        Env.read_env(path)
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        os.environ["DJANGO_SETTINGS_MODULE"] = DEFAULT_SETTINGS
