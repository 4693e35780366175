"""Reviews by month, kept; and the index for the clubs in which most happened lately."""

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
    month = MONTHS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO reviews_reviewmonth ("of", month, number) '  # noqa: S608
            f"SELECT r.book_id, {month}, count(*) FROM reviews_review r "
            "JOIN accounts_user a ON a.id = r.author_id "
            "LEFT JOIN clubs_club c ON c.id = r.club_id "
            "WHERE r.hidden_at IS NULL AND a.erased_at IS NULL AND NOT r.undated "
            "AND (r.club_id IS NULL OR c.visibility = 'public') GROUP BY 1, 2"
        )
        cursor.execute(
            'INSERT INTO reviews_reviewmonth ("of", month, number) '
            'SELECT -("of" % 16) - 1, month, sum(number) FROM reviews_reviewmonth GROUP BY 1, 2'
        )


class Migration(migrations.Migration):
    dependencies = [
        ("clubs", "0004_hidden_and_merged"),
        ("reviews", "0004_lists_of_moderators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("of", models.BigIntegerField()),
                ("month", models.DateField()),
                ("number", models.IntegerField(default=0)),
            ],
        ),
        migrations.AddConstraint(
            model_name="reviewmonth",
            constraint=models.UniqueConstraint(fields=("of", "month"), name="review_month_once"),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("club__isnull", False), ("hidden_at__isnull", True)),
                fields=["created_at", "club"],
                name="review_in_clubs_dated",
            ),
        ),
        migrations.RunPython(count_all, migrations.RunPython.noop, elidable=True),
    ]
