"""An index that counts the readers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_reader_trigrams")]

    operations = [
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("erased_at__isnull", True)),
                fields=["erased_at"],
                name="reader_visible",
            ),
        ),
    ]
