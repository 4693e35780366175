"""The database (SQLite or PostgreSQL) and the cache (this process or Redis), with the time limits
that keep one slow part from stopping everything.

Commands run without the limit on statements (see manage.py): a migration or an import may take
minutes, a request may not.
"""

from redis.backoff import NoBackoff
from redis.retry import Retry

from bookbridge.environment import env
from bookbridge.settings.base import BASE_DIR

_database = env.db_url("DATABASE_URL", default="sqlite:///var/bookbridge.sqlite3")
_database |= {
    "ATOMIC_REQUESTS": False,
    "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=600),
    "CONN_HEALTH_CHECKS": True,
}

if _database["ENGINE"] == "django.db.backends.sqlite3":
    if _database["NAME"] != ":memory:":
        _database["NAME"] = str(
            BASE_DIR / _database["NAME"]
        )  # sqlite:///var/x is meant from the project's folder
    _database["OPTIONS"] = {
        # Readers go on while one writes; writers queue from the start of their transaction for up
        # to 20 seconds. With deferred transactions a reader that turns writer fails at once with
        # "database is locked".
        "init_command": "PRAGMA journal_mode = WAL",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
elif _database["ENGINE"] == "django.db.backends.postgresql":
    _limits = {
        "statement_timeout": env.str("DATABASE_STATEMENT_TIMEOUT", default="5s"),
        "lock_timeout": env.str("DATABASE_LOCK_TIMEOUT", default="2s"),
        "idle_in_transaction_session_timeout": env.str("DATABASE_IDLE_TIMEOUT", default="10s"),
    }
    _database["OPTIONS"] = {
        "application_name": "bookbridge",
        "connect_timeout": 3,
        "options": " ".join(f"-c {name}={value}" for name, value in _limits.items()),
        # A server that vanished without a word is noticed after about ten seconds.
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    } | _database.get("OPTIONS", {})

DATABASES = {"default": _database}
for _each in DATABASES.values():
    if _each["ENGINE"] == "django.db.backends.postgresql":
        _each["ENGINE"] = "bookbridge.kernel.postgresql"
        # After so many executions on a connection the server keeps the plan of a hot query; 0 is
        # for a pooler that gives each transaction another connection and knows no statements.
        _each["OPTIONS"]["prepare_threshold"] = env.int("DATABASE_PREPARE_AFTER", default=5) or None

REDIS_URL = env.str("REDIS_URL", default="")

if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "bookbridge.kernel.cache.ResilientRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "bookbridge",
            "OPTIONS": {
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
                "SOCKET_CONNECT_TIMEOUT": 0.2,
                "SOCKET_TIMEOUT": 0.3,
                # One new attempt heals a connection that Redis closed; more would only make a
                # dead one slower.
                "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 1)},
            },
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "bookbridge",
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    }
