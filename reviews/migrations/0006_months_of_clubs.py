"""Reviews of clubs by month, kept, for the clubs in which most happened lately."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations, models

MONTHS = {
    "postgresql": "date_trunc('month', r.created_at AT TIME ZONE 'UTC')::date",
    "sqlite": "strftime('%Y-%m-01', r.created_at)",
}


def count_all(apps: Any, schema_editor: Any) -> None:
    """Count what is here. Reviews that an older release writes meanwhile: `manage.py recount`."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO reviews_reviewmonth ("of", month, number) '  # noqa: S608
            f"SELECT -16 - r.club_id, {MONTHS[connection.vendor]}, count(*) FROM reviews_review r "
            "JOIN accounts_user a ON a.id = r.author_id "
            "JOIN clubs_club c ON c.id = r.club_id "
            "WHERE r.hidden_at IS NULL AND a.erased_at IS NULL AND c.visibility = 'public' "
            "GROUP BY 1, 2"
        )


def forget_all(apps: Any, schema_editor: Any) -> None:
    """The release before knows of no months of clubs."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute('DELETE FROM reviews_reviewmonth WHERE "of" < -16')


class Migration(migrations.Migration):
    dependencies = [
        ("clubs", "0008_moves_counted"),
        ("reviews", "0005_months"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="reviewmonth",
            name="in_club",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(of__lt=-16, then=models.F("number")), default=models.Value(0)
                ),
                output_field=models.IntegerField(),
            ),
        ),
        migrations.AddIndex(
            model_name="reviewmonth",
            index=models.Index(
                condition=models.Q(("of__lt", -16)),
                fields=["month", "-in_club", "of"],
                name="review_month_of_clubs",
            ),
        ),
        migrations.RunPython(count_all, forget_all, elidable=True),
    ]
