"""POST /v1/insurer/record-check: an insurer asks what the hub holds of a person it names, and from which file."""

from __future__ import annotations

import msgspec

LABEL = b"rempart-record-check/1\n"


class RecordStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the insurer signs, canonical: `birth` AAMMJJ, `nir` 13 characters, `made` seconds since 1970."""

    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    care: str
    made: int

    def __repr__(self) -> str:
        return "RecordStatement(…)"


class RecordCheckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The statement's bytes, and the Ed25519 signature over LABEL and them by the key of the rights files."""

    statement: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "RecordCheckRequest(…)"


class HeldPeriod(msgspec.Struct, frozen=True):
    """One domain open from `start` to `end`, both included."""

    domain: str
    start: str
    end: str
    formula: str


class RightsFileNamed(msgspec.Struct, frozen=True):
    """A rights file: full or delta, its sequence, SHA-256 of its signed header line, when it was received."""

    kind: str
    sequence: int
    digest: str
    received: str


class RecordCheckAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`answer` is what a site that holds strong evidence is told: covered, closed or not-confirmed.

    `file` is the last one that changed the record. `wrapped` and `reference` open to the insurer's own reference of the
    person, by which it finds the line in that file. `provisional`: a newborn that no file names yet, covered up to
    `ceiling` cents in all; then record, file and reference are the parent's.
    """

    answer: str
    product: str = ""
    level: str = ""
    kind: str = ""
    closed: str = ""
    periods: tuple[HeldPeriod, ...] = ()
    file: RightsFileNamed | None = None
    wrapped: bytes = b""
    reference: bytes = b""
    bound: bytes = b""
    provisional: bool = False
    ceiling: int = 0
