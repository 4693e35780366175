"""Indexes for clubs by words that very many have, and by what their names begin with.

One index has texts with a space before them, so that one pattern finds a word wherever it stands:
a scan in place of two. Its list of what was added lately is short, since every search reads it.
An older release searches without an index until it is stopped.

Members of a club are found by two indexes that begin with the club; a third, on the club alone,
led to reading all members of a large club to find one of them.
"""

from django.db import migrations, models

POSTGRESQL = [
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS clubs_club_words ON clubs_club "
    "USING gin ((' ' || search_text) gin_trgm_ops) WITH (gin_pending_list_limit = 64)",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS clubs_club_beginnings ON clubs_club "
    "USING spgist (search_text)",
    "DROP INDEX CONCURRENTLY IF EXISTS clubs_club_trigrams",
    "DROP INDEX CONCURRENTLY IF EXISTS clubs_membership_club_id_97a3b9ae",
]
POSTGRESQL_BACK = [
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS clubs_membership_club_id_97a3b9ae "
    "ON clubs_membership (club_id)",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS clubs_club_trigrams ON clubs_club "
    "USING gin (search_text gin_trgm_ops)",
    "DROP INDEX CONCURRENTLY IF EXISTS clubs_club_beginnings",
    "DROP INDEX CONCURRENTLY IF EXISTS clubs_club_words",
]
SQLITE = ["DROP INDEX IF EXISTS clubs_membership_club_id_97a3b9ae"]
SQLITE_BACK = [
    "CREATE INDEX IF NOT EXISTS clubs_membership_club_id_97a3b9ae ON clubs_membership (club_id)"
]


def on(vendors):
    """The part of the migration that runs statements, without stopping readers and writers."""

    def run(apps, schema_editor):
        for statement in vendors[schema_editor.connection.vendor]:
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("clubs", "0010_finished_months")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunPython(
                    on({"postgresql": POSTGRESQL, "sqlite": SQLITE}),
                    on({"postgresql": POSTGRESQL_BACK, "sqlite": SQLITE_BACK}),
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="membership",
                    name="club",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="memberships",
                        to="clubs.club",
                    ),
                ),
            ],
        ),
    ]
