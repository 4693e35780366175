"""How many readers there are, kept."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def count_all(apps: Any, schema_editor: Any) -> None:
    """Count who is here. Whom an older release registers meanwhile: `manage.py recount`."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_readercount (part, number) SELECT id % 16, count(*) "
            "FROM accounts_user WHERE erased_at IS NULL GROUP BY 1"
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_reader_visible")]

    operations = [
        migrations.CreateModel(
            name="ReaderCount",
            fields=[
                (
                    "part",
                    models.PositiveSmallIntegerField(primary_key=True, serialize=False),
                ),
                ("number", models.IntegerField()),
            ],
        ),
        migrations.RunPython(count_all, migrations.RunPython.noop, elidable=True),
    ]
