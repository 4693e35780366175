"""Django's admin with the site of BookBridge in place of its own."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ModeratorAdminConfig(AdminConfig):
    """`admin.site` is `bookbridge.admin_site.ModeratorSite`."""

    default = False
    default_site = "bookbridge.admin_site.ModeratorSite"
