"""`rempart-bindings/1`: what binds one insurer, TOML: dated rows by kind of guarantee and profession.

Rempart's own format, described in docs/formats/binding-table.md. Amounts are integer cents.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Annotated, Literal, NamedTuple

import msgspec

from rempart.domain.binding import ALWAYS, DECLARED_KINDS, Binding, BindingTable, problem

FORMAT = "rempart-bindings/1"
MOST_ROWS = 1_000
MAX_BYTES = 256 * 1024


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["accreditation", "authorization", "card", "paper"]
    starts: dt.date = msgspec.field(name="from")
    ends: dt.date = msgspec.field(name="to", default=ALWAYS)
    professions: tuple[Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z-]{0,39}\Z")], ...] = ()
    most: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)] | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] | None = None


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["rempart-bindings/1"]
    insurer: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{10}\Z")]
    binds: Annotated[tuple[_Row, ...], msgspec.Meta(max_length=MOST_ROWS)]


class Fault(NamedTuple):
    """Why a table is not taken: where in it, and a code."""

    code: str
    where: str = ""


class Read(NamedTuple):
    """An insurer and its table."""

    insurer: str
    table: BindingTable


def read(content: bytes) -> Read | Fault:
    """The table, or the first thing that is wrong with it."""
    if len(content) > MAX_BYTES:
        return Fault("file-too-large")
    try:
        parsed = tomllib.loads(content.decode("utf-8"))
        found = msgspec.convert(parsed, _Table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return Fault("toml-syntax")
    except msgspec.ValidationError as error:
        return Fault("not-as-expected", str(error).rpartition("`$")[2].removesuffix("`").removeprefix("."))
    for number, row in enumerate(found.binds):
        if (row.days is not None) != (row.kind in DECLARED_KINDS):
            return Fault("days-misplaced", f"binds[{number}]")
    rows = tuple(
        Binding(row.kind, row.starts, row.ends, frozenset(row.professions), row.most, row.days or 1)
        for row in found.binds
    )
    wrong = problem(rows)
    return Fault(wrong, "binds") if wrong else Read(found.insurer, BindingTable(rows))
