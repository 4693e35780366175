"""What a new process does before its first request, so that no reader waits for it."""

from __future__ import annotations

import gc

from django.template.loader import get_template
from django.urls import reverse

#: Of the admin site: compiling them takes longer than showing a list.
TEMPLATES = (
    "admin/base.html",
    "admin/base_site.html",
    "admin/color_theme_toggle.html",
    "admin/records.html",
    "admin/change_list.html",
    "admin/change_list_object_tools.html",
    "admin/change_list_results.html",
    "admin/pagination.html",
    "admin/search_form.html",
    "admin/filter.html",
    "admin/date_hierarchy.html",
    "admin/actions.html",
    "admin/record.html",
    "admin/change_form.html",
    "admin/includes/fieldset.html",
    "admin/index.html",
    "admin/app_list.html",
)


def warm() -> None:
    """Import what the routes need, make the table of their addresses, compile templates."""
    reverse("admin:index")
    for name in TEMPLATES:
        get_template(name)


def settle() -> None:
    """Take what is there now for what stays: the collector of garbage looks through it no more.

    To look through all that a process has loaded halts its threads for 60 ms, and pages of many
    rows bring it about several times a second.
    """
    gc.collect()
    gc.freeze()
