"""Files of rows, read as they come: compression, encoding and delimiter are found out."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

GZIP = b"\x1f\x8b"
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
ENCODINGS = ("utf-8", "latin-1")
LONGEST_FIELD = 1024 * 1024
CHUNK = 1024 * 1024


class Unreadable(Exception):
    """The file cannot be read: it is not there, is damaged, or is no table."""


@dataclass(frozen=True)
class Row:
    """One row: the line of the file on which it ends, and its fields."""

    line: int
    cells: list[str]


class Source:
    """A file of text, plain or gzip; it is read through once to find out its encoding."""

    def __init__(self, path: str, *, encoding: str | None = None) -> None:
        self.path = Path(path)
        try:
            self.size = self.path.stat().st_size
            with self.path.open("rb") as file:
                self.is_gzip = file.read(2) == GZIP
            self.encoding = encoding or self._detect()
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"{path}: {error}") from error
        if encoding:
            self._check(encoding)

    def lines(self, progress: Callable[[int], object] | None = None) -> Iterator[str]:
        """The lines, ends included; `progress` is told how many bytes of the file were read."""
        with self.path.open("rb") as raw:
            unpacked = self._unpacked(raw)
            text = io.TextIOWrapper(unpacked, encoding=self.encoding, newline="")
            done = 0
            for number, line in enumerate(text):
                if progress is not None and number % 1000 == 0:
                    position = raw.tell()
                    progress(position - done)
                    done = position
                yield line
            if progress is not None:
                progress(self.size - done)

    def _unpacked(self, raw: IO[bytes]) -> IO[bytes]:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if self.is_gzip else raw

    def _chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as raw:
            file = self._unpacked(raw)
            while chunk := file.read(CHUNK):
                yield chunk

    def _detect(self) -> str:
        """UTF-8 if all of the file is, else Latin-1; both ends of a gzip file are checked too."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        is_utf8 = True
        for chunk in self._chunks():
            if is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
        return "utf-8-sig" if is_utf8 else "latin-1"

    def _check(self, encoding: str) -> None:
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
            for chunk in self._chunks():
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except (LookupError, UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"{self.path}: {error}") from error
        if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
            self.encoding = "utf-8-sig"


class Table:
    """A file of rows under a header."""

    def __init__(self, source: Source, *, delimiter: str | None = None) -> None:
        self.source = source
        first = next(source.lines(), "")
        if not first.strip():
            raise Unreadable(f"{source.path}: there is no header")
        self.delimiter = delimiter or _delimiter_of(first)
        self.header = [cell.strip() for cell in next(iter(_reader([first], self.delimiter)))]

    def rows(self, progress: Callable[[int], object] | None = None) -> Iterator[Row]:
        """The rows below the header; lines without anything are none."""
        csv.field_size_limit(LONGEST_FIELD)
        reader = _reader(self.source.lines(progress), self.delimiter)
        try:
            next(reader)
            for cells in reader:
                if cells:
                    yield Row(reader.line_num, cells)
        except csv.Error as error:
            raise Unreadable(f"{self.source.path}, line {reader.line_num}: {error}") from error


def _reader(lines: Iterator[str] | Sequence[str], delimiter: str) -> Any:
    if delimiter == "\t":
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    if delimiter == ";":
        # The form of the original Book-Crossing files, where a backslash guards a quote.
        return csv.reader(lines, delimiter=delimiter, escapechar="\\")
    return csv.reader(lines, delimiter=delimiter)


def _delimiter_of(line: str) -> str:
    return max(DELIMITERS.values(), key=lambda delimiter: line.count(delimiter))
