"""Let PostgreSQL itself refuse changes of the moderation record."""

from django.db import migrations

FINAL = """
CREATE FUNCTION accounts_record_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the moderation record is only ever added to' USING ERRCODE = '23001';
END $$;
CREATE TRIGGER moderation_record_is_final
    BEFORE UPDATE OR DELETE ON accounts_moderationrecord
    FOR EACH ROW EXECUTE FUNCTION accounts_record_is_final();
"""
NOT_FINAL = """
DROP TRIGGER moderation_record_is_final ON accounts_moderationrecord;
DROP FUNCTION accounts_record_is_final();
"""


def on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statements)

    return run


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_moderation")]

    operations = [migrations.RunPython(on_postgresql(FINAL), on_postgresql(NOT_FINAL))]
