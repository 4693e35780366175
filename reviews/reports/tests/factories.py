"""Reports for tests, made through the service so that the words are kept."""

from __future__ import annotations

from typing import Any

from accounts.tests.factories import UserFactory
from reviews.reports.models import Report
from reviews.reports.services import file_report
from reviews.reports.targets import named_target


def report_of(kind: str, name: Any, *, by: Any = None, reason: str = "spam") -> Report:
    """A report by `by` (or somebody new) of what the API calls `name`."""
    reader = by or UserFactory()
    target = named_target({"target": {"kind": kind, "id": name}}, reader)
    assert target is not None
    return file_report(by=reader, target=target, reason=reason, comment="Look at it.")
