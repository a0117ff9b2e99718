"""What the use cases need of the outside, as protocols: the keeper, the records, and the door's last word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from rempart.application.together import Unavailable
from rempart.domain.member import MemberRule

__all__ = [
    "Derive",
    "Derived",
    "KeeperPort",
    "Open",
    "Opened",
    "RecordsPort",
    "Row",
    "SealedAsk",
    "Settle",
    "SettlePort",
    "Settled",
    "Unavailable",
]


class SealedAsk(NamedTuple):
    """Who is asked about, sealed by the caller to the keeper, and what is known of the request in clear.

    `labels`: AMC number of 10 digits, convention, CSR. `days` of care, since 1970; `rule` is the insurer's.
    `by_card`: a signed card was scanned, and is in the JWE or, in clear, in `card`. `code`: a presence code was shown,
    and the hub kept `mapping` of it. `handle`: of a card that a receipt of a check without network names.
    """

    jwe: str
    labels: tuple[str, str, str]
    rule: MemberRule
    days: tuple[int, ...]
    nir_needed: bool = False
    by_card: bool = False
    card: str = ""
    code: str = ""
    mapping: bytes = b""
    handle: bytes = b""

    def __repr__(self) -> str:
        return "SealedAsk(…)"


class Derive(NamedTuple):
    """Who is asked about; the fields of the keeper's `derive`, in its order."""

    grant: bytes
    purpose: str
    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    day: int
    care: int | None = None
    sealed: SealedAsk | None = None

    def __repr__(self) -> str:
        return "Derive(…)"


class Derived(Protocol):
    """`keys` are record keys, newest index key first; `refusal` is "" or why nothing was derived.

    Of a sealed identity `omitted` of NIR and rank, and `born`, a birth date of the same ages; else 0 and "". Of a card
    that a phone showed alive `omitted` is -1.
    """

    @property
    def refusal(self) -> str: ...
    @property
    def ticket(self) -> bytes: ...
    @property
    def keys(self) -> Sequence[bytes]: ...
    @property
    def versions(self) -> Sequence[int]: ...
    @property
    def omitted(self) -> int: ...
    @property
    def born(self) -> str: ...


class Open(NamedTuple):
    """A ticket and the row found for it; a miss has version 0 and neither payload nor person."""

    ticket: bytes
    version: int
    payload: bytes | None
    person: bytes | None


class Opened(Protocol):
    """What the keeper gives back for a ticket: packed coverage (b"" on a miss), day tag, PRFs of site and person."""

    @property
    def refusal(self) -> str: ...
    @property
    def coverage(self) -> bytes: ...
    @property
    def tag(self) -> bytes: ...
    @property
    def meeting(self) -> bytes: ...
    @property
    def accreditor(self) -> bytes: ...
    @property
    def counted(self) -> bytes: ...


class KeeperPort(Protocol):
    """The keeper's two steps, many items a call, results in order. Raises `Unavailable`."""

    async def derive(self, items: Sequence[Derive]) -> Sequence[Derived]: ...
    async def open(self, items: Sequence[Open]) -> Sequence[Opened]: ...


class Row(NamedTuple):
    """One sealed record. `closed` is days since 1970 from which the insurer's files no longer hold it, or None.

    `version` is that of its index key, and `domain.newborns.NEWBORN` more when a parent's way found it.
    While a file of the insurer waits in quarantine, rights open on day `prolonged_from` are honoured until
    `prolonged_until`.
    """

    version: int
    person: bytes
    payload: bytes
    closed: int | None
    prolonged_from: int | None = None
    prolonged_until: int | None = None


class RecordsPort(Protocol):
    """The live sealed records. For each (insurer, key) the row or None, in order. Raises `Unavailable`."""

    async def find(self, wanted: Sequence[tuple[str, bytes]]) -> Sequence[Row | None]: ...


class Settle(NamedTuple):
    """One line of the door's last word: what would leave, and what it costs. Days are since 1970.

    `account`: the name in the log of who sits at a program, with its own cap of strangers; "" when nobody said. Then
    `account_cap` is the client's own, of every evidence together.
    """

    instant: int
    token: bytes | None
    grant_id: bytes
    client: str
    site: str
    operator: str
    insurer: str
    channel: str
    purpose: str
    evidence: str
    template: str
    template_known: str
    outcome: str
    outcome_known: str
    tag: bytes
    meeting: bytes | None
    cost: int
    site_cap: int
    client_cap: int
    accreditation: bytes | None = None
    accreditation_mac: bytes | None = None
    domains: int = 0
    first_day: int = 0
    last_day: int = 0
    known_until: int = 0
    reference: str = ""
    account: str = ""
    account_cap: int = 2**31 - 1


class Settled(NamedTuple):
    """`verdict` is ok, refused:<reason> or waiting:<reason>; `known` says that this site knows the record."""

    verdict: str
    known: bool


class SettlePort(Protocol):
    """The database's `settle`. Raises `Unavailable` when the outcome of the commit is not known."""

    async def settle(self, lines: Sequence[Settle], hour_share: int) -> Sequence[Settled]: ...
