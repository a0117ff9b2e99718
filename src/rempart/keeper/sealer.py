"""One sealing process of the loader: blocks of raw lines in, ready PostgreSQL COPY rows out.

It speaks length-prefixed msgpack over the socket it was started with (its standard input) and ends when that closes.
Keys come with each session and go with it. Row layout: sealing.loading; sealed record: docs/formats/sealed-record.md.
"""

from __future__ import annotations

import gc
import hashlib
import re
import secrets
import socket
import struct
import sys
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from rempart.domain.member import MemberRule
from rempart.domain.rights import ClosedLine, Coverage, Key, RightsLine, pack, seen_through
from rempart.formats.rights_file import LineFault, parse_line
from rempart.formats.rights_file.faults import MAX_KEYS
from rempart.sealing.envelope import BatchSealer
from rempart.sealing.identity import encode_identity
from rempart.sealing.loading import PURPOSE, Block, Reject
from rempart.sealing.record import OVERHEAD, IndexKey, pad, person_handle, weigher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REFERENCES_A_BATCH = 100_000
_EPOCH = date(1970, 1, 1).toordinal()
_MONTH_ZERO = 2000 * 12
_REMEMBERED = 8_192  # coverages
RULE_FIELDS = ("case", "spaces", "zeros", "min_length", "max_length", "alphabet")
_REFERENCE = re.compile(rb'"ref"\s*:\s*"([!#-\[\]-~]{1,36})"')
_HEAD = struct.Struct(">hihiqihih")  # 7 columns; then way, formula, since, until with their lengths
_REF_HEAD = struct.Struct(">hiqi")
_SIZE = struct.Struct(">i")
_CLOSING = struct.Struct(">i")
_PERSON_SIZE = _SIZE.pack(16)


class Job(msgspec.Struct, array_like=True, frozen=True):
    """What a sealing process is told. `what` is open, block or drop; the rest is empty where it does not apply."""

    what: str
    session: bytes
    opening: Opening | None = None
    first: int = 0  # number of the block's first line
    lines: bytes = b""


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

    def __repr__(self) -> str:
        return f"Opening({self.insurer})"


class _Known:
    """A coverage made ready once for all the people who have it: the row's first columns by way, padded coverage."""

    __slots__ = ("coverage", "head", "padded")

    def __init__(self, coverage: Coverage, weights: tuple[int, int, int], padded: bytes) -> None:
        self.coverage = coverage
        since, until, formula = weights
        self.head = tuple(_HEAD.pack(7, 2, way, 8, formula, 2, since, 2, until) for way in range(MAX_KEYS))
        self.padded = padded


class Session:
    """Seals the blocks of one file."""

    def __init__(self, opening: Opening) -> None:
        self._insurer = opening.insurer
        self._index = IndexKey(opening.insurer, opening.version, opening.index)
        self._person: Callable[[bytes], bytes] = person_handle(opening.person)
        self._weigh = weigher(opening.weigh)
        self._public = opening.hpke_public
        self._size = opening.size
        self._delta = opening.delta
        self._rule = msgspec.convert(
            dict(zip(RULE_FIELDS, opening.rule, strict=True)),
            MemberRule,
        )  # fmt: skip
        self._payload_size = _SIZE.pack(opening.size + OVERHEAD)
        self._known: dict[int, _Known] = {}
        self._batch = 0
        self._sealer: BatchSealer | None = None
        self._sealed = 0

    def __repr__(self) -> str:
        return f"Session({self._insurer})"

    def block(self, lines: Sequence[bytes], first: int) -> Block:
        """The rows of these raw lines; `first` is the number of the first of them."""
        rows: list[bytes] = []
        references: list[bytes] = []
        spared: list[bytes] = []
        closings: list[bytes] = []
        rejects: list[Reject] = []
        warnings: list[Reject] = []
        batches: dict[int, bytes] = {}
        rule, delta = self._rule, self._delta
        people = 0
        for number, raw in enumerate(lines, start=first):
            line = parse_line(raw, number, rule, delta=delta)
            if isinstance(line, RightsLine):
                reference = line.reference.encode()
                person = self._person(reference)
                fault = self._records(line, person, rows)
                if fault is None:
                    people += 1
                    references.append(self._reference(reference, person, batches))
                    if line.warnings:
                        warnings += [Reject(number, "keys", code) for code in line.warnings]
                    continue
                line = LineFault(number, "coverage", fault)
            if isinstance(line, ClosedLine):
                day = line.day.toordinal() + 1 - _EPOCH
                closings.append(self._person(line.reference.encode()) + _CLOSING.pack(day))
                people += 1
                continue
            rejects.append(Reject(line.line, line.field, line.code))
            if not delta and (found := _REFERENCE.search(raw)) is not None:
                spared.append(self._person(found.group(1)))
        return Block(
            b"".join(rows), b"".join(references), batches, b"".join(spared), b"".join(closings), tuple(rejects),
            tuple(warnings), len(lines), people, len(rows),
        )  # fmt: skip

    def _records(self, line: RightsLine, person: bytes, rows: list[bytes]) -> str | None:
        """Adds one sealed row for each way of presenting; a code when the coverage cannot be held."""
        known = self._known.get(id(line.coverage))
        if known is None or known.coverage is not line.coverage:
            ready = self._ready(line.coverage)
            if isinstance(ready, str):
                return ready
            known = ready
        seal, head, size, padded = self._index.seal, known.head, self._payload_size, known.padded
        subject = _PERSON_SIZE + person + _PERSON_SIZE
        for _, _, _, _, start, end in line.keys:
            if start is not None or end is not None:
                return self._dated_records(line, person, rows, known=known)
        for way, (member, nir, birth, rank, _, _) in enumerate(line.keys):
            identity = encode_identity(self._insurer, member, nir, birth, rank=rank)
            record, payload = seal(identity, person, padded)  # type: ignore[arg-type]  # a checked line has a canonical identity
            rows.append(b"".join((head[way], subject, record, size, payload)))
        return None

    def _dated_records(self, line: RightsLine, person: bytes, rows: list[bytes], *, known: _Known) -> str | None:
        """The same for a line some of whose ways have dates of their own."""
        made = []
        for way, (identity, coverage) in enumerate(self._dated_ways(line, self._insurer)):
            ready = known if coverage is None else self._ready(coverage, remember=False)
            if isinstance(ready, str):
                return ready
            record, payload = self._index.seal(identity, person, ready.padded)
            made.append(
                b"".join((known.head[way], _PERSON_SIZE, person, _PERSON_SIZE, record, self._payload_size, payload))
            )
        rows += made
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

    def _ready(self, coverage: Coverage, *, remember: bool = True) -> _Known | str:
        try:
            padded = pad(pack(coverage), self._size)
        except ValueError:
            return "coverage-unpackable"
        if padded is None:
            return "coverage-too-long"
        made = _Known(coverage, self._weights(coverage), padded)
        if remember:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[id(coverage)] = made
        return made

    def _weights(self, coverage: Coverage) -> tuple[int, int, int]:
        """Months since and until which every domain is open, and the keyed MAC of what is open, without dates."""
        first: dict[str, date] = {}
        last: dict[str, date] = {}
        parts = [str(coverage.rank), coverage.product, coverage.level, coverage.kind]
        for period in coverage.periods:
            first[period.domain] = min(period.start, first.get(period.domain, date.max))
            last[period.domain] = max(period.end, last.get(period.domain, date.min))
        parts += sorted({f"{period.domain}={period.formula}" for period in coverage.periods})
        formula = int.from_bytes(self._weigh(parts), "big", signed=True)
        return _month(max(first.values())), _month(min(last.values())), formula

    def _reference(self, reference: bytes, person: bytes, batches: dict[int, bytes]) -> bytes:
        if self._sealer is None or self._sealed >= REFERENCES_A_BATCH:
            self._batch = secrets.randbits(63)
            self._sealer = BatchSealer(self._public, PURPOSE)
            self._sealed = 0
            batches[self._batch] = self._sealer.wrapped
        self._sealed += 1
        sealed = self._sealer.seal(reference, bound_to(person))
        head = _REF_HEAD.pack(3, 8, self._batch, 16)
        return b"".join((head, person, _SIZE.pack(len(sealed)), sealed))


def bound_to(person: bytes) -> bytes:
    """What a sealed reference is bound to, 16 bytes: it may go to the insurer, the person's handle may not."""
    return hashlib.sha256(person).digest()[:16]


def _identity(insurer: str, key: Key) -> bytes:
    identity = encode_identity(insurer, key.member, key.nir, key.birth, rank=key.rank)
    if identity is None:
        raise ValueError("a checked line has a canonical identity")
    return identity


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1 - _MONTH_ZERO


def main() -> int:
    """Works until its socket closes."""
    with socket.socket(fileno=0) as wire:
        serve(wire)
    return 0


def serve(wire: socket.socket) -> None:
    """Answers each block with a `Block`, in order; the other jobs have no answer."""
    gc.disable()  # lines leave no cycles; a faulty one's exception does, and is collected between blocks
    sessions: dict[bytes, Session] = {}
    decode = msgspec.msgpack.Decoder(Job).decode
    encode = msgspec.msgpack.Encoder().encode
    stream = wire.makefile("rb", buffering=1 << 20)
    while len(head := stream.read(4)) == 4:
        body = stream.read(int.from_bytes(head, "big"))
        job = decode(body)
        if job.what == "open" and job.opening is not None:
            sessions[job.session] = Session(job.opening)
        elif job.what == "drop":
            sessions.pop(job.session, None)
        elif job.what == "block":
            answer = encode(sessions[job.session].block(job.lines.split(b"\n"), job.first))
            wire.sendall(len(answer).to_bytes(4, "big") + answer)
            gc.collect(0)


if __name__ == "__main__":
    sys.exit(main())
