"""A rights file's bytes to the keeper's loader, blocks of sealed rows back; what is counted on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from rempart.sealing.client import KeeperSync
from rempart.sealing.loading import COPY_END, COPY_HEAD, Block, Fed, Feed, Reject
from rempart.worker.rights_outcome import Outcome

_PIECE = 1 << 20


@dataclass(slots=True)
class Count:
    """Gathered while a file streams through."""

    keep: int
    lines: int = 0
    people: int = 0
    records: int = 0
    rejected: int = 0
    warned: int = 0
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[Reject] = field(default_factory=list)
    spared: list[bytes] = field(default_factory=list)
    closings: list[tuple[bytes, int]] = field(default_factory=list)
    batches: dict[int, bytes] = field(default_factory=dict)
    fault: Fed | None = None

    def add(self, block: Block) -> None:
        """One more block."""
        self.lines += block.lines
        self.people += block.people
        self.records += block.records
        self.rejected += len(block.rejects)
        self.warned += len(block.warnings)
        self.rejects += block.rejects[: self.keep - len(self.rejects)]
        self.warnings += block.warnings[: self.keep - len(self.warnings)]
        self.batches |= block.batches
        spared, closings = block.spared, block.closings
        if len(self.spared) < self.keep:
            self.spared += [spared[at : at + 16] for at in range(0, len(spared), 16)]
        for at in range(0, len(closings), 20):
            self.closings.append((closings[at : at + 16], int.from_bytes(closings[at + 16 : at + 20], "big")))


def stream(keeper: KeeperSync, session: bytes, source: BinaryIO, count: Count) -> Iterator[Block]:
    """Blocks in the order of the file; a fault of the body ends them and stands in `count`."""
    wanted, ended = True, False
    while True:
        data = b""
        if wanted and not ended:
            data = source.read(_PIECE)
            ended = len(data) < _PIECE
            feed = Feed(session, data, ended)
        else:
            feed = Feed(session, b"")
        fed: Fed = keeper.call("feed", [feed])[0]
        wanted = fed.wanted
        for block in fed.blocks:
            count.add(block)
            yield block
        if fed.refusal:
            count.fault = fed
            return
        if fed.finished or count.rejected > count.keep:
            return


def counted(outcome: Outcome, count: Count) -> Outcome:
    """The outcome with what was counted."""
    return replace(
        outcome, lines=count.lines, people=count.people, records=count.records, rejected=count.rejected,
        warned=count.warned, rejects=tuple(count.rejects), warnings=tuple(count.warnings),
    )  # fmt: skip


def chunk_of(fault: Fed | None) -> str:
    """Which chunk is at fault, as the field of an outcome."""
    return f"chunks[{fault.chunk}]" if fault is not None and fault.chunk >= 0 else ""


def pieces(references: Any) -> Iterator[bytes]:
    """A spooled COPY, between its head and its end."""
    yield COPY_HEAD
    while piece := references.read(_PIECE):
        yield piece
    yield COPY_END
