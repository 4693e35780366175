"""A moment at which somebody leaves, a security record that is final, keyed digests of names."""

from django.db import migrations, models

from accounts.usernames import keyed

FINAL = """
CREATE FUNCTION accounts_security_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the security record is only ever added to' USING ERRCODE = '23001';
END $$;
CREATE TRIGGER security_record_is_final
    BEFORE UPDATE OR DELETE ON accounts_securityevent
    FOR EACH ROW EXECUTE FUNCTION accounts_security_is_final();
"""
NOT_FINAL = """
DROP TRIGGER security_record_is_final ON accounts_securityevent;
DROP FUNCTION accounts_security_is_final();
"""


def on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statements)

    return run


def key_the_digests(apps, schema_editor):
    """The names are gone, but a digest can be put under a key as it is."""
    retired = apps.get_model("accounts", "RetiredUsername")
    rows = list(retired.objects.order_by("pk"))
    for row in rows:
        row.digest = keyed(row.digest)
    retired.objects.bulk_update(rows, ["digest"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_second_factor_and_personal_tokens")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="leaves_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(leaves_at__isnull=False),
                fields=["leaves_at"],
                name="reader_leaving",
            ),
        ),
        migrations.AlterModelOptions(
            name="securityevent",
            options={"ordering": ["-id"], "verbose_name": "security record"},
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["kind", "-id"], name="security_event_of_kind"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["created_at"], name="security_event_by_time"),
        ),
        migrations.RunPython(on_postgresql(FINAL), on_postgresql(NOT_FINAL)),
        # A digest cannot be taken from under its key again: going back leaves them as they are.
        migrations.RunPython(key_the_digests, migrations.RunPython.noop),
    ]
