"""Invoices in the database: what is known of a number, the stored accreditations, and one commit a batch of decisions.

A number's single live invoice is held by a unique index: of two that race, one is written and the other
becomes a duplicate in the same transaction, so neither channel nor time-out nor double click can pay twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

import asyncpg
from asyncpg.pgproto.pgproto import UUID  # made from bytes in C; several a row

from rempart.application.counting import Place, Taken
from rempart.application.eligibility import known_until
from rempart.application.invoice_records import ACCEPTED, DECIDED, REJECTED, Accredited, Decided, Standing
from rempart.application.together import Unavailable
from rempart.domain import accounts
from rempart.domain.adjudication import rejected
from rempart.domain.authorized import Agreed
from rempart.domain.binding import guaranteed
from rempart.domain.invoice_states import LIVE
from rempart.storage import authorizations, counters, waits
from rempart.storage.arrays import blobs, texts
from rempart.storage.authorization_claims import claim
from rempart.storage.copies import EPOCH, decision_lines
from rempart.storage.door import LOST, UNABLE, Database
from rempart.storage.shared_files import Claim, held, renew

# The content's fingerprint is already of one site: naming the site again would let the planner walk all its invoices.
STANDINGS = """
select q.ord, l.invoice as live, f.invoice as former, c.invoice as same
from unnest($1::text::text[], $2::text::text[], $3::text::bytea[]) with ordinality q(site, number, content, ord)
left join lateral (select x.invoice from rempart.invoice x
                   where x.site = q.site and x.number = q.number and x.live limit 1) l on true
left join lateral (select x.invoice from rempart.invoice x
                   where x.site = q.site and x.number = q.number and not x.live and x.reason <> 'duplicate'
                   order by x.received desc, x.invoice desc limit 1) f on true
left join lateral (select x.invoice from rempart.invoice x
                   where x.content = q.content and q.content <> '' and x.live and x.number <> q.number
                   limit 1) c on true
where l.invoice is not null or f.invoice is not null or c.invoice is not null
"""

INSERT = """
insert into rempart.invoice (invoice, site, number, client, inbound, distinct_said, position, insurer, mode, state,
    reason, live, received, decided, care_day, spent, amo, amc, patient, site_reference, content, corrects, own)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bool[], $7::int[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::bool[], $13::bigint[], $14::bigint[], $15::int[], $16::bigint[],
    $17::bigint[], $18::bigint[], $19::bigint[], $20::text[], $21::bytea[], $22::uuid[],
    $23::bytea[])
on conflict do nothing
returning invoice
"""

REDECIDE = """
update rempart.invoice i
set state = q.state, reason = q.reason, live = q.live, decided = q.decided, amc = q.amc, patient = q.patient,
    content = q.content
from unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[])
     q(invoice, state, reason, live, decided, amc, patient, content)
where i.invoice = q.invoice and i.state in ('waiting', 'held')
returning i.invoice
"""

KNOWN = "update rempart.met set known_until = $2 where meeting = any($1::text::bytea[]) and known_until < $2"

COLUMNS = (
    "invoice", "site", "number", "client", "inbound", "distinct_said", "position", "insurer", "mode", "state", "reason",
    "live", "received", "decided", "care_day", "spent", "amo", "amc", "patient", "site_reference", "content",
    "corrects", "own",
)  # fmt: skip
_NUMBER = itemgetter(COLUMNS.index("site"), COLUMNS.index("number"))
ROUNDS = 16  # of deciding again what counters have overtaken; then the deposit is taken up again
_NO_PLACE = bytes(4)  # an invoice's id is its deposit's with its place in the last four bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """One commit; `again` says that its invoices were waiting or held, `opened` that a load opened them."""

    inbound: bytes
    decided: Sequence[Decided]
    instant: int
    today: date
    again: bool = False
    claim: Claim | None = None
    opened: bool = False


Restate = Callable[[Sequence[Decided]], Awaitable[Sequence[Decided]]]
"""Seals again the copies of decisions made anew."""


class InvoiceBooks:
    """The `Books` port and the writer, over one lane's connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standings(self, wanted: Sequence[tuple[str, str, bytes]]) -> list[Standing]:
        """What is known of each (site, number, content fingerprint or b"")."""
        found = [Standing()] * len(wanted)
        sites, numbers, contents = zip(*wanted, strict=True) if wanted else ((), (), ())
        columns = texts(sites), texts(numbers), blobs(contents)
        for order, live, former, same in await self._database.fetch(STANDINGS, *columns):
            found[order - 1] = Standing(_bytes(live), _bytes(former), _bytes(same))
        return found

    async def accreditations(self, hashes: Sequence[bytes]) -> Mapping[bytes, Accredited]:
        """Those that exist, by hash."""
        rows = await self._database.fetch(
            "select hash, mac, site, domains, first_day, last_day from rempart.accreditation "
            "where hash = any($1::bytea[])",
            list(hashes),
        )
        return {row[0]: Accredited(*tuple(row)[1:]) for row in rows}

    async def agreed(self, numbers: Sequence[str]) -> Mapping[str, Agreed]:
        """Authorizations by their numbers; those that exist."""
        return await authorizations.agreed(self._database, numbers)

    async def taken(self, places: Sequence[Place]) -> list[Taken]:
        """What is used and held of each counter, in order."""
        return await counters.taken(self._database, places)

    async def write(self, batch: Batch, restate: Restate | None = None) -> list[Decided]:
        """One commit; gives back what was really written: a loser of a race comes back as a duplicate.

        What a counter has overtaken is decided by the locked figures, sealed again by `restate` outside the transaction
        and written by a commit of its own. Raises `Unavailable`, and `OvertakenError` when the part is another's.
        """
        written: list[Decided] = []
        for _ in range(ROUNDS):
            done, stale = await self._commit(batch)
            written += done
            if not stale:
                return written
            batch = replace(batch, decided=await restate(stale) if restate is not None else stale)
        raise Unavailable("counters")

    async def renew(self, claim: Claim, instant: int, lease: int) -> None:
        """Holds a part of a shared file longer; microseconds. Raises `Unavailable`."""
        connection = await self._database.connection()
        try:
            await renew(connection, claim, instant, lease)
        except (*LOST, *UNABLE) as error:
            connection.terminate()
            raise Unavailable("database") from error

    async def _commit(self, batch: Batch) -> tuple[list[Decided], list[Decided]]:
        """(Written, overtaken)."""
        connection = await self._database.connection()
        try:
            async with connection.transaction():
                if batch.claim is not None:
                    await held(connection, batch.claim)
                good, stale = await counters.settle_counters(connection, batch.decided)
                written = await self._write(connection, replace(batch, decided=good)) if good else []
        except LOST as error:
            connection.terminate()
            raise Unavailable("database") from error
        except UNABLE as error:
            raise Unavailable("database") from error
        return written, stale

    async def _write(self, connection: asyncpg.Connection[Any], batch: Batch) -> list[Decided]:
        if batch.again:
            won = await _redecide(connection, batch.decided, batch.instant)
            decided = [one for one in batch.decided if one.submitted.identity in won]
        elif batch.opened:
            standing = await waits.take(connection, [one for one in batch.decided if one.state == ACCEPTED])
            won = await _insert(connection, standing, batch.instant)
            decided = [one for one in standing if one.submitted.identity in won]
            await waits.tell(connection, decided, batch.instant)
        elif await _copied(connection, batch):
            decided = list(batch.decided)
        else:
            won = await _insert(connection, batch.decided, batch.instant)
            losers = [_as_duplicate(one) for one in batch.decided if one.submitted.identity not in won]
            added = await _insert(connection, losers, batch.instant)
            decided = [one for one in batch.decided if one.submitted.identity in won]
            decided += [one for one in losers if one.submitted.identity in added]
        decided = await claim(connection, decided, batch.instant)
        await _facts(connection, decided, batch)
        await counters.spend(connection, decided, batch.instant)
        await waits.put(connection, decided, batch.instant)
        return decided


def _bytes(identity: UUID | None) -> bytes:
    return identity.bytes if identity is not None else b""


def _as_duplicate(decided: Decided) -> Decided:
    submitted = decided.submitted
    return Decided(
        submitted, decided.insurer, decided.operator, REJECTED, "duplicate", rejected(submitted.invoice, "duplicate"),
        decided.tag,
    )  # fmt: skip


async def _copied(connection: asyncpg.Connection[Any], batch: Batch) -> bool:
    """Writes all of them at once when no number is taken, as nearly always; False and nothing written when one is."""
    rows = _rows(batch.decided, batch.instant)
    try:
        async with connection.transaction():
            await _copy(connection, "invoice", COLUMNS, rows)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def _insert(connection: asyncpg.Connection[Any], decided: Sequence[Decided], instant: int) -> set[bytes]:
    """One by one in a statement: those whose number is taken are left out."""
    if not decided:
        return set()
    columns = [list(column) for column in zip(*_rows(decided, instant), strict=True)]
    return {row[0].bytes for row in await connection.fetch(INSERT, *columns)}


def _rows(decided: Sequence[Decided], instant: int) -> list[tuple[Any, ...]]:
    """By site and number: two lanes that meet the same numbers wait for each other in one order, never in a circle."""
    return sorted((_row(one, instant) for one in decided), key=_NUMBER)


def _row(one: Decided, instant: int) -> tuple[Any, ...]:
    submitted, state = one.submitted, one.state
    invoice, identity = submitted.invoice, submitted.identity
    care = invoice.lines[0].care_date if invoice.lines else invoice.issued
    live = state in LIVE
    spent, amo, amc, patient = one.decision.shares()
    return (
        UUID(identity), invoice.site, invoice.number, submitted.caller.client, UUID(identity[:12] + _NO_PLACE),
        submitted.distinct, submitted.position, one.insurer, invoice.mode, state, one.reason, live,
        submitted.received, _decided(one, instant), care.toordinal() - EPOCH, spent, amo, amc, patient,
        invoice.site_reference, one.content if live else None, UUID(one.corrects) if one.corrects else None,
        one.own,
    )  # fmt: skip


def _decided(one: Decided, instant: int) -> int | None:
    return instant if one.state in DECIDED else None


async def _redecide(connection: asyncpg.Connection[Any], decided: Sequence[Decided], instant: int) -> set[bytes]:
    rows = [
        (
            UUID(one.submitted.identity), one.state, one.reason, one.state in LIVE, _decided(one, instant),
            one.decision.amc, one.decision.patient, one.content if one.state in LIVE else None,
        )
        for one in decided
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row[0].bytes for row in await connection.fetch(REDECIDE, *columns)}


async def _facts(connection: asyncpg.Connection[Any], decided: Sequence[Decided], batch: Batch) -> None:
    """What was decided and moved, and the events of what was not decided yet; a decision is its own event."""
    events: list[tuple[Any, ...]] = []
    decisions: list[tuple[Any, ...]] = []
    sealed: list[tuple[Any, ...]] = []
    transfers: list[tuple[Any, ...]] = []
    postings: list[tuple[Any, ...]] = []
    meetings: list[bytes] = []
    month, instant = batch.today.year * 12 + batch.today.month - 1, batch.instant
    for one in decided:
        identity, state, decision = UUID(one.submitted.identity), one.state, one.decision
        if state not in DECIDED:
            events.append((identity, state, one.reason, instant))
            continue
        decisions.append((identity, state, one.reason, decision_lines(decision), one.tag, instant))
        if one.kept is not None:
            sealed.append((identity, one.insurer, month, *one.kept))
        if state != ACCEPTED:
            continue
        amount = decision.amc
        if amount:
            debit, credit = _accounts(one.operator, one.insurer, one.submitted.site.site)
            transfers.append((debit, credit, amount, "decision", identity, instant))
        under = guaranteed(decision) if one.bound else 0
        if under:
            postings.append((identity, one.operator, one.insurer, one.bound, under, instant))
        if one.meeting is not None:
            meetings.append(one.meeting)
    await _copy(connection, "invoice_event", ("invoice", "state", "cause", "instant"), events)
    await _copy(connection, "decision", ("invoice", "outcome", "reason", "lines", "tag", "instant"), decisions)
    await _copy(connection, "invoice_sealed", ("invoice", "insurer", "month", "acts", "settlement", "copy"), sealed)
    await _copy(
        connection, "guarantee_posting", ("invoice", "operator", "insurer", "bound", "amount", "instant"), postings
    )
    await _copy(connection, "transfer", ("debit", "credit", "amount", "kind", "subject", "instant"), transfers)
    if meetings:
        await connection.execute(KNOWN, blobs(sorted(meetings)), known_until(batch.today))


@lru_cache(maxsize=4096)
def _accounts(operator: str, insurer: str, site: str) -> tuple[str, str]:
    return accounts.owed(operator, insurer), accounts.due(operator, site)


async def _copy(
    connection: asyncpg.Connection[Any], table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    if rows:
        await connection.copy_records_to_table(table, records=rows, columns=columns, schema_name="rempart")
