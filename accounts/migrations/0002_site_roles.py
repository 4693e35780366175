"""Create the groups that stand for the site roles."""

from django.db import migrations

SITE_ROLES = ("moderator", "admin")


def create_groups(apps, schema_editor):
    """Make the groups; rights in the admin site are given to them elsewhere."""
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    for name in SITE_ROLES:
        groups.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    # The groups stay when the migration is undone: readers may be in them.
    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]
