"""What reading a guarantee table gives: the table, or every fault with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rempart.formats.guarantee_table.positions import Path

if TYPE_CHECKING:
    from rempart.domain.guarantee import GuaranteeTable


@dataclass(frozen=True, slots=True, order=True)
class TableFault:
    """One thing wrong: 1-based line, dotted key (never a value), stable code."""

    line: int
    key: str
    code: str


@dataclass(frozen=True, slots=True)
class TableReading:
    """`table` is None as soon as there is one fault. Warnings (gaps between dates) do not refuse the file."""

    table: GuaranteeTable | None
    faults: tuple[TableFault, ...] = ()
    warnings: tuple[TableFault, ...] = ()


def dotted(path: Path) -> str:
    """`product[2].formulas.PHAR`: array indexes count from 1, as a person would. An outlandish key is cut."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part[:40]}"
    return text.lstrip(".")


class Notes:
    """Faults collected on the way, each placed on the line of its key or of the nearest key above it."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines
        self.faults: list[TableFault] = []

    def fault(self, path: Path, code: str, missing: str = "") -> None:
        """Note one fault; `missing` is a key that should stand under `path`."""
        self.faults.append(self.at(path, code, missing))

    def at(self, path: Path, code: str, missing: str = "") -> TableFault:
        """The fault with its line."""
        place = path
        while place and place not in self._lines:
            place = place[:-1]
        return TableFault(self._lines.get(place, 1), dotted((*path, missing) if missing else path), code)
