"""Codes for programs and what came of them: lines of the registry's file. Format: docs/formats/mandates.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .registry_entries import MandateCodeEntry, ProgramClientEntry, ProgramMandateEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from .registry_entries import ProgramLine


@dataclass(frozen=True, slots=True)
class MandateCode:
    """What a code is good for, once, until `expires` (microseconds UTC, excluded); `by` is the manager's account."""

    operator: str
    site: str
    client: str
    expires: int
    by: str
    used: bool = False


class ProgramRegistry:
    """Codes in memory, and the site of each program that enrolled by one; `append` writes a line and applies it."""

    def __init__(self, append: Callable[[ProgramLine], None]) -> None:
        self._append = append
        self.codes: dict[bytes, MandateCode] = {}
        self.enrolled: dict[str, str] = {}

    def give(self, hashed: bytes, code: MandateCode, instant: int) -> None:
        """Writes a code down."""
        told = code
        self._append(
            MandateCodeEntry(hashed, told.operator, told.site, told.client, told.expires, told.by, instant)
        )  # fmt: skip

    def mandate(
        self, pair: tuple[str, str], span: tuple[int, int], by: str, *, instant: int, code: bytes = b""
    ) -> None:
        """A program's mandate from a code, or with another end. `pair`: client and site."""
        self._append(ProgramMandateEntry(code, *pair, *span, by, instant))

    def enrol(self, hashed: bytes, named: tuple[str, dict[str, str]], *, instant: int) -> None:
        """A program of the code's site, with its id and key; the code is used."""
        code = self.codes[hashed]
        self._append(ProgramClientEntry(hashed, named[0], code.site, named[1], code.by, instant))

    def apply(self, entry: ProgramLine) -> None:
        """Takes a line that is on disk; the mandate itself is the registry's."""
        match entry:
            case MandateCodeEntry(hashed, operator, site, client, expires, by):
                self.codes[hashed] = MandateCode(operator, site, client, expires, by)
            case ProgramClientEntry(code, client, site):
                self.codes[code] = replace(self.codes[code], used=True)
                self.enrolled[client] = site
            case ProgramMandateEntry(code) if code in self.codes:
                self.codes[code] = replace(self.codes[code], used=True)
