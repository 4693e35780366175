"""Moves of a club counted, and indexes for figures that are read without the rows."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def count_all(apps: Any, schema_editor: Any) -> None:
    """Count what is here. Moves that an older release makes meanwhile: `manage.py recount`."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clubs_club SET moves_count = c.n FROM ("
            "SELECT e.club_id, count(*) AS n FROM clubs_entrymove m "
            "JOIN clubs_listentry e ON e.id = m.entry_id GROUP BY e.club_id"
            ") c WHERE c.club_id = clubs_club.id"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("clubs", "0007_club_trigrams"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="entrymove", name="entry_move_dated"),
        migrations.RemoveIndex(model_name="listentry", name="entry_by_finishing_day"),
        migrations.AddField(
            model_name="club",
            name="moves_count",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="entrymove",
            name="entry",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="moves",
                to="clubs.listentry",
            ),
        ),
        migrations.AddIndex(
            model_name="entrymove",
            index=models.Index(fields=["entry", "moved_at"], name="entry_move_of_entry"),
        ),
        migrations.AddIndex(
            model_name="listentry",
            index=models.Index(
                condition=models.Q(("finished_on__isnull", False)),
                fields=["finished_on", "club"],
                name="entry_finished_in_club",
            ),
        ),
        migrations.AddIndex(
            model_name="club",
            index=models.Index(
                condition=models.Q(("visibility", "public")),
                fields=["id", "archived_at"],
                name="club_public",
            ),
        ),
        migrations.RunPython(count_all, migrations.RunPython.noop, elidable=True),
    ]
