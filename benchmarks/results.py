"""What was measured, as it is kept: a section for each command in one JSON file."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.machine import Cores
from benchmarks.services import FOLDER, ROOT, Services
from benchmarks.subjects import Subjects

FOUND = FOLDER / "results.json"
COMMITTED = ROOT / "docs" / "performance" / "results.json"


def load(path: Path = FOUND) -> dict[str, Any]:
    """All sections; none where nothing was measured yet."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def keep(section: str, found: dict[str, Any], path: Path = FOUND) -> Path:
    """Write one section; the others stay."""
    sections = load(path) | {section: found}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(sections, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def circumstances(services: Services, cores: Cores) -> dict[str, Any]:
    """Where, when and of what."""
    with services.connect("postgres") as connection:
        version = connection.execute("SHOW server_version").fetchone()
        place = connection.execute("SHOW data_directory").fetchone()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    cache: dict[str, Any] = services.cache().info("server")
    return {
        "taken": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit.stdout.strip(),
        "machine": machine.description(),
        "cores": vars(cores),
        "postgresql": str(version[0]).split()[0] if version else "",
        "storage": machine.filesystem(str(place[0])) if place else "",
        "redis": str(cache["redis_version"]),
    }


def size_of(services: Services, name: str, subjects: Subjects) -> dict[str, int]:
    """How much there is in the database."""
    tables = {
        "books": "clubs_book", "clubs": "clubs_club", "readers": "accounts_user",
        "reviews": "reviews_review",
    }  # fmt: skip
    found = {"depth": subjects.depth}
    with services.connect(name) as connection:
        for what, table in tables.items():
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            found[what] = int(str(row[0])) if row else 0
    return found
