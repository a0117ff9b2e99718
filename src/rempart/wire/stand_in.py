"""`rempart-stand-in/1`: an insurer's stand-in rules as signed, kept and read by sites' software.

Two lines: the rules as JSON, then the base64 of the insurer's Ed25519 signature over `rempart-stand-in/1`, a line feed
and the first line without its line end. Whoever caches it keeps both lines as they are.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec

FORMAT = "rempart-stand-in/1"
CACHE_DAYS = 7  # how long after it was fetched a site's software may go by it
MAX_BYTES = 64 * 1024
Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z-]{0,39}\Z")]
Domain = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3,4}\Z")]


class StandInRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is guaranteed: `evidence` the site holds, at most `most` cents an invoice; empty lists mean every one."""

    evidence: Literal["card", "paper", "accreditation"]
    most: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
    professions: tuple[Word, ...] = ()
    domains: tuple[Domain, ...] = ()


class StandIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of one insurer, for care from `starts` to `ends`, both included. A higher sequence replaces a lower."""

    format: Literal["rempart-stand-in/1"]
    insurer: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{10}\Z")]
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    starts: dt.date = msgspec.field(name="from")
    ends: dt.date = msgspec.field(name="to")
    rules: Annotated[tuple[StandInRule, ...], msgspec.Meta(max_length=500)] = ()


_decode = msgspec.json.Decoder(StandIn)


def read_rules(line: bytes) -> StandIn | None:
    """The rules of a first line, None when it is not of this format."""
    try:
        found = _decode.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.starts <= found.ends else None


def signed_bytes(line: bytes) -> bytes:
    """What the insurer signs."""
    return FORMAT.encode() + b"\n" + line
