"""What the loader makes of a rights file's lines: sealed PostgreSQL COPY rows, sealed references, rejects.

Row layout: sealing.loading; sealed record: docs/formats/sealed-record.md. A load does this 33 million times, so lines
in their usual spelling go from bytes to bytes; whatever else a line may be is parsed, and gives the same rows.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import struct
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from rempart.domain.member import MemberRule
from rempart.domain.rights import ClosedLine, Coverage, Key, RightsLine, seen_through
from rempart.formats.rights_file import LineFault, parse_line, usual_start
from rempart.sealing.envelope import BatchSealer
from rempart.sealing.identity import encode_card, encode_identity, identity_writer
from rempart.sealing.loading import PURPOSE, Block, Reject
from rempart.sealing.record import OVERHEAD, IndexKey, person_handle, weigher

from .coverages import Coverages, Ready
from .newborns import Newborns, keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REFERENCES_A_BATCH = 100_000  # and the rest of the block that reaches it
_EPOCH = date(1970, 1, 1).toordinal()
RULE_FIELDS = ("case", "spaces", "zeros", "min_length", "max_length", "alphabet")
_REFERENCE = re.compile(rb'"ref"\s*:\s*"([!#-\[\]-~]{1,36})"')
_SIZE = struct.Struct(">i")
_KEY_SIZE = _SIZE.pack(16)
_REF_HEAD = struct.Struct(">hiqi")
_CLOSING = struct.Struct(">i")


class Opening(msgspec.Struct, array_like=True, frozen=True):
    """Keys and rule of one session. Never printed."""

    insurer: str
    version: int
    index: bytes
    person: bytes
    weigh: bytes
    hpke_public: bytes
    size: int
    delta: bool
    rule: tuple[str, str, str, int, int, str]
    day: int = 0  # ordinal of the civil day on which the insurer made the file

    def __repr__(self) -> str:
        return f"Opening({self.insurer})"


@dataclass(slots=True)
class _Made:
    """What a block became so far; rows in pieces, people as (reference, person)."""

    rows: list[bytes] = field(default_factory=list)
    people: list[tuple[bytes, bytes]] = field(default_factory=list)
    spared: list[bytes] = field(default_factory=list)
    closings: list[bytes] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[Reject] = field(default_factory=list)
    batches: dict[int, bytes] = field(default_factory=dict)
    records: int = 0


class Session:
    """Seals the blocks of one file."""

    def __init__(self, opening: Opening) -> None:
        self._insurer = opening.insurer
        self._seal = IndexKey(opening.insurer, opening.version, opening.index).seal
        self._identity = identity_writer(opening.insurer)
        self._person: Callable[[bytes], bytes] = person_handle(opening.person)
        self._coverages = Coverages(weigher(opening.weigh), opening.size)
        self._at_end = self._coverages.at_end
        self._public = opening.hpke_public
        self._delta = opening.delta
        self._rule = msgspec.convert(dict(zip(RULE_FIELDS, opening.rule, strict=True)), MemberRule)
        self._start = usual_start(self._rule, delta=opening.delta)
        self._newborns = Newborns(opening.insurer, opening.person, opening.day)
        self._young = self._newborns.years.__contains__
        self._before_payload = _SIZE.pack(opening.size + OVERHEAD)
        self._batch_head = b""
        self._sealer: BatchSealer | None = None
        self._sealed = 0

    def __repr__(self) -> str:
        return f"Session({self._insurer})"

    def block(self, lines: Sequence[bytes], first: int) -> Block:
        """The rows of these raw lines; `first` is the number of the first of them."""
        made = _Made()
        start, usual = self._start, self._usual
        for number, raw in enumerate(lines, start=first):
            found = start(raw)
            if found is None or not usual(raw, found, made):
                self._parsed(raw, number, made)
        references = self._references(made) if made.people else b""
        return Block(
            b"".join(made.rows), references, made.batches, b"".join(made.spared), b"".join(made.closings),
            tuple(made.rejects), tuple(made.warnings), len(lines), len(made.people) + len(made.closings), made.records,
        )  # fmt: skip

    def _usual(self, raw: bytes, found: re.Match[bytes], made: _Made) -> bool:
        """Adds what a line in its usual spelling becomes; False when it must be parsed after all."""
        end = raw[found.end() :]
        known = self._at_end(end) or self._coverages.learn(end)
        if known is None:
            return False
        (
            reference, member, nir, birth, rank, card, member2, nir2, birth2, rank2, card2,
            member3, nir3, birth3, rank3, card3,
        ) = found.groups()  # fmt: skip
        identity = self._identity
        if rank2 is None:
            ways = [identity(member, nir, birth, rank)]
        else:
            ways = [identity(member, nir, birth, rank), identity(member2, nir2, birth2, rank2)]
            if rank3 is not None:
                ways.append(identity(member3, nir3, birth3, rank3))
            if len(set(ways)) != len(ways):
                return False
        person = self._person(reference)
        if (card or card2 or card3) and not self._usual_cards(found.groups()[1:], person, known, made):
            return False
        if known.coverage.newborns or self._young(birth[:2]):
            self._family(keys_of(found.groups()[1:]), ways, (person, known), made)
        else:
            self._add(ways, person, known, made)
        made.people.append((reference, person))
        return True

    def _family(
        self, keys: Sequence[Key], ways: Sequence[bytes], who: tuple[bytes, Ready], made: _Made
    ) -> None:  # fmt: skip
        """The rows of a young child, under the name it had as a newborn, or of a parent, with the way of newborns."""
        person, known = who
        handle = self._newborns.handle(keys)
        padded = known.padded if handle is None else self._coverages.stamped(known, handle)
        rows = [(head, identity, padded) for head, identity in zip(known.heads, ways, strict=False)]
        if known.coverage.newborns:
            rows += [(known.head_newborn, identity, known.padded) for identity in self._newborns.ways(keys)]
        self._rows(rows, person, made)

    def _rows(self, rows: Sequence[tuple[bytes, bytes, bytes]], person: bytes, made: _Made) -> None:
        for head, identity, padded in rows:
            record, payload = self._seal(identity, person, padded)
            made.rows += (head, person, _KEY_SIZE, record, self._before_payload, payload)
        made.records += len(rows)

    def _add(self, ways: Sequence[bytes], person: bytes, known: Ready, made: _Made) -> None:
        """One sealed row for each way of presenting."""
        seal, rows, padded, before_payload = self._seal, made.rows, known.padded, self._before_payload
        for identity, head in zip(ways, known.heads):  # noqa: B905 - heads are made for as many ways as a line may have
            record, payload = seal(identity, person, padded)
            rows += (head, person, _KEY_SIZE, record, before_payload, payload)
        made.records += len(ways)

    def _references(self, made: _Made) -> bytes:
        """The sealed references of a block's people, for the insurer alone; their keys are told in `batches`."""
        sealer = self._sealer
        if sealer is None or self._sealed >= REFERENCES_A_BATCH:
            batch = secrets.randbits(63)
            sealer = self._sealer = BatchSealer(self._public, PURPOSE)
            made.batches[batch] = sealer.wrapped
            self._batch_head = _REF_HEAD.pack(3, 8, batch, 16)
            self._sealed = 0
        self._sealed += len(made.people)
        seal, head = sealer.seal, self._batch_head
        pieces: list[bytes] = []
        for reference, person in made.people:
            sealed = seal(reference, bound_to(person))
            pieces += (head, person, _SIZE.pack(len(sealed)), sealed)
        return b"".join(pieces)

    def _parsed(self, raw: bytes, number: int, made: _Made) -> None:
        """Adds what any line becomes."""
        line = parse_line(raw, number, self._rule, delta=self._delta)
        if isinstance(line, RightsLine):
            reference = line.reference.encode()
            person = self._person(reference)
            fault = self._records(line, person, made)
            if fault is None:
                made.people.append((reference, person))
                made.warnings += [Reject(number, "keys", code) for code in line.warnings]
                return
            line = LineFault(number, "coverage", fault)
        if isinstance(line, ClosedLine):
            day = line.day.toordinal() + 1 - _EPOCH
            made.closings.append(self._person(line.reference.encode()) + _CLOSING.pack(day))
            return
        made.rejects.append(Reject(line.line, line.field, line.code))
        if not self._delta and (found := _REFERENCE.search(raw)) is not None:
            made.spared.append(self._person(found.group(1)))

    def _records(self, line: RightsLine, person: bytes, made: _Made) -> str | None:
        """Adds one sealed row for each way of presenting; a code when the coverage cannot be held."""
        known = self._coverages.of(line.coverage)
        if isinstance(known, str):
            return known
        fault = self._cards(line, person, known, made)
        if fault is not None:
            return fault
        if any(key.start is not None or key.end is not None for key in line.keys):
            return self._dated_records(line, person, known, made)
        ways = [_identity(self._insurer, key) for key in line.keys]
        if line.coverage.newborns or self._young(line.keys[0].birth[:2].encode()):
            self._family(line.keys, ways, (person, known), made)
        else:
            self._add(ways, person, known, made)
        return None

    def _usual_cards(self, groups: Sequence[bytes | None], person: bytes, known: Ready, made: _Made) -> bool:
        """The rows of the cards of a usual line; False when one comes twice."""
        cards = [each for each in groups[4::5] if each is not None]
        if len(set(cards)) != len(cards):
            return False
        young = any(self._young(birth[:2]) for birth in groups[2::5] if birth is not None)
        padded = self._stamped(keys_of(groups), known) if young else known.padded
        handles = [base64.urlsafe_b64decode(each + b"==") for each in cards]
        self._rows([(known.head_card, encode_card(self._insurer, each), padded) for each in handles], person, made)
        return True

    def _stamped(self, keys: Sequence[Key], ready: Ready) -> bytes:
        """What is sealed: of a young child, under the handle by which it is counted."""
        handle = self._newborns.handle(keys)
        return ready.padded if handle is None else self._coverages.stamped(ready, handle)

    def _cards(self, line: RightsLine, person: bytes, known: Ready, made: _Made) -> str | None:
        """One more row for each signed card, found by its handle; its rights are those of the way that it presents."""
        rows = []
        for key in line.keys:
            coverage = seen_through(line.coverage, key) if key.card else None
            if coverage is None:
                continue
            ready = known if coverage == line.coverage else self._coverages.once(coverage)
            if isinstance(ready, str):
                return ready
            rows.append((known.head_card, encode_card(self._insurer, key.card), self._stamped(line.keys, ready)))
        self._rows(rows, person, made)
        return None

    def _dated_records(self, line: RightsLine, person: bytes, known: Ready, made: _Made) -> str | None:
        """The same for a line some of whose ways have dates of their own."""
        rows = []
        handle = self._newborns.handle(line.keys)
        for head, (identity, coverage) in zip(known.heads, self._dated_ways(line, self._insurer), strict=False):
            ready = known if coverage is None else self._coverages.once(coverage)
            if isinstance(ready, str):
                return ready
            rows.append((head, identity, ready.padded if handle is None else self._coverages.stamped(ready, handle)))
        if line.coverage.newborns:
            undated = [key for key in line.keys if key.start is None and key.end is None]
            rows += [(known.head_newborn, identity, known.padded) for identity in self._newborns.ways(undated)]
        self._rows(rows, person, made)
        return None

    @staticmethod
    def _dated_ways(line: RightsLine, insurer: str) -> list[tuple[bytes, Coverage | None]]:
        """Ways with dates of their own: the same identity named twice shows the periods of both."""
        seen: dict[bytes, Coverage] = {}
        for key in line.keys:
            coverage = seen_through(line.coverage, key)
            if coverage is None:
                continue
            identity = _identity(insurer, key)
            before = seen.get(identity)
            if before is not None:
                both = sorted({*before.periods, *coverage.periods}, key=lambda p: (p.domain, p.start, p.end))
                coverage = replace(coverage, periods=tuple(both))
            seen[identity] = coverage
        return [(identity, None if coverage == line.coverage else coverage) for identity, coverage in seen.items()]


def bound_to(person: bytes) -> bytes:
    """What a sealed reference is bound to, 16 bytes: it may go to the insurer, the person's handle may not."""
    return hashlib.sha256(person).digest()[:16]


def _identity(insurer: str, key: Key) -> bytes:
    identity = encode_identity(insurer, key.member, key.nir, key.birth, rank=key.rank)
    if identity is None:
        raise ValueError("a checked line has a canonical identity")
    return identity
