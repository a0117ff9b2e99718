"""What the keeper opened against what was disclosed: each opening has its disclosure, or it is a surplus.

A pair is (grant digest, day tag); the tag carries insurer, day and person, so equal pairs mean the same person, the
same day, the same sign-in. Pure: streams come in by pieces, instants are arguments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

JOURNAL = "journal"
DISCLOSURE = "disclosure"
OPENED_UNDISCLOSED = "opened-undisclosed"
DISCLOSED_UNJOURNALLED = "disclosed-unjournalled"
HUB_FROZEN = "hub-frozen"

STORED = ("reading",)
"""Purposes of disclosures for which the keeper opens nothing: what is told was decided before, and stands stored."""

Pair = tuple[bytes, bytes]
"""(grant digest of 16 bytes, day tag of 32 bytes)."""


class Sighting(NamedTuple):
    """One opening or one disclosure. `minute` since 1970 by the keeper's clock, `since` when it was read, in µs UTC."""

    side: str
    grant: bytes
    tag: bytes
    purpose: str
    minute: int
    since: int

    @property
    def pair(self) -> Pair:
        """What the other side must hold too."""
        return self.grant, self.tag


@dataclass(slots=True)
class Matching:
    """Sightings of both sides; one of each side with the same pair cancel each other, the oldest first."""

    _waiting: dict[Pair, deque[Sighting]] = field(default_factory=dict)

    def add(self, sightings: Iterable[Sighting]) -> None:
        """Takes them in; their order between the two sides does not matter."""
        waiting = self._waiting
        for sighting in sightings:
            pair = (sighting.grant, sighting.tag)
            there = waiting.get(pair)
            if there is None:
                waiting[pair] = deque((sighting,))
            elif there[0].side == sighting.side:
                there.append(sighting)
            else:
                there.popleft()
                if not there:
                    del waiting[pair]

    def waiting(self) -> Iterator[Sighting]:
        """What has no counterpart yet."""
        for there in self._waiting.values():
            yield from there


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one round found. `undisclosed` was opened and never disclosed, `again` opened more often than disclosed."""

    waiting: tuple[Sighting, ...] = ()
    undisclosed: tuple[Sighting, ...] = ()
    again: tuple[Sighting, ...] = ()
    unjournalled: tuple[Sighting, ...] = ()


def overdue(waiting: Iterable[Sighting], before: int) -> tuple[tuple[Sighting, ...], tuple[Sighting, ...]]:
    """(what was first read at `before` or earlier, the rest)."""
    old: list[Sighting] = []
    young: list[Sighting] = []
    for sighting in waiting:
        (old if sighting.since <= before else young).append(sighting)
    return tuple(old), tuple(young)


def judge(old: Sequence[Sighting], waiting: tuple[Sighting, ...], disclosed: Collection[Pair]) -> Judgement:
    """`disclosed` are the pairs, among the openings of `old`, that some disclosure names: those were opened again."""
    opened = [sighting for sighting in old if sighting.side == JOURNAL]
    return Judgement(
        waiting,
        tuple(sighting for sighting in opened if sighting.pair not in disclosed),
        tuple(sighting for sighting in opened if sighting.pair in disclosed),
        tuple(sighting for sighting in old if sighting.side == DISCLOSURE),
    )


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something an operator must look at; no identity, no site, no tag in it."""

    code: str
    counts: dict[str, int] = field(default_factory=dict)
    context: dict[str, str] = field(default_factory=dict)


def alarms(judgement: Judgement) -> tuple[Alarm, ...]:
    """One alarm per kind of surplus."""
    kinds = ((OPENED_UNDISCLOSED, judgement.undisclosed), (DISCLOSED_UNJOURNALLED, judgement.unjournalled))
    return tuple(_alarm(code, surplus) for code, surplus in kinds if surplus)


def _alarm(code: str, surplus: Sequence[Sighting]) -> Alarm:
    minutes = [sighting.minute for sighting in surplus]
    counts = {
        "items": len(surplus),
        "people": len({sighting.tag for sighting in surplus}),
        "grants": len({sighting.grant for sighting in surplus}),
        "first_minute": min(minutes),
        "last_minute": max(minutes),
    }
    return Alarm(code, counts, {"purposes": ", ".join(sorted({sighting.purpose for sighting in surplus}))})


def must_freeze(undisclosed_a_day: int, above: int) -> bool:
    """Whether what was opened and never disclosed since yesterday (or the last freeze) closes the hub."""
    return undisclosed_a_day > above
