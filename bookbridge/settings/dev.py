"""The default: one machine, SQLite and the cache of the process unless DATABASE_URL and REDIS_URL
say otherwise.
"""

from django.core.exceptions import ImproperlyConfigured

from bookbridge.environment import env
from bookbridge.settings.api import *
from bookbridge.settings.base import *
from bookbridge.settings.databases import *
from bookbridge.settings.logging import *
from bookbridge.settings.mail import *
from bookbridge.settings.security import *

if not (SECRET_KEY and JWT_SIGNING_KEYS and SEALING_KEYS and RETIRED_NAME_KEYS):
    raise ImproperlyConfigured(
        "DJANGO_SECRET_KEY, JWT_SIGNING_KEYS, SEALING_KEYS and RETIRED_NAME_KEYS are not all set: "
        "`make setup` writes them to .env."
    )

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
