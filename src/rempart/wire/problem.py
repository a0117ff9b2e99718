"""Problem documents, RFC 9457 (2023): what every refusal of the API looks like. No value presented is echoed."""

from __future__ import annotations

import msgspec

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field at fault: its path in the request and a stable code, never its content."""

    field: str
    code: str


class ClosureTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which compartment is closed or restricted, since when, and what the public is told; instants ISO 8601, UTC.

    `reopens` is when it is expected to open, "" when nobody knows; `retry_after` the seconds until then.
    """

    compartment: str
    state: str
    since: str
    french: str
    english: str
    reopens: str = ""
    retry_after: int = 0


class TurnTold(msgspec.Struct, frozen=True):
    """While a portal reopens in waves: a site's `place` of about `of` sites, and from when it may come, UTC."""

    place: int
    of: int
    opens: str
    retry_after: int


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """`type` names the kind of problem, `code` the stable kebab-case; `title` and `detail` are for people."""

    title: str
    status: int
    code: str
    type: str = "about:blank"
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    closure: ClosureTold | None = None
    turn: TurnTold | None = None


_ENCODER = msgspec.json.Encoder()


def encode(problem: Problem) -> bytes:
    """The document's bytes, of media type `MEDIA_TYPE`."""
    return _ENCODER.encode(problem)
