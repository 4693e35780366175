"""Trigrams of readers, so that the search for parts of names does not go through all of them."""

from django.db import migrations

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS accounts_user_trigrams ON accounts_user "
    "USING gin (search_text gin_trgm_ops)",
]
POSTGRESQL_BACK = ["DROP INDEX CONCURRENTLY IF EXISTS accounts_user_trigrams"]


def on_postgresql(statements):
    """The part of the migration that runs these, without stopping readers and writers."""

    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0010_leaving")]

    operations = [
        migrations.RunPython(on_postgresql(POSTGRESQL), on_postgresql(POSTGRESQL_BACK)),
    ]
