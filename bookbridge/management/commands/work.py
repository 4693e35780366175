"""Does what waits in the outbox: sends mails, above all."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bookbridge.kernel.outbox.loop import Loop
from bookbridge.kernel.outbox.working import drain, work


class Command(BaseCommand):
    """`manage.py work [--once]`"""

    help = (
        "Do what waits in the outbox, until it is stopped. For installations that start their "
        "processes themselves and have no broker; any number may run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work; a signal to stop lets the job under way end."""
        loop = Loop("outbox", work)
        before = {
            number: signal.signal(number, lambda *_given: loop.end())
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            if options["once"]:
                self.stdout.write(f"{drain(stopping=loop.stopping)} jobs were tried.")
            else:
                loop.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
