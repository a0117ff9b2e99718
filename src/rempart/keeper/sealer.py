"""One sealing process of the loader: blocks of raw lines in, ready PostgreSQL COPY rows out.

It speaks length-prefixed msgpack over the socket it was started with (its standard input) and ends when that closes.
Keys come with each session and go with it.
"""

from __future__ import annotations

import gc
import socket
import sys

import msgspec

from .rows import Opening, Session


class Job(msgspec.Struct, array_like=True, frozen=True):
    """What a sealing process is told. `what` is open, block or drop; the rest is empty where it does not apply."""

    what: str
    session: bytes
    opening: Opening | None = None
    first: int = 0  # number of the block's first line
    lines: bytes = b""


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
