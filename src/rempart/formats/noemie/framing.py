"""The physical layer: 000 whole, blocks of one flag and 127 characters, the last flagged 1, then 999 whole.

Between 000 and 999 run the entities, each ended by @, cut anywhere by the blocks. The flag of a block that is not the
last is 0 (we write it; the source names only the last one) or blank. Memory is one block and one entity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rempart.formats.noemie.layout import LENGTH, MOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARK: Final = b"@"
_LAST, _MORE = 0x31, (0x30, 0x20)
PAYLOAD: Final = LENGTH - 1


class Entity(NamedTuple):
    """One entity as it stands in the file, without its terminator."""

    raw: bytes

    @property
    def type(self) -> str:
        """Its three first characters, whatever they are; not for messages."""
        return self.raw[:3].decode("latin-1")

    def __repr__(self) -> str:
        return f"Entity({len(self.raw)})"


class Framing:
    """Cuts a stream into entities. After `entities` ends, `fault` is "" or a code of the file."""

    __slots__ = ("_held", "fault")

    def __init__(self) -> None:
        self.fault = ""
        self._held = b""

    def entities(self, blocks: Iterable[bytes]) -> Iterator[Entity]:
        """000, each entity, 999; stops at the first fault of framing."""
        records = self._records(blocks)
        first = next(records, None)
        if first is None:
            self.fault = self.fault or "not-noemie"
            return
        yield Entity(first)
        closed = False
        for record in records:
            if closed:
                yield from self._end(record, records)
                return
            if record[0] not in (_LAST, *_MORE):
                self.fault = "flag-unknown"
                return
            closed = record[0] == _LAST
            payload = record[1:].rstrip(b" ") if closed else record[1:]
            yield from self._split(payload)
            if self.fault:
                return
        self.fault = self.fault or ("file-end-missing" if closed else "last-block-missing")

    def _split(self, payload: bytes) -> Iterator[Entity]:
        *whole, rest = payload.split(MARK)
        for piece in whole:
            raw = self._held + piece
            self._held = b""
            if len(raw) > MOST:
                self.fault = "entity-too-long"
                return
            yield Entity(raw)
        self._held += rest
        if len(self._held) > MOST:
            self.fault = "entity-too-long"

    def _end(self, record: bytes, records: Iterator[bytes]) -> Iterator[Entity]:
        if self._held:
            self.fault = "entity-not-ended"
            return
        yield Entity(record)
        if next(records, None) is not None or self.fault:
            self.fault = "after-end"

    def _records(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        tail = b""
        for block in blocks:
            data = tail + block if tail else bytes(block)
            whole = len(data) // LENGTH * LENGTH
            for at in range(0, whole, LENGTH):
                yield data[at : at + LENGTH]
            tail = data[whole:]
        if tail:
            self.fault = self.fault or "record-cut"


class Blocks:
    """The other way: entities in, blocks out; one block is held back, for only the last carries the flag 1."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = bytearray()

    def add(self, raw: bytes) -> bytes:
        """What is complete after one more entity."""
        self._held += raw + MARK
        out = bytearray()
        while len(self._held) > PAYLOAD:
            out += b"0" + self._held[:PAYLOAD]
            del self._held[:PAYLOAD]
        return bytes(out)

    def end(self) -> bytes:
        """The last block."""
        return b"1" + bytes(self._held).ljust(PAYLOAD)
