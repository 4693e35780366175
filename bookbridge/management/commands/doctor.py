"""Says what is wrong with this installation, and what to do."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from bookbridge.doctor.asking import findings


class Command(BaseCommand):
    """`manage.py doctor [--json]`"""

    help = (
        "Look at settings, database, migrations, cache, keys, clock, disk and static files. "
        "Changes nothing; exit code 1 when there is a problem."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--json", action="store_true", help="a JSON list of all findings")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each finding, and one more for what to do."""
        found = list(findings())
        problems = [finding for finding in found if finding.is_problem]
        if options["json"]:
            listed = [{"problem": finding.is_problem, **asdict(finding)} for finding in found]
            self.stdout.write(json.dumps(listed, ensure_ascii=False, indent=1))
        else:
            for finding in found:
                word = "PROBLEM" if finding.is_problem else "OK     "
                style = self.style.ERROR if finding.is_problem else self.style.SUCCESS
                self.stdout.write(f"{style(word)} {finding.area}: {finding.text}")
                if finding.is_problem:
                    self.stdout.write(f"        -> {finding.advice}")
            self.stdout.write(f"{len(problems)} problems." if problems else "All is well.")
        if problems:
            sys.exit(1)
