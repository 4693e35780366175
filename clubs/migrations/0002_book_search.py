"""What the search for books needs of the database, for PostgreSQL and for SQLite.

Written by hand, since Django's own indexes of this kind exist on PostgreSQL alone. The texts that
are indexed carry no accents already, so the extension `unaccent` is not needed (its function could
not be used in an index anyway). Django's TrigramExtension cannot be undone on SQLite; the extension
stays when the migration is undone, as others may use it.
"""

from django.db import migrations

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX clubs_book_words ON clubs_book USING gin (to_tsvector('simple', search_text))",
    "CREATE INDEX clubs_book_trigrams ON clubs_book USING gin (search_text gin_trgm_ops)",
]
POSTGRESQL_BACK = ["DROP INDEX clubs_book_words", "DROP INDEX clubs_book_trigrams"]
SQLITE = [
    "CREATE VIRTUAL TABLE clubs_book_fts USING fts5"
    "(title, authors, rest, tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3')",
]
SQLITE_BACK = ["DROP TABLE clubs_book_fts"]


def for_vendor(**statements):
    """The part of the migration that runs the statements for the database in use."""

    def run(apps, schema_editor):
        for statement in statements.get(schema_editor.connection.vendor, ()):
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("clubs", "0001_initial")]

    operations = [
        migrations.RunPython(
            for_vendor(postgresql=POSTGRESQL, sqlite=SQLITE),
            for_vendor(postgresql=POSTGRESQL_BACK, sqlite=SQLITE_BACK),
        ),
    ]
