"""Importing a public directory's file: read as a stream, hashed on the way, its faults counted.

Nothing of a line but a place reaches the database; nothing of a person is read at all (`formats.annuaire`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import psycopg

from rempart.domain.directory import FINESS, Differences, LineFault, Listed
from rempart.formats import annuaire, finess
from rempart.storage.directories import Counted, Reading, Source, take

MOST_TOLD = 20
"""Faulty lines that are told one by one; the others are counted."""
MOST_FAULTS_PERCENT = 1


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: `nowhere` are lines that name no place, `faults` the first of `faulty`."""

    differences: Differences
    lines: int
    nowhere: int
    faulty: int
    faults: tuple[LineFault, ...]


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, inner: io.RawIOBase) -> None:
        self._inner = inner
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """As the file gives it."""
        got = self._inner.readinto(buffer)
        self.digest.update(memoryview(buffer)[: got or 0])
        return got


class _Lines:
    """The rows of a file, and what was counted on the way. Raises `_Faulty` when too many lines are faults."""

    def __init__(self, found: Iterator[Listed | LineFault | None]) -> None:
        self._found = found
        self.lines = self.nowhere = self.faulty = 0
        self.faults: list[LineFault] = []

    def rows(self) -> Iterator[Listed]:
        """Good rows only."""
        for each in self._found:
            self.lines += 1
            if isinstance(each, LineFault):
                self.faulty += 1
                if len(self.faults) < MOST_TOLD:
                    self.faults.append(each)
            elif each is None:
                self.nowhere += 1
            else:
                yield each

    @property
    def too_faulty(self) -> bool:
        """More than one line in a hundred: this is another format, or a spoilt file."""
        return self.faulty * 100 > self.lines * MOST_FAULTS_PERCENT


class _FaultyError(Exception):
    """Undoes an import whose file is too faulty."""


def import_file(connection: psycopg.Connection[Any], path: Path, source: Source, instant: int) -> Imported | str:
    """Imports a file, or the code of why nothing was changed.

    Codes: not-this-directory (its first line is another's), as-of-differs (the file says another day),
    as-of-not-later, directory-empty, directory-shrank, directory-faulty. OSError when the file cannot be read.
    """
    with path.open("rb", buffering=0) as raw:
        hashed = _Hashed(raw)
        file: BinaryIO = io.BufferedReader(hashed, 1 << 20)
        lines = _read(file, source)
        if isinstance(lines, str):
            return lines
        reading = Reading(())

        def rows() -> Iterator[Listed]:
            yield from lines.rows()
            if lines.too_faulty:
                raise _FaultyError
            reading.counted = Counted(hashed.digest.digest(), lines.lines, lines.faulty)

        reading.rows = rows()
        try:
            found = take(connection, source, reading, instant)
        except _FaultyError:
            return "directory-faulty"
    if isinstance(found, str):
        return found
    return Imported(found, lines.lines, lines.nowhere, lines.faulty, tuple(lines.faults))


def _read(file: BinaryIO, source: Source) -> _Lines | str:
    first = file.readline(annuaire.MAX_LINE)
    if source.directory == FINESS:
        made = finess.as_of(first)
        if made is None:
            return "not-this-directory"
        return _Lines(finess.read(file)) if made == source.as_of else "as-of-differs"
    header = annuaire.read_header(first)
    return "not-this-directory" if header is None else _Lines(annuaire.read(file, header))
