"""Counters in the database: reading, and the locked part of a batch's commit.

`settle_counters` locks the rows in one order, decides again by the locked figures what reads a counter, and tells apart
what may be written from what is now decided otherwise. Entries carry the counter's key, so that cancelling needs no
identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from rempart.application.authorizations import Hold
from rempart.application.counting import CounterKeys, Figures, Place, Taken, places_of, uses_of
from rempart.application.invoice_records import DECIDED, Accredited, Decided
from rempart.application.ports import Row, Unavailable
from rempart.domain.allowances import CounterKey, CounterNeed
from rempart.storage.copies import EPOCH
from rempart.storage.door import Database

TAKEN = "select used, held from rempart.counters_taken($1::bytea[], $2::bool[], $3::int[], $4::int[])"
HELD_BY = "select distinct counter from rempart.counter_entry where request = any($1::uuid[])"
LOCK = "select rempart.lock_counters($1::bytea[])"
HOLD = (
    "select rempart.hold_counters($1::uuid, $2::uuid, $3::bytea[], $4::bool[], $5::int[], $6::int[], $7::bigint[], "
    "$8::bigint[], $9::int[], $10::int, $11::bigint)"
)
SPENT = ("counter", "kind", "invoice", "amount", "day", "instant")


async def taken(database: Database, places: Sequence[Place]) -> list[Taken]:
    """What is used and held of each, in order. Raises `Unavailable`."""
    return [Taken(*row) for row in await database.fetch(TAKEN, *columns(places))]


def columns(places: Sequence[Place]) -> tuple[list[bytes], list[bool], list[int], list[int]]:
    """Keys, whether they roll, first and last days since 1970."""
    return (
        [place.key for place in places], [place.need.rolling for place in places],
        [place.need.period_start.toordinal() - EPOCH for place in places],
        [place.need.period_end.toordinal() - EPOCH for place in places],
    )  # fmt: skip


class HeldAllowances:
    """The `Allowances` port of authorizations, over the keeper's keys and one database connection."""

    def __init__(self, keys: CounterKeys, database: Database) -> None:
        self._keys = keys
        self._database = database

    async def places(self, ticket: bytes, row: Row, needs: Sequence[CounterNeed]) -> tuple[Place, ...]:
        """The needs with their keys."""
        (found,) = await places_of(self._keys, [(ticket, row, needs)])
        return found

    async def left(self, places: Sequence[Place]) -> Mapping[CounterKey, int]:
        """What was not used, held or not."""
        used = await taken(self._database, places)
        return Figures({place: each.used for place, each in zip(places, used, strict=True)}).left(places)

    async def hold(self, hold: Hold) -> date | None:
        """None when all is held. Raises `Unavailable` when it was spent since it was read: to be asked again."""
        amounts: dict[Place, int] = {}
        for place, use in hold.uses:
            amounts[place] = amounts.get(place, 0) + use.amount
        days = {place: use.day.toordinal() - EPOCH for place, use in hold.uses}
        replaces = UUID(bytes=hold.replaces) if hold.replaces else None
        rows = await self._database.fetch(
            HOLD, UUID(bytes=hold.authorization), replaces, *columns(list(amounts)),
            [place.need.limit for place in amounts], list(amounts.values()), [days[place] for place in amounts],
            hold.until.toordinal() - EPOCH, hold.instant,
        )  # fmt: skip
        until = rows[0][0]
        if until == 0:
            raise Unavailable("counters")
        return date.fromordinal(until + EPOCH) if until is not None else None


class EstimateFacts:
    """The `EstimateBooks` port over one database connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def taken(self, places: Sequence[Place]) -> list[Taken]:
        """What is used and held of each counter, in order."""
        return await taken(self._database, places)

    async def accreditation(self, hashed: bytes) -> Accredited | None:
        """The stored accreditation, when there is one."""
        rows = await self._database.fetch(
            "select mac, site, domains, first_day, last_day from rempart.accreditation where hash = $1", hashed
        )
        return Accredited(*rows[0]) if rows else None


async def settle_counters(
    connection: asyncpg.Connection[Any], decided: Sequence[Decided]
) -> tuple[list[Decided], list[Decided]]:
    """In the commit's transaction, before anything else: (what may be written, what is now decided otherwise).

    The second have their fresh decision and the copies of the former one. Nearly always nothing counts, and this asks
    nothing.
    """
    counting = [one for one in decided if one.counted is not None and one.state in DECIDED]
    requests = [UUID(bytes=one.authorization) for one in decided if one.authorization]
    if not counting and not requests:
        return list(decided), []
    places = list(dict.fromkeys(place for one in counting if one.counted is not None for place in one.counted.places))
    keys = {place.key for place in places}
    if requests:
        keys |= {row[0] for row in await connection.fetch(HELD_BY, requests)}
    if not keys:
        return list(decided), []
    await connection.execute(LOCK, list(keys))
    rows = await connection.fetch(TAKEN, *columns(places)) if places else []
    figures = Figures({place: used + held for place, (used, held) in zip(places, rows, strict=True)})
    good: list[Decided] = []
    stale: list[Decided] = []
    for one in decided:
        fresh = _again(one, figures)
        (good if fresh is one else stale).append(fresh)
    return good, stale


def _again(one: Decided, figures: Figures) -> Decided:
    """The same object when the locked figures decide it the same."""
    counted = one.counted
    if counted is None or one.state not in DECIDED:
        return one
    decision = counted.decide(figures.left(counted.places))
    if decision == one.decision:
        figures.take(counted.places, decision)
        return one
    return one._replace(decision=decision, state=decision.outcome, reason=decision.reason)


async def spend(connection: asyncpg.Connection[Any], decided: Sequence[Decided], instant: int) -> None:
    """Entries of what was accepted and written; what an authorization held is drawn by the invoice that claims it."""
    rows = [
        (place.key, "spend", UUID(bytes=one.submitted.identity), use.amount, use.day.toordinal() - EPOCH, instant)
        for one in decided
        if one.counted is not None and one.state == "accepted"
        for place, use in uses_of(one.counted.places, one.decision)
    ]
    if rows:
        await connection.copy_records_to_table("counter_entry", records=rows, columns=SPENT, schema_name="rempart")
