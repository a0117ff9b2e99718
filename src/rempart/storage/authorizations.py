"""Authorizations in the database: one commit a request, what its site reads of it, and each change as an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from rempart.application.authorizations import Requested, SealedReference
from rempart.application.together import Unavailable
from rempart.domain.authorization import AGREED, ENDED, MODIFIED, PENDING, REQUESTED, Event, Ruling, step
from rempart.domain.authorized import Agreed, AgreedLine
from rempart.domain.decision import DecidedLine, RuleAmount
from rempart.domain.deliveries import Part
from rempart.storage.copies import EPOCH
from rempart.storage.door import LOST, UNABLE, Database

_encode = msgspec.msgpack.Encoder().encode
_Stored = tuple[bytes, int, str, int, int, int, int, str, list[tuple[str, int]], int]
_decode = msgspec.msgpack.Decoder(list[_Stored]).decode
PAGE = 200  # rows of one answer
LAST = 2**63 - 1
NEWEST = 50  # authorizations of one answer, whole

COLUMNS = (
    "request, number, site, insurer, domain, site_reference, state, reason, requested, planned_day, first_day, "
    "last_day, latest_day, cut, line_cents, total_cents, lines, spent, amo, amc, held_until, replaces, invoice"
)
AGREED_OF = """
select number, request, mac, site, insurer, state, first_day, latest_day, line_cents, total_cents, lines
from rempart.authorization_request where number = any($1::text[])
"""
PARTS_OF = """
select p.request, p.invoice, p.line, p.units, p.amc
from rempart.authorization_part p join rempart.invoice i using (invoice)
where p.request = any($1::uuid[]) and i.live order by p.instant, p.invoice, p.line
"""
PAPERS = """
select kind, octet_length(sealed) from rempart.authorization_sealed where request = $1 and place > 0 order by place
"""
# A change is told once every transaction that could still write an earlier one has ended: no event is passed over.
CHANGES = """
select e.event, e.request, r.site_reference, e.state, e.cause, e.instant
from rempart.authorization_event e join rempart.authorization_request r using (request)
where e.site = $1 and e.event > $2 and e.tx < pg_snapshot_xmin(pg_current_snapshot()) and e.state <> 'requested'
order by e.event limit $3
"""


@dataclass(frozen=True, slots=True)
class AuthorizationRow:
    """One authorization as its site may read it: no act, no identity.

    `events` oldest first, `deliveries` (live invoice, what it took): both empty in a list.
    """

    request: UUID
    number: str
    insurer: str
    site_reference: str
    requested: int
    planned: date
    ruling: Ruling
    spent: int
    amo: int
    amc: int
    held_until: date | None
    replaces: UUID | None
    invoice: UUID | None
    events: tuple[Event, ...] = ()
    deliveries: tuple[tuple[UUID, Part], ...] = ()
    agreed: tuple[AgreedLine, ...] = ()
    attachments: tuple[tuple[str, int], ...] = ()  # kind, bytes as sealed; while it is pending, none in a list


@dataclass(frozen=True, slots=True)
class Change:
    """One event as told to its site; `event` is the cursor to ask with next."""

    event: int
    request: UUID
    site_reference: str
    state: str
    cause: str
    instant: int


class AuthorizationBooks:
    """Writes requests and finds what they need, over one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reference(self, insurer: str, person: bytes) -> SealedReference | None:
        """The person's reference, sealed to the insurer by the file that brought it."""
        rows = await self._database.fetch(
            "select wrapped, sealed from rempart.sealed_reference($1, $2)", insurer, person
        )
        return SealedReference(rows[0][0], rows[0][1]) if rows and rows[0][0] is not None else None

    async def write(self, requested: Requested, answer: tuple[bytes, bytes, bytes]) -> bool:
        """One commit; False when the same Idempotency-Key was written meanwhile.

        `answer`: key MAC, body MAC, answer.
        """
        connection = await self._database.connection()
        try:
            async with connection.transaction():
                await _insert(connection, requested)
                await _replace(connection, requested)
                await connection.execute(
                    "insert into rempart.idempotency (client, key_mac, request_mac, inbound, answer, instant) "
                    "values ($1, $2, $3, $4, $5, $6)",
                    requested.asked.caller.client, answer[0], answer[1], UUID(bytes=requested.asked.identity),
                    answer[2], requested.asked.instant,
                )  # fmt: skip
        except asyncpg.UniqueViolationError:
            return False
        except LOST as error:
            connection.terminate()
            raise Unavailable("database") from error
        except UNABLE as error:
            raise Unavailable("database") from error
        return True


async def _insert(connection: asyncpg.Connection[Any], requested: Requested) -> None:
    asked, ruling = requested.asked, requested.ruling
    if ruling is None:
        raise ValueError("a refusal of the door is not written")
    identity, site = UUID(bytes=asked.identity), asked.caller.site
    sums = [sum(column) for column in zip(*((x.spent, x.amo, x.amc) for x in ruling.lines), strict=True)] or [0, 0, 0]
    await connection.execute(
        "insert into rempart.authorization_request (request, number, mac, site, client, operator, insurer, domain, "
        "site_reference, state, reason, requested, planned_day, first_day, last_day, latest_day, cut, line_cents, "
        "total_cents, lines, spent, amo, amc, held_until, replaces, tag, own) values ($1, $2, $3, $4, $5, $6, $7, $8, "
        "$9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)",
        identity, requested.number, requested.mac, site, asked.caller.client, asked.operator, asked.insurer,
        ruling.domain, asked.reference, ruling.state, ruling.reason, asked.instant, _day(asked.planned),
        _day(ruling.first), _day(ruling.last), _day(ruling.latest), ruling.cut, ruling.line_cents, ruling.total_cents,
        stored_lines(requested.lines, ruling.lines), *sums,
        _day(requested.held_until) if requested.held_until else None,
        UUID(bytes=asked.replaces) if asked.replaces else None, requested.tag, requested.own,
    )  # fmt: skip
    await _holds(connection, identity, requested)
    await told(connection, identity, site, Event(REQUESTED, asked.instant, "site"))
    cause = ruling.reason or "table"
    await told(connection, identity, site, Event(ruling.state, asked.instant, cause))
    if requested.sealed is not None:
        rows = [(0, "request", requested.sealed.request)]
        rows += [(place, *each) for place, each in enumerate(requested.sealed.attachments, 1)]
        await connection.executemany(
            "insert into rempart.authorization_sealed (request, place, kind, sealed) values ($1, $2, $3, $4)",
            [(identity, *row) for row in rows],
        )


async def _holds(connection: asyncpg.Connection[Any], request: UUID, requested: Requested) -> None:
    """What each line holds, or would, of which allowance."""
    rows = [
        (
            request, held.line, held.place, at.key, at.need.rolling, _day(at.need.period_start),
            _day(at.need.period_end), at.need.limit, held.unit, held.amount, held.outside, _day(day),
        )
        for held, at, day in requested.holds
    ]  # fmt: skip
    if rows:
        await connection.executemany(
            "insert into rempart.authorization_hold (request, line, place, counter, rolling, first_day, last_day, "
            "most, unit, amount, outside, day) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            rows,
        )


async def _replace(connection: asyncpg.Connection[Any], requested: Requested) -> None:
    """An agreed modification ends what it replaces; one that waits or is refused leaves it as it is.

    Raises `Unavailable` when the former was invoiced or ended meanwhile: asked again, the site is told so.
    """
    asked = requested.asked
    if asked.replaces and requested.ruling is not None and requested.ruling.state == AGREED:
        former = UUID(bytes=asked.replaces), asked.caller.site
        if await moved(connection, former, MODIFIED, "authorization-replaced", instant=asked.instant):
            raise Unavailable("authorization")


async def told(connection: asyncpg.Connection[Any], request: UUID, site: str, event: Event) -> None:
    """One event."""
    await connection.execute(
        "insert into rempart.authorization_event (request, site, state, cause, instant) values ($1, $2, $3, $4, $5)",
        request, site, event.state, event.cause, event.instant,
    )  # fmt: skip


async def moved(
    connection: asyncpg.Connection[Any], of: tuple[UUID, str], following: str, cause: str, *, instant: int
) -> str:
    """Inside a transaction: the change of one authorization (id, site) with its event; "", or why it cannot be."""
    request, site = of
    await connection.execute("select rempart.lock_held(array[$1::uuid])", request)  # before it, as everybody does
    row = await connection.fetchrow(
        "select state from rempart.authorization_request where request = $1 and site = $2 for update", request, site
    )
    if row is None:
        return "not-found"
    event = step(row[0], following, instant=instant, cause=cause)
    if isinstance(event, str):
        return "not-changeable"
    await connection.execute(
        "update rempart.authorization_request set state = $2, reason = $3 where request = $1", request, following,
        cause if following == MODIFIED else "",
    )  # fmt: skip
    await told(connection, request, site, event)
    if following in ENDED:
        await connection.execute("select rempart.release_counters($1, null, $2)", request, instant)
    return ""


async def change(database: Database, of: tuple[UUID, str], following: str, cause: str, *, instant: int) -> str:
    """As `moved`, in a transaction of its own. Raises `Unavailable`."""
    connection = await database.connection()
    try:
        async with connection.transaction():
            return await moved(connection, of, following, cause, instant=instant)
    except LOST as error:
        connection.terminate()
        raise Unavailable("database") from error
    except UNABLE as error:
        raise Unavailable("database") from error


# --- reading ---


async def one(database: Database, site: str, request: UUID) -> AuthorizationRow | None:
    """An authorization of this site, with its events; another site's looks absent."""
    rows = await database.fetch(
        f"select {COLUMNS} from rempart.authorization_request where request = $1 and site = $2",  # noqa: S608 - constant columns
        request, site,
    )  # fmt: skip
    if not rows:
        return None
    events = await database.fetch(
        "select state, instant, cause from rempart.authorization_event where request = $1 order by event", request
    )
    parts = await database.fetch(PARTS_OF, [request])
    deliveries = tuple((invoice, Part(line, units, amc)) for _, invoice, line, units, amc in parts)
    agreed_lines, _ = read_lines(rows[0]["lines"])
    found = _row(rows[0], tuple(Event(*event) for event in events))
    papers = await database.fetch(PAPERS, request) if found.ruling.state == PENDING else []
    attachments = tuple((kind, size) for kind, size in papers)
    return replace(found, deliveries=deliveries, agreed=agreed_lines, attachments=attachments)


async def found(database: Database, site: str, *, number: str = "", site_reference: str = "") -> list[AuthorizationRow]:
    """The site's authorizations under a number or its own reference, the newest first."""
    rows = await database.fetch(
        f"select {COLUMNS} from rempart.authorization_request "  # noqa: S608 - constant columns
        "where site = $1 and (number = $2 and $2 <> '' or site_reference = $3 and $3 <> '') "
        "order by requested desc limit 50",
        site, number, site_reference,
    )  # fmt: skip
    return [_row(row, ()) for row in rows]


async def recent(database: Database, site: str, before: int) -> tuple[list[AuthorizationRow], int]:
    """The site's authorizations asked before the instant `before` (0: any), the newest first, `NEWEST` at most.

    With the instant below which older ones follow, 0 when there are none.
    """
    rows = await database.fetch(
        f"select {COLUMNS} from rempart.authorization_request "  # noqa: S608 - constant columns
        "where site = $1 and requested < $2 order by requested desc limit $3",
        site, before or LAST, NEWEST + 1,
    )  # fmt: skip
    found = [_row(row, ()) for row in rows[:NEWEST]]
    return found, found[-1].requested if len(rows) > NEWEST else 0


async def changes(database: Database, site: str, since: int) -> list[Change]:
    """What changed after the cursor `since`, oldest first, `PAGE` at most."""
    return [Change(*row) for row in await database.fetch(CHANGES, site, since, PAGE)]


async def agreed(database: Database, numbers: Sequence[str]) -> Mapping[str, Agreed]:
    """The stored authorizations by their numbers, for the invoices that cite them."""
    rows = await database.fetch(AGREED_OF, list(numbers))
    taken: dict[UUID, list[Part]] = {}
    for request, _, line, units, amc in await database.fetch(PARTS_OF, [row[1] for row in rows]) if rows else ():
        taken.setdefault(request, []).append(Part(line, units, amc))
    return {
        number: Agreed(
            request.bytes, mac, site, insurer, state, _date(first), _date(latest), line, total,
            read_lines(lines)[0], tuple(taken.get(request, ())),
        )
        for number, request, mac, site, insurer, state, first, latest, line, total, lines in rows
    }  # fmt: skip


def stored_lines(marks: Sequence[AgreedLine], lines: Sequence[DecidedLine]) -> bytes:
    """Lines as stored: mark, number, domain, cents, reason, rules, units."""
    return _encode([
        (
            m.mark, x.number, x.domain, x.spent, x.amo, x.amc, x.patient, x.reason,
            [(s.rule, s.amount) for s in x.rules], m.units,
        )
        for m, x in zip(marks, lines, strict=True)
    ])  # fmt: skip


def read_lines(stored: bytes) -> tuple[tuple[AgreedLine, ...], tuple[DecidedLine, ...]]:
    """The inverse of `stored_lines`."""
    rows = _decode(stored)
    return (
        tuple(AgreedLine(row[0], row[2], row[3], row[4], row[5], row[9]) for row in rows),
        tuple(DecidedLine(*row[1:7], tuple(RuleAmount(*rule) for rule in row[8]), row[7]) for row in rows),
    )


def _row(row: Any, events: tuple[Event, ...]) -> AuthorizationRow:
    _, lines = read_lines(row["lines"])
    ruling = Ruling(
        row["state"], row["reason"], row["domain"], lines, _date(row["first_day"]), _date(row["last_day"]),
        _date(row["latest_day"]), row["line_cents"], row["total_cents"], row["cut"],
    )  # fmt: skip
    held = row["held_until"]
    return AuthorizationRow(
        row["request"], row["number"], row["insurer"], row["site_reference"], row["requested"],
        _date(row["planned_day"]), ruling, row["spent"], row["amo"], row["amc"],
        _date(held) if held is not None else None, row["replaces"], row["invoice"], events,
    )  # fmt: skip


def _day(day: date) -> int:
    return day.toordinal() - EPOCH


def _date(number: int) -> date:
    return date.fromordinal(number + EPOCH)
