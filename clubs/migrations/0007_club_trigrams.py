"""Trigrams of clubs, for parts of their names; none of whole books any more.

Typing errors in the search for books are looked up among words (0006), which are fewer. Every
rating of a book wrote to the index over whole books too, since rows that change move.
"""

from django.db import migrations

POSTGRESQL = [
    "DROP INDEX CONCURRENTLY IF EXISTS clubs_book_trigrams",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS clubs_club_trigrams ON clubs_club "
    "USING gin (search_text gin_trgm_ops)",
]
POSTGRESQL_BACK = [
    "DROP INDEX CONCURRENTLY IF EXISTS clubs_club_trigrams",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS clubs_book_trigrams ON clubs_book "
    "USING gin (search_text gin_trgm_ops)",
]


def on_postgresql(statements):
    """The part of the migration that runs these, without stopping readers and writers."""

    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clubs", "0006_search_words")]

    operations = [
        migrations.RunPython(on_postgresql(POSTGRESQL), on_postgresql(POSTGRESQL_BACK)),
    ]
