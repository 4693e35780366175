"""What became of each row: four numbers that add up to all rows, and a file with the reasons."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

IMPORTED, MERGED, REPAIRED, REFUSED = OUTCOMES = ("imported", "merged", "repaired", "refused")
COLUMNS = ("line", "outcome", "reason", "detail", "row")
#: A spreadsheet would take a cell that begins like that for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Report:
    """Counts rows and writes the file: every refused row, every repaired one, and of the merged
    ones those that said something else than what was kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.rows = 0

    def __enter__(self) -> Report:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def count(self, outcome: str, number: int = 1) -> None:
        """Count rows with nothing special about them."""
        self.counts[outcome] += number

    def note(self, outcome: str, line: int, reason: str, detail: str = "", row: Any = "") -> None:
        """Write a line about a row, without counting it."""
        self.reasons[outcome, reason] += 1
        said = json.dumps(row, ensure_ascii=False) if isinstance(row, Sequence) and row else ""
        self._writer.writerow([line, outcome, reason, _plain(detail), _plain(said)])

    def refuse(self, line: int, reason: str, detail: str = "", row: Any = "") -> None:
        """Count a row as refused and write why."""
        self.count(REFUSED)
        self.note(REFUSED, line, reason, detail, row)

    @property
    def adds_up(self) -> bool:
        """Whether every row became something."""
        return sum(self.counts.values()) == self.rows

    def summary(self) -> list[str]:
        """The lines for whoever waits at the keyboard."""
        parts = " + ".join(f"{self.counts[name]} {name}" for name in OUTCOMES)
        lines = [f"{parts} = {self.rows} rows"]
        if not self.adds_up:
            lines = [f"{parts}, but there were {self.rows} rows"]
        for (outcome, reason), number in sorted(self.reasons.items()):
            lines.append(f"  {outcome}: {reason} {number}")
        return lines


def _plain(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value
