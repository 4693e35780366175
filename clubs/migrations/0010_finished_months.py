"""Books that public clubs finished by month, kept for the figures of the site."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

MONTHS = {
    "postgresql": "date_trunc('month', e.finished_on)::date",
    "sqlite": "strftime('%Y-%m-01', e.finished_on)",
}


def count_all(apps: Any, schema_editor: Any) -> None:
    """Count what is here. What an older release writes meanwhile: `manage.py recount`."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clubs_finishedmonth (part, archived, month, number) "  # noqa: S608
            f"SELECT c.id % 16, c.archived_at IS NOT NULL, {MONTHS[connection.vendor]}, count(*) "
            "FROM clubs_listentry e JOIN clubs_club c ON c.id = e.club_id "
            "WHERE e.finished_on IS NOT NULL AND c.visibility = 'public' GROUP BY 1, 2, 3"
        )


class Migration(migrations.Migration):
    dependencies = [("clubs", "0009_most_done")]

    operations = [
        migrations.CreateModel(
            name="FinishedMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("part", models.PositiveSmallIntegerField()),
                ("archived", models.BooleanField()),
                ("month", models.DateField()),
                ("number", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("part", "archived", "month"), name="finished_month_once"
                    )
                ],
            },
        ),
        migrations.RunPython(count_all, migrations.RunPython.noop, elidable=True),
    ]
