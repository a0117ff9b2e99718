"""A chunk of a batch: its questions go through the same door as one asked at a counter.

derive → one read → open → decide → seal both answers each may get → settle, and keep the one it let pass: one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rempart.application.eligibility import EPOCH, Answer, Ports, Question, Weighed, told, weigh
from rempart.application.ports import Settle
from rempart.application.together import Unavailable

APPOINTMENTS = "appointments"
"""The purpose of a question that comes in a batch: a budget of its own, and its own word in the log."""
SPENT = "appointments-budget-spent"
ANSWERED_BY = 255
"""Stands where a question id names the hub: no hub has this number. No two of its questions have one instant."""
_PASSING = frozenset({"meter-rate", "ticket-expired", "bad-ticket", "clock-apart", "grant-expired"})
"""Refusals that are about the moment: the chunk is taken up again."""


class Chunk(NamedTuple):
    """Some questions of one batch, sealed; `numbers` are the site's own."""

    batch: bytes
    place: int
    client: str
    site: str
    numbers: tuple[int, ...]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Settling:
    """What one commit gets: (care day, day of asking, client) caps, a line an item, both its answers, and refusals."""

    caps: tuple[int, int, int]
    grant_id: bytes = b""
    numbers: Sequence[int] = ()
    care_days: Sequence[int] = ()
    shown: Sequence[bytes] = ()
    shown_known: Sequence[bytes] = ()
    lines: Sequence[Settle] = ()
    refused: Sequence[tuple[int, str]] = field(default=())


class Sealer(Protocol):
    """The keeper's box: what waits for who asked."""

    async def seal(self, authority: bytes, batch: bytes, contents: Sequence[tuple[int, bytes]]) -> Sequence[bytes]: ...


Pack = Callable[[Question, Answer], bytes]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a lane asks through, and how answers are kept."""

    ports: Ports
    sealer: Sealer
    pack: Pack


async def weighed(
    needs: Needs, chunk: Chunk, items: Sequence[tuple[int, Question]], caps: tuple[int, int, int]
) -> Settling:
    """All that the commit needs; nothing is settled yet. `items` share one caller. Raises `Unavailable`."""
    questions = [question for _, question in items]
    found = await weigh(needs.ports, questions)
    if not _PASSING.isdisjoint(found.refusals):
        raise Unavailable("keeper")
    caller = questions[0].caller
    places = [ready[0] for ready in found.ready]
    shown = [each for known in (False, True) for each in _shown(found, items, needs.pack, known=known)]
    sealed = await needs.sealer.seal(caller.grant, chunk.batch, shown) if shown else ()
    refused = [(items[place][0], _said(code)) for place, code in enumerate(found.refusals) if code]
    return Settling(
        caps, caller.grant_id, [items[place][0] for place in places],
        [questions[place].care.toordinal() - EPOCH for place in places],
        sealed[: len(places)], sealed[len(places) :], found.lines, refused,
    )  # fmt: skip


def _shown(
    found: Weighed, items: Sequence[tuple[int, Question]], pack: Pack, *, known: bool
) -> list[tuple[int, bytes]]:
    shown = []
    for ready in found.ready:
        number, question = items[ready[0]]
        shown.append((number, pack(question, told(ready, "ok", known=known))))
    return shown


def _said(code: str) -> str:
    """A keeper's refusal as the API knows it."""
    if code.startswith("meter-"):
        return "meter"
    if code.startswith("identity-fields:"):
        return "invalid-fields"
    return code if code == "nir-required" or code.startswith("identity-") else "unavailable"
