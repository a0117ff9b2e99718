"""GET and POST /v1/desk/insurer/…: what people of an insurer read of its own in a portal, and what they say there.

Amounts are integer cents of euro, days AAAA-MM-JJ, instants RFC 3339 in UTC. No answer holds an identity or an act:
what is sealed to the insurer is handed on as it is.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rempart.wire.account import PasskeyProof
from rempart.wire.authorizations import PendingCase, StatedLine


class DeskPending(msgspec.Struct, frozen=True):
    """One request that waits. `until` is the last day on which it may be decided: then it expires."""

    authorization: str
    requested: str
    planned: str
    until: str
    site: str
    domain: str
    reason: str
    spent: int
    amo: int
    amc: int


class DeskWeek(msgspec.Struct, frozen=True):
    """Decisions made by hand in the week that begins on a Monday: how many, how many agreed, the median wait."""

    week: str
    decided: int
    agreed: int
    minutes: int


class DeskPendingList(msgspec.Struct, frozen=True):
    """The oldest first, and the last twelve weeks in which somebody decided."""

    pending: tuple[DeskPending, ...]
    weeks: tuple[DeskWeek, ...] = ()


class DeskCase(msgspec.Struct, frozen=True):
    """One request that waits, whole; `refusals` are the reasons that a refusal may give."""

    case: PendingCase
    planned: str
    until: str
    refusals: tuple[str, ...]


class DeskDecision(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the account decides. `lines` name every line when agreed; `reason` is one of the case's when refused."""

    verdict: Literal["agreed", "refused"]
    lines: tuple[StatedLine, ...] = ()
    reason: str = ""


class DeskVoice(msgspec.Struct, frozen=True):
    """Somebody's word on a file in quarantine: an account of the insurer, or an officer of the operator."""

    verdict: str
    by: Literal["account", "officer"]
    who: str


class DeskWeights(msgspec.Struct, frozen=True):
    """People: `base` had rights on the file's day; the others are what the file does to them."""

    base: int
    opened: int
    closed: int
    changed: int
    extended: int


class DeskRightsFile(msgspec.Struct, frozen=True):
    """One rights file: applied, quarantined or refused. `over`: kinds of change that two people must agree to.

    `digest`: SHA-256 of its first line without the line's end, hexadecimal; that line names all others.
    """

    number: int
    kind: str
    sequence: int
    created: str
    received: str
    decided: str
    state: str
    code: str
    over: tuple[str, ...]
    lines: int
    people: int
    rejected: int
    warned: int
    collisions: int
    weights: DeskWeights | None = None
    voices: tuple[DeskVoice, ...] = ()
    digest: str = ""


class DeskRightsList(msgspec.Struct, frozen=True):
    """The newest first. `sequence` was applied last; `prolonged_until` while a file in quarantine prolongs rights."""

    sequence: int
    files: tuple[DeskRightsFile, ...]
    prolonged_until: str = ""
    next_below: int = 0


class DeskBadLine(msgspec.Struct, frozen=True):
    """A line of the insurer's own file by its number, the field and a code: never what stands there."""

    line: int
    field: str
    code: str
    warned: bool = False


class DeskCount(msgspec.Struct, frozen=True):
    """How many lines have this code."""

    code: str
    lines: int


class DeskRightsReport(msgspec.Struct, frozen=True):
    """One rights file with its first bad lines, and how many there are of each code."""

    file: DeskRightsFile
    bad: tuple[DeskBadLine, ...]
    codes: tuple[DeskCount, ...]


class DeskWord(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The account's word on a file in quarantine; a release is signed (action `rights-release`), a refusal is not."""

    verdict: Literal["release", "refuse"]
    challenge: str = ""
    signed: PasskeyProof | None = None


class DeskSaid(msgspec.Struct, frozen=True):
    """`second-officer-missing`, `released` (two agreed; it answers within minutes) or `refused`."""

    outcome: str


class DeskProduct(msgspec.Struct, frozen=True):
    """One product at one level in the guarantee table: its days, and how many cases of care it tells."""

    product: str
    level: str
    starts: str
    ends: str
    cases: int


class DeskTable(msgspec.Struct, frozen=True):
    """The guarantee table in force. `digest` is the SHA-256 of its text; `versions` counts those kept."""

    loaded: str
    digest: str
    versions: int
    sound: bool
    products: tuple[DeskProduct, ...] = ()
    members: int = 0


class DeskBinding(msgspec.Struct, frozen=True):
    """What binds although rights were closed. No profession: every one; `most` 0: no limit; `days` 0: not counted."""

    kind: str
    starts: str
    ends: str
    professions: tuple[str, ...]
    most: int
    days: int


class DeskStandInRule(msgspec.Struct, frozen=True):
    """What is guaranteed while the hub cannot answer, at most `most` cents an invoice."""

    evidence: str
    most: int
    professions: tuple[str, ...]
    domains: tuple[str, ...]


class DeskStandIn(msgspec.Struct, frozen=True):
    """The newest stand-in rules; `in_force` today."""

    sequence: int
    starts: str
    ends: str
    in_force: bool
    loaded: str
    rules: tuple[DeskStandInRule, ...]


class DeskPublished(msgspec.Struct, frozen=True):
    """What the insurer published; `binding_loaded` empty: it has no table, and is bound by what the hub printed."""

    name: str
    standing: str
    table: DeskTable | None
    binding_loaded: str
    binding: tuple[DeskBinding, ...]
    stand_in: DeskStandIn | None


class DeskCall(msgspec.Struct, frozen=True):
    """One call for funds: called, received or refused (then the next one asks again)."""

    day: str
    amount: int
    movements: int
    reference: str
    state: str
    reason: str = ""


class DeskFunds(msgspec.Struct, frozen=True):
    """Funds at the portal's operator. Not `watched`: `available` says nothing. `waiting`: for want of funds."""

    watched: bool
    ceiling: int
    available: int
    waiting: int
    sites: int
    waiting_since: str
    calls: tuple[DeskCall, ...]
