"""The database (SQLite or PostgreSQL, with read replicas and behind a pooler if so wished) and the
cache (this process or Redis), with the time limits that keep one slow part from stopping all.

Commands run without the limit on statements (see manage.py): a migration or an import may take
minutes, a request may not.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from bookbridge.environment import env
from bookbridge.settings.base import BASE_DIR

# `transaction` when PgBouncer stands between BookBridge and PostgreSQL (docs/operations.md).
DATABASE_POOLER = env.str("DATABASE_POOLER", default="")
if DATABASE_POOLER not in ("", "transaction"):
    raise ImproperlyConfigured("DATABASE_POOLER is empty or `transaction`.")
# Commands go past it: they take longer than it allows, and lock for longer than a transaction.
_direct = env.bool("DATABASE_DIRECT", default=False) and bool(DATABASE_POOLER)
if _direct and not env.str("DATABASE_DIRECT_URL", default=""):
    raise ImproperlyConfigured("DATABASE_POOLER needs DATABASE_DIRECT_URL, for commands.")
DATABASE_POOLED = bool(DATABASE_POOLER) and not _direct
#: What PostgreSQL is told on connecting; through a pooler it must be told by the pooler.
DATABASE_LIMITS = {
    "statement_timeout": env.str("DATABASE_STATEMENT_TIMEOUT", default="5s"),
    "lock_timeout": env.str("DATABASE_LOCK_TIMEOUT", default="2s"),
    "idle_in_transaction_session_timeout": env.str("DATABASE_IDLE_TIMEOUT", default="10s"),
}
#: Of statements that are prepared the plan is kept: those that have one good plan, and no others
#: (bookbridge/kernel/compiled.py). Nothing is compiled to machine code: that takes 80 ms and more,
#: begins where many rows are expected, and hardly any statement of a request runs so long.
_PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan", "jit": "off"}


def _persistent(database: dict[str, Any]) -> dict[str, Any]:
    return database | {
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
    }


#: The backend of Django, and what is made of it; see `bookbridge/kernel/postgresql`.
_OF_DJANGO, POSTGRESQL = "django.db.backends.postgresql", "bookbridge.kernel.postgresql"


def _postgresql(database: dict[str, Any], **limits: str) -> dict[str, Any]:
    """The connection of `database`, with the time limits and `limits` besides."""
    database["ENGINE"] = POSTGRESQL
    options: dict[str, Any] = {
        "application_name": "bookbridge",
        "connect_timeout": 3,
        # A server that vanished without a word is noticed after about ten seconds.
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        # After so many executions on a connection the server keeps the plan of a hot query.
        "prepare_threshold": env.int("DATABASE_PREPARE_AFTER", default=5) or None,
    }
    if DATABASE_POOLED:
        # A transaction may run on any connection of the pooler: nothing may be left on one.
        # PgBouncer refuses the start-up parameter `options`, and prepared statements of
        # clients are lost on it before its release 1.21.
        database["DISABLE_SERVER_SIDE_CURSORS"] = True
        return database | {
            "OPTIONS": options | database.get("OPTIONS", {}) | {"prepare_threshold": None}
        }
    settings = DATABASE_LIMITS | _PLANNED_ONCE | limits
    told = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return database | {"OPTIONS": options | {"options": told} | database.get("OPTIONS", {})}


_database = _persistent(
    env.db_url(
        "DATABASE_DIRECT_URL" if _direct else "DATABASE_URL",
        default="sqlite:///var/bookbridge.sqlite3",
    )
)

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
elif _database["ENGINE"] == _OF_DJANGO:
    _database = _postgresql(_database)

DATABASES = {"default": _database}

# Copies of the database that PostgreSQL keeps by streaming replication; lists, details and
# statistics are read there (bookbridge/kernel/replicas.py).
DATABASE_REPLICAS: list[str] = []
for _url in env.list("DATABASE_REPLICA_URLS", default=[]):
    _replica = env.db_url_config(_url)
    if not (DATABASES["default"]["ENGINE"] == POSTGRESQL and _replica["ENGINE"] == _OF_DJANGO):
        raise ImproperlyConfigured("DATABASE_REPLICA_URLS needs PostgreSQL, here and there.")
    _alias = f"replica_{len(DATABASE_REPLICAS) + 1}"
    DATABASES[_alias] = _postgresql(_persistent(_replica), default_transaction_read_only="on")
    # Whoever may not be there must not be waited for: the primary answers instead. Its health is
    # looked at when it is asked how far it is.
    DATABASES[_alias]["OPTIONS"]["connect_timeout"] = 2
    DATABASES[_alias]["CONN_HEALTH_CHECKS"] = False
    DATABASES[_alias]["TEST"] = {"MIRROR": "default"}
    DATABASE_REPLICAS.append(_alias)
DATABASE_ROUTERS = ["bookbridge.kernel.replicas.Router"] if DATABASE_REPLICAS else []
#: How long a request waits for a replica to catch up before it asks the primary.
DATABASE_REPLICA_WAIT_SECONDS = env.int("DATABASE_REPLICA_WAIT_MS", default=20) / 1000

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
