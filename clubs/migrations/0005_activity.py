"""Indexes for the clubs in which most happened lately, and for searches of clubs."""

from django.conf import settings
from django.db import migrations, models

TRIGRAMS = "CREATE INDEX club_search_trigrams ON clubs_club USING gin (search_text gin_trgm_ops)"


def on_postgresql(statement):
    """The part of the migration that only PostgreSQL knows."""

    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("clubs", "0004_hidden_and_merged"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="entrymove",
            index=models.Index(fields=["moved_at", "entry"], name="entry_move_dated"),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("state", "active")),
                fields=["joined_at", "club"],
                name="membership_joined_lately",
            ),
        ),
        migrations.RunPython(
            on_postgresql(TRIGRAMS), on_postgresql("DROP INDEX club_search_trigrams")
        ),
    ]
