"""What commands print: tables for people, `--json` for programs, one plain sentence for a failure; and exit codes."""

from __future__ import annotations

import enum
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from rempart.ground.settings import Settings


class Exit(enum.IntEnum):
    """What the command's exit code says. Scripts may rely on it."""

    DONE = 0
    NO = 1
    USAGE = 2
    LACKING = 3
    BROKEN = 4
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """The code in words."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.DONE: "done",
    Exit.NO: "done, and the answer is no (a fault was found, a file was refused)",
    Exit.USAGE: "wrong command line",
    Exit.LACKING: "something must be installed or configured first",
    Exit.BROKEN: "the work could not be done",
    Exit.INTERRUPTED: "interrupted",
}


class Failure(Exception):
    """Ends a command: one sentence that says what to do, an exit code, and a stable code where there is one."""

    def __init__(self, sentence: str, exit_code: Exit = Exit.BROKEN, *, code: str = "") -> None:
        super().__init__(sentence)
        self.exit = exit_code
        self.code = code


def fail(sentence: str, exit_code: Exit = Exit.BROKEN, *, code: str = "") -> NoReturn:
    """End the command with this sentence. No value of anyone's data belongs in it."""
    raise Failure(sentence, exit_code, code=code)


def console(*, error: bool = False) -> Console:
    """A console on the current standard output (or error); highlighting off, so that numbers look as given."""
    from rich.console import Console

    return Console(file=sys.stderr if error else sys.stdout, highlight=False)


def complain(sentence: str, code: str = "") -> None:
    """Write a failure on standard error."""
    tail = f" [{code}]" if code else ""
    sys.stderr.write(f"rempart: {sentence}{tail}\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; a column whose cells are all numbers is aligned right. What is too wide is broken, never cut."""
    from rich.table import Table

    held = [tuple(row) for row in rows]
    made = Table(title=title or None, title_justify="left")
    for number, column in enumerate(columns):
        numeric = bool(held) and all(isinstance(row[number], int | float) for row in held)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in held:
        made.add_row(*(_cell(value) for value in row))
    return made


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return "" if value is None else str(value).replace("[", r"\[")


def emit(value: Any, *, as_json: bool, show: Callable[[], object]) -> None:
    """Print `value` as one JSON line when `as_json`, else what `show()` returns (a table, a text)."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    else:
        console().print(show())


def settings_or_fail(path: Path) -> Settings:
    """The configuration, or the command ends with every fault told, one a line."""
    from rempart.ground.settings import load

    found = load(path)
    if not isinstance(found, tuple):
        return found
    lines = "".join(f"\n  {fault}" for fault in found)
    fail(f"the configuration {path} is not usable:{lines}", Exit.LACKING, code=found[0].code)
