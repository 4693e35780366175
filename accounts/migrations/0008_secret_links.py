"""Secret links, and addresses that wait for theirs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def unverified_addresses_wait(apps, schema_editor):
    """An address that nobody has shown to be theirs is no longer unique and signs nobody in."""
    readers = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    unverified = readers.filter(email__isnull=False, email_verified_at__isnull=True)
    unverified.update(pending_email=models.F("email"), email=None)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_signing_keys_and_epoch"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="SecretLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=20)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("about", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="pending_email",
            field=models.EmailField(blank=True, max_length=254, null=True),
        ),
        # Backwards nothing is moved: what waits need not be unique.
        migrations.RunPython(unverified_addresses_wait, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("pending_email__isnull", False)),
                fields=["pending_email"],
                name="reader_pending_email",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("email__isnull", True), ("email_verified_at__isnull", False), _connector="OR"
                ),
                name="reader_email_is_verified",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at__isnull", True), ("pending_email__isnull", True), _connector="OR"
                ),
                name="reader_erased_has_no_pending_email",
            ),
        ),
        migrations.AddField(
            model_name="secretlink",
            name="reader",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="secret_links",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="secretlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reader__isnull", False), ("used_at__isnull", False), _connector="OR"
                ),
                name="secret_link_of_nobody_is_used",
            ),
        ),
    ]
