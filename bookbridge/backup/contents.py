"""What is in a backup, and what is left out of it."""

from __future__ import annotations

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

#: Tables whose rows are not in a backup: they would bring sign-ins, links and old answers back.
LEFT_OUT = (
    "accounts_personaltoken",
    "accounts_secretlink",
    "accounts_session",
    "accounts_signinchallenge",
    "django_session",
    "kernel_idempotencykey",
    "kernel_outboxjob",
    "kernel_limitcounter",
)

Migrations = dict[str, list[str]]


class BackupError(Exception):
    """A backup cannot be made, is damaged, or cannot be restored here; says why and what to do."""


def tables() -> list[str]:
    """The tables of the platform, those of Django among them."""
    there = set(connection.introspection.table_names())
    models = apps.get_models(include_auto_created=True)
    wanted = {model._meta.db_table for model in models if model._meta.managed}
    return sorted((wanted & there) | ({"django_migrations"} & there))


def row_counts(*, left_out: bool = False) -> dict[str, int]:
    """How many rows each table has; 0 for those left out of a backup, unless asked for."""
    counts = {}
    with connection.cursor() as cursor:
        for table in tables():
            if table in LEFT_OUT and not left_out:
                counts[table] = 0
                continue
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            counts[table] = cursor.fetchone()[0]
    return counts


def applied_migrations() -> Migrations:
    """The migrations that the database has, by app."""
    found: Migrations = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


def unknown_migrations(migrations: Migrations) -> list[str]:
    """Those of a backup that this version of the program does not have."""
    known = set(MigrationLoader(None).disk_migrations or ())
    labels = {config.label for config in apps.get_app_configs()}
    return [
        f"{app}.{name}"
        for app, names in migrations.items()
        for name in names
        if app not in labels or (app, name) not in known
    ]


def is_empty() -> bool:
    """Whether nobody has written anything here: no readers, clubs or books."""
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in ("accounts_user", "clubs_club", "clubs_book"):
            if table in there:
                cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608
                if cursor.fetchone():
                    return False
    return True
