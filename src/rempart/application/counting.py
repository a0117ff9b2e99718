"""Counters on their way into a decision: their keys from the keeper, what is left of each, what a batch has taken.

Figures are read before a decision and again under the rows' locks when it is written; what differs is decided again.
Nobody holds a lock while the keeper works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from rempart.application.ports import Row
from rempart.domain.allowances import CounterKey, CounterNeed, CounterUse
from rempart.domain.decision import Decision
from rempart.domain.rights import Coverage


class CountersAsk(NamedTuple):
    """The fields of the keeper's `counters`, in its order."""

    ticket: bytes
    version: int
    payload: bytes
    person: bytes
    labels: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"CountersAsk({len(self.labels)} labels)"


class Place(NamedTuple):
    """A counter's key in storage (16 bytes), and the need that it answers."""

    key: bytes
    need: CounterNeed


class Taken(NamedTuple):
    """Cents or units used, and held by agreed authorizations."""

    used: int
    held: int


class CounterKeys(Protocol):
    """The keeper's side: one key a label, for each asked. Raises `Unavailable`."""

    async def counters(self, items: Sequence[CountersAsk]) -> Sequence[Sequence[bytes]]: ...


class CounterBooks(Protocol):
    """What the database counts. Raises `Unavailable`."""

    async def taken(self, places: Sequence[Place]) -> Sequence[Taken]: ...


class Counted(NamedTuple):
    """What an invoice's decision rests on: `decide` gives it for what is left; the rest is for sealing it anew."""

    places: tuple[Place, ...]
    decide: Callable[[Mapping[CounterKey, int]], Decision]
    ticket: bytes
    person: bytes
    coverage: Coverage | None = None

    def __repr__(self) -> str:
        return f"Counted({len(self.places)} counters)"


def label_of(need: CounterNeed) -> tuple[str, str]:
    """How the keeper names it: a counter that rolls has one key whatever the period."""
    return need.counter, "" if need.rolling else f"{need.period_start}/{need.period_end}"


async def places_of(
    keeper: CounterKeys, asked: Sequence[tuple[bytes, Row, Sequence[CounterNeed]]]
) -> list[tuple[Place, ...]]:
    """For each (ticket, row found, needs) the needs with their keys."""
    items = [
        CountersAsk(ticket, row.version, row.payload, row.person, tuple(label_of(need) for need in needs))
        for ticket, row, needs in asked
    ]
    found = await keeper.counters(items) if items else ()
    return [
        tuple(Place(key, need) for key, need in zip(keys, needs, strict=True))
        for keys, (_, _, needs) in zip(found, asked, strict=True)
    ]


class Figures:
    """What is left of counters while one batch is decided or written: what was read, less what the batch takes."""

    def __init__(self, taken: Mapping[Place, int]) -> None:
        self._taken = taken
        self._uses: dict[bytes, list[tuple[date, int]]] = {}

    def left(self, places: Iterable[Place]) -> dict[CounterKey, int]:
        """As `adjudicate` takes it; never below zero."""
        return {place.need.key: max(place.need.limit - self._of(place), 0) for place in places}

    def take(self, places: Sequence[Place], decision: Decision) -> None:
        """Counts what the decision uses against those that follow."""
        for place, use in uses_of(places, decision):
            self._uses.setdefault(place.key, []).append((use.day, use.amount))

    def _of(self, place: Place) -> int:
        need = place.need
        uses = self._uses.get(place.key, ())
        within = [amount for day, amount in uses if not need.rolling or need.period_start <= day <= need.period_end]
        return self._taken.get(place, 0) + sum(within)


def uses_of(places: Sequence[Place], decision: Decision) -> list[tuple[Place, CounterUse]]:
    """What an accepted decision takes from each counter; nothing otherwise."""
    if decision.outcome != "accepted":
        return []
    named = {place.need.key: place for place in places}
    return [(named[use.key], use) for use in decision.uses if use.amount > 0 and use.key in named]


async def figures_of(books: CounterBooks, places: Iterable[Place]) -> Figures:
    """Figures as the database has them now; what authorizations hold is not free."""
    wanted = list(dict.fromkeys(places))
    taken = await books.taken(wanted) if wanted else ()
    return Figures({place: used + held for place, (used, held) in zip(wanted, taken, strict=True)})
