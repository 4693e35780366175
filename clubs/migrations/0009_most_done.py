"""The index for the clubs in which most can have happened."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clubs", "0008_moves_counted")]

    operations = [
        migrations.AddIndex(
            model_name="club",
            index=models.Index(
                models.OrderBy(
                    models.F("members_count") + models.F("moves_count"), descending=True
                ),
                condition=models.Q(("archived_at__isnull", True), ("visibility", "public")),
                name="club_most_done",
            ),
        ),
    ]
