"""For the test suite: the same code, fixed keys, a fast password hash, and nothing from `.env` or
the internet.

DATABASE_URL and REDIS_URL of the environment choose what the suite runs on: SQLite in memory and
the cache of the process, or PostgreSQL and Redis.
"""

import base64
import hashlib
import os
from urllib.parse import urlsplit

os.environ.setdefault(
    "DATABASE_STATEMENT_TIMEOUT", "30s"
)  # a loaded test machine is slow, not broken
os.environ.setdefault("DATABASE_LOCK_TIMEOUT", "10s")
os.environ.setdefault("DATABASE_IDLE_TIMEOUT", "60s")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from bookbridge.settings.api import *
from bookbridge.settings.base import *
from bookbridge.settings.databases import *
from bookbridge.settings.logging import *
from bookbridge.settings.mail import *
from bookbridge.settings.security import *

SECRET_KEY = "only-for-tests-" + "x" * 50
JWT_SIGNING_KEYS = [
    base64.urlsafe_b64encode(hashlib.sha256(name).digest()).rstrip(b"=").decode()
    for name in (b"test key that signs", b"test key that is only accepted")
]
JWT_KEYRING_SECONDS = 0  # tests that are about keys in the database ask for them
SEALING_KEYS = [base64.urlsafe_b64encode(hashlib.sha256(b"test key that seals").digest()).decode()]
RETIRED_NAME_KEYS = ["test key of retired names"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
RATE_LIMIT_FACTOR = 1000
OPENLIBRARY_URL = ""
ERASURE_LEDGER = ""  # tests that are about it name a file of their own
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_AUTOREFRESH = False
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns where there is none

if REDIS_URL:
    # Parallel test processes must not empty each other's cache: the first takes the database that
    # was named, the next ones those after it.
    _redis = urlsplit(REDIS_URL)
    _number = int(_redis.path.strip("/") or 0)
    _number += int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    CACHES["default"]["LOCATION"] = _redis._replace(path=f"/{_number}").geturl()
    # A loaded test machine is slow, not broken: tests about a Redis that is say so themselves.
    CACHES["default"].setdefault("OPTIONS", {}).update(
        {"SOCKET_CONNECT_TIMEOUT": 20, "SOCKET_TIMEOUT": 20}
    )
