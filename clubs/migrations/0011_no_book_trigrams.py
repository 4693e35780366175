"""The trigrams of whole books are not looked in any more: similar words are, which are fewer.

Every rating of a book wrote to this index too, since rows that change move.
"""

from django.db import migrations


def drop(apps, schema_editor):
    """Without stopping readers and writers."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX CONCURRENTLY IF EXISTS clubs_book_trigrams")


def make(apps, schema_editor):
    """As 0002 made it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS clubs_book_trigrams ON clubs_book "
            "USING gin (search_text gin_trgm_ops)"
        )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clubs", "0010_search_words")]

    operations = [migrations.RunPython(drop, make)]
