"""Waiting rooms in the database: what people left, sealed; its replay, one transaction an entry; rooms to forget.

The hub leaves and reads receipts, never what was sealed. An advisory lock lets one worker replay at a time. Instants
are microseconds UTC.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from rempart.application.together import Unavailable
from rempart.domain.compartments import Closure
from rempart.domain.waiting_room import REFUSED, SENT, TOLD, room_of
from rempart.storage.door import LOST, UNABLE, Database

PAGE = 50  # entries of one reading
SHOWN = 60  # of an account's own list
LOCK = 0x52_4D_50_57_52  # "RMPWR": one worker replays
LEAVE = "select outcome, receipt, received, waiting from rempart.leave_waiting($1, $2, $3, $4, $5, $6, $7, $8::bigint)"
OF_ACCOUNT = """
select receipt, kind, received, state, reason, subject, ended from rempart.waiting_entry
where client = $1 and site = $2 order by entry desc limit $3
"""
COUNT = "select count(*) from rempart.waiting_entry where client = $1 and state = 'waiting'"
OPEN_ROOMS = """
select r.room from rempart.waiting_room r where r.forgotten is null and not exists (
    select from rempart.compartment c where c.compartment = r.compartment and c.state = 'closed')
"""
WAITS = """
select e.entry, e.receipt, e.room, e.client, e.site, e.kind, e.sealed, a.operator, a.role
from rempart.waiting_entry e join rempart.account a on a.account = e.client
where e.state = 'waiting' and e.room = any($1::text[]) and e.entry > $2 order by e.entry limit $3
"""
EMPTY_ROOMS = """
select r.room from rempart.waiting_room r where r.forgotten is null
  and not exists (select from rempart.waiting_entry e where e.room = r.room and e.state = 'waiting')
  and not exists (select from rempart.compartment c
                  where c.compartment = r.compartment and c.state = 'closed' and c.changed = r.closing)
"""
END = """
update rempart.waiting_entry set state = $2, reason = $3, subject = $4, ended = $5, sealed = null
where entry = $1 and state = 'waiting' returning site
"""
NOTICE = """
insert into rempart.site_notice (site, kind, subject, day, instant) values ($1, $2, $3, $4, $5)
on conflict (kind, subject) do nothing
"""


class Leaving(NamedTuple):
    """What somebody leaves: `receipt` is drawn by the hub, `sealed` the keeper's deposit around the page's JWE."""

    receipt: str
    room: str
    client: str
    site: str
    kind: str
    mark: UUID
    sealed: bytes
    instant: int


class Kept(NamedTuple):
    """The receipt, and how many of this account wait."""

    receipt: str
    received: int
    waiting: int


class LeftRow(NamedTuple):
    """One line of an account's own list."""

    receipt: str
    kind: str
    received: int
    state: str
    reason: str
    subject: UUID | None
    ended: int | None


class Entry(NamedTuple):
    """One that waits for its replay; operator and role are the account's own."""

    entry: int
    receipt: str
    room: str
    client: str
    site: str
    kind: str
    sealed: bytes
    operator: str
    role: str

    def __repr__(self) -> str:
        return f"Entry({self.entry})"


class Ended(NamedTuple):
    """What became of it: `subject` is the invoice or authorization, None when it was refused for `reason`."""

    subject: UUID | None
    instant: int
    day: date
    reason: str = ""


class Inbox(NamedTuple):
    """An invoice's deposit, as the hub would have written it: its id, its sealed chunk, its size, by which grant."""

    inbound: bytes
    sealed: bytes
    size: int
    grant_id: bytes


async def opened(database: Database, closure: Closure, instant: int) -> None:
    """Writes the room of this closing down, once."""
    await database.fetch(
        "insert into rempart.waiting_room (room, compartment, closing, made) values ($1, $2, $3, $4) "
        "on conflict do nothing",
        room_of(closure), closure.compartment, closure.since, instant,
    )  # fmt: skip


async def leave(database: Database, left: Leaving) -> Kept | str:
    """The receipt, the same for the same mark; refusals `not-closed`, `waiting-room-full`, `purpose`."""
    ((outcome, *kept),) = await database.fetch(LEAVE, *left)
    return Kept(*kept) if outcome == "left" else str(outcome)


async def of_account(database: Database, client: str, site: str) -> tuple[list[LeftRow], int]:
    """What this account left for that site, the newest first, and how many of all its sites wait."""
    rows = await database.fetch(OF_ACCOUNT, client, site, SHOWN)
    ((waiting,),) = await database.fetch(COUNT, client)
    return [LeftRow(*row) for row in rows], waiting


async def alone(database: Database) -> bool:
    """Whether this worker replays; the lock ends with its connection."""
    ((held,),) = await database.fetch("select pg_try_advisory_lock($1)", LOCK)
    return bool(held)


async def open_rooms(database: Database) -> list[str]:
    """Rooms whose compartment is not closed any more."""
    return [row[0] for row in await database.fetch(OPEN_ROOMS)]


async def waiting(database: Database, rooms: list[str], after: int) -> list[Entry]:
    """What waits in these rooms after that entry, the oldest first."""
    return [Entry(*row) for row in await database.fetch(WAITS, rooms, after, PAGE)]


async def end(database: Database, entry: Entry, how: Ended, inbox: Inbox | None = None) -> bool:
    """Ends an entry with its notice and, of an invoice, its deposit: all in one commit, or nothing.

    False when it had ended before. Raises `Unavailable`.
    """
    connection = await database.connection()
    state = SENT if how.subject is not None else REFUSED
    try:
        async with connection.transaction():
            ended = await connection.fetch(END, entry.entry, state, how.reason, how.subject, how.instant)
            if not ended:
                return False
            if inbox is not None:
                await _deposit(connection, entry, inbox, how.instant)
            subject = how.subject or UUID(bytes=hashlib.sha256(f"waiting\n{entry.receipt}".encode()).digest()[:16])
            await connection.execute(NOTICE, entry.site, TOLD[state], subject, how.day, how.instant)
    except LOST as error:
        connection.terminate()
        raise Unavailable("database") from error
    except UNABLE as error:
        raise Unavailable("database") from error
    return True


async def _deposit(connection: Any, entry: Entry, inbox: Inbox, instant: int) -> None:
    """As `storage.inbound.Intake` does in two steps; here it is received at once."""
    identity = UUID(bytes=inbox.inbound)
    await connection.execute(
        "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received, state, bytes) "
        "values ($1, $2, $3, 'api', $4, $5, $6, 'received', $7)",
        identity, entry.client, entry.site, inbox.grant_id, inbox.inbound, instant, inbox.size,
    )  # fmt: skip
    await connection.execute(
        "insert into rempart.inbox (inbound, chunk, sealed) values ($1, 0, $2)", identity, inbox.sealed
    )


async def empty_rooms(database: Database) -> list[str]:
    """Rooms of closings that are over and in which nothing waits: their keys can go."""
    return [row[0] for row in await database.fetch(EMPTY_ROOMS)]


async def forgotten(database: Database, room: str, instant: int) -> None:
    """The keeper dropped its key."""
    await database.fetch("update rempart.waiting_room set forgotten = $2 where room = $1", room, instant)
