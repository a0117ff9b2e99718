"""`/v1/desk/enrolments…` and an agent's recovery of an account: who joins, and who is let back in.

No name and no account number: the document is sealed to the operator's own key, which no hub has. Instants are ISO 8601
in UTC, "" when there is none.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rempart.wire.account import PasskeyProof

Answer = Literal["refused", "documents"]


class DeskEnrolmentStep(msgspec.Struct, frozen=True):
    """One step. `by`: person, clock, operator (the command line), or the account of an agent."""

    state: str
    by: str
    reason: str
    instant: str


class DeskEnrolment(msgspec.Struct, frozen=True):
    """Somebody whom the provider vouched for, and the place they chose.

    `profession` and `mode` are ANS codes as the provider told them; `directory` what a public one says of the FINESS.
    `document`: the number of the one that waits, 0 for none; `agreed`: who said yes to it, "" for the command line.
    """

    enrolment: str
    site: str
    finess: str
    profession: str
    mode: str
    directory: str
    state: str
    asked: str
    expires: str
    document: int
    agreed: tuple[str, ...]
    steps: tuple[DeskEnrolmentStep, ...]


class DeskEnrolments(msgspec.Struct, frozen=True):
    """Those of the last 60 days, what waits first, at most 200."""

    enrolments: tuple[DeskEnrolment, ...]


class DeskJoinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed yes to the document of that number; `reached`: who was called, at a number known otherwise."""

    place: str
    document: str
    reached: str
    challenge: str
    signed: PasskeyProof


class DeskJoined(msgspec.Struct, frozen=True):
    """How many more people must say yes; at 0 the command line finishes it."""

    missing: int


class DeskAnswerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A no, or another document is wanted, and why."""

    answer: Answer
    reason: str


class DeskRecoverRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed recovery of an account of a site where nobody else can; `reached` as in `DeskJoinRequest`.

    `document`: which bank document was looked at, and that its payee is the site's; never an account number.
    """

    place: str
    reached: str
    document: str
    challenge: str
    signed: PasskeyProof
