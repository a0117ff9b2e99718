"""Record-check: an insurer presents an identity of its own and learns what the hub would answer and from which file.

The same door as any question: derive (on the insurer's signature) → read → open → settle, which counts it, writes its
disclosure with purpose `record-check` and a day tag like any other, and has the last word. The insurer's number stands
where a site's stands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from rempart.application.eligibility import DAY, EPOCH, Ports, coverage_of
from rempart.application.guard import Caller
from rempart.application.newborns import covered, is_provisional
from rempart.application.ports import Derived, Open, Row, Settle
from rempart.domain import eligibility
from rempart.domain.newborns import NEWBORN, ceiling_on
from rempart.domain.rights import DOMAINS, Coverage

PURPOSE = "record-check"
TEMPLATE = "record-check/1"
PROVISIONAL = "record-check-provisional/1"
"""What the check of a newborn shows: the parent's record, and the ceiling."""
A_DAY = 1_000
"""People an insurer may check in a day; a figure to start with, no rule gives one."""
NO_CAP = 2**31 - 1


class Asked(NamedTuple):
    """One check: who carries it, the signed statement, the day of care, microseconds UTC, and its operator."""

    caller: Caller
    statement: bytes
    signature: bytes
    care: date
    instant: int
    operator: str

    def __repr__(self) -> str:
        return "Asked(…)"


class Origin(NamedTuple):
    """The rights file that changed a record last (kind, sequence, digest, received), and the sealed reference."""

    kind: str = ""
    sequence: int = 0
    digest: bytes = b""
    received: int = 0
    wrapped: bytes = b""
    sealed: bytes = b""
    person: bytes = b""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the hub would answer with strong evidence, and where from; `refusal` is "" or the door's reason.

    `ceiling` in cents: a newborn that no file names yet; then all the rest is its parent's.
    """

    refusal: str = ""
    answer: str = eligibility.NOT_CONFIRMED
    coverage: Coverage | None = None
    closed: date | None = None
    origin: Origin = Origin()  # noqa: RUF009 - a named tuple, immutable
    ceiling: int = 0


Derive = Callable[[bytes, bytes, bytes, int], Awaitable[Derived]]
"""(grant, statement, signature, day) → record keys, on the insurer's signature. Raises `Unavailable`."""
Trace = Callable[[str, bytes, bytes], Awaitable[Origin]]
"""(insurer, record key, person) → where the record comes from. Raises `Unavailable`."""


async def check(ports: Ports, derive: Derive, trace: Trace, asked: Asked) -> Checked:
    """One check. Raises `Unavailable` if keeper, database or commit did not answer: then nothing leaves."""
    caller, day = asked.caller, asked.instant // DAY
    insurer = caller.vendor
    derived = await derive(caller.grant, asked.statement, asked.signature, day)
    if derived.refusal:
        return Checked(derived.refusal)
    row, key = await _find(ports, insurer, derived)
    (seen,) = await ports.keeper.open(
        [Open(derived.ticket, row.version, row.payload, row.person) if row else Open(derived.ticket, 0, None, None)]
    )
    if seen.refusal:
        return Checked(seen.refusal)
    coverage = covered(coverage_of(seen, row), row, asked.care)
    if coverage is None:
        row = None  # a newborn whose parent's rights are not open is answered as nobody
    closed = date.fromordinal(EPOCH + row.closed) if row is not None and row.closed is not None else None
    found = eligibility.decide(coverage, closed, asked.care, DOMAINS)
    origin = await trace(insurer, key, row.person) if row is not None else Origin()
    ceiling = ceiling_on(asked.care).limit if is_provisional(row) else 0
    template = PROVISIONAL if ceiling else TEMPLATE
    ((verdict, _),) = await ports.door.settle([_line(asked, found.known, seen.tag, template)], 100)
    if verdict != "ok":
        return Checked(verdict.removeprefix("refused:"))
    return Checked("", found.known, coverage, closed, origin, ceiling)


async def _find(ports: Ports, insurer: str, derived: Derived) -> tuple[Row | None, bytes]:
    rows: Sequence[Row | None] = await ports.records.find([(insurer, key) for key in derived.keys])
    for row, key, version in zip(rows, derived.keys, derived.versions, strict=True):
        if row is not None and row.version == version & ~NEWBORN:
            return row._replace(version=version), key
    return None, b""


def _line(asked: Asked, outcome: str, tag: bytes, template: str) -> Settle:
    caller = asked.caller
    return Settle(
        asked.instant, caller.token, caller.grant_id, caller.client, caller.vendor, asked.operator, caller.vendor,
        "api", PURPOSE, "machine", template, template, outcome, outcome, tag, None, 1, A_DAY, NO_CAP,
    )  # fmt: skip
