"""For all tests: on which database and cache they run, which were left out because of that or
because a program is missing, and a fresh cache.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from bookbridge.kernel import counters
from bookbridge.kernel.leases import leases

pytest_plugins = ["bookbridge.testing"]

hypothesis_settings.register_profile("default", deadline=None, derandomize=True, max_examples=50)
hypothesis_settings.register_profile("long", deadline=None, max_examples=2000, print_blob=True)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

NEEDED = {
    "postgres": "needs PostgreSQL",
    "redis": "needs Redis",
    "proxy": "needs nginx",
    "granian": "needs granian",
}


def _present() -> dict[str, bool]:
    return {
        "postgres": settings.DATABASES["default"]["ENGINE"].endswith("postgresql"),
        "redis": bool(settings.REDIS_URL),
        "proxy": shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is not None,
        "granian": importlib.util.find_spec("granian") is not None,
    }


def pytest_report_header() -> str:
    """Say what the suite runs on."""
    present = _present()
    database = "PostgreSQL" if present["postgres"] else "SQLite in memory"
    return f"BookBridge on {database}, cache: {'Redis' if present['redis'] else 'of the process'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine, database or cache cannot run; the summary names it."""
    present = _present()
    for item in items:
        for marker, reason in NEEDED.items():
            if not present[marker] and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every test that did not run, by what it needs: nothing is left out silently."""
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        if isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            left_out.setdefault(reason, []).append(report.nodeid)
    for reason, nodeids in sorted(left_out.items()):
        terminalreporter.write_line(f"NOT RUN here, {reason} ({len(nodeids)}):", yellow=True)
        for nodeid in sorted(nodeids):
            terminalreporter.write_line(f"  {nodeid}")


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """No test sees what another one counted or cached, or speaks its language."""
    cache.clear()
    counters.local_windows.clear()
    leases.clear()
    translation.activate(settings.LANGUAGE_CODE)
    yield
