"""What the batch of invoices works on: one as received, what is known of it, what is written, and the ports it needs.

A record here may hold an identity only inside its invoice; what is written of one (`Decided`, `Kept`) holds none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from rempart.application.counting import Counted, CounterBooks, CounterKeys
from rempart.application.eligibility import Ports
from rempart.application.guard import Caller, SiteFacts
from rempart.application.receipts import NO_RECEIPTS, Receipts
from rempart.application.rights_again import Waits
from rempart.domain.authorized import Agreed
from rempart.domain.binding import BindingTable
from rempart.domain.decision import Decision
from rempart.domain.guarantee import GuaranteeTable
from rempart.domain.invoice import Invoice
from rempart.domain.member import MemberRule
from rempart.domain.rights import Coverage

WAITING, HELD, ACCEPTED, REJECTED = "waiting", "held", "accepted", "rejected"
DECIDED = frozenset({ACCEPTED, REJECTED})


class Submitted(NamedTuple):  # named tuples: a file makes a million of each
    """One invoice as it comes from an inbox: its id (16 bytes), place, sender, and the grant narrowed to its site."""

    identity: bytes
    position: int
    invoice: Invoice
    caller: Caller
    site: SiteFacts
    channel: str
    received: int
    distinct: bool = False
    waited: int = 0
    windowed: bool = False

    def __repr__(self) -> str:
        return f"Submitted({self.invoice!r})"


@dataclass(frozen=True, slots=True)
class Accredited:
    """A stored accreditation: MAC, site, domains as bits, first and last day."""

    mac: bytes
    site: str
    domains: int
    first: int
    last: int


class Standing(NamedTuple):
    """What the database knows of an invoice's number and content: ids of live and former ones, b"" for none."""

    live: bytes = b""
    former: bytes = b""
    same_content: bytes = b""


class Kept(NamedTuple):
    """The three copies of a decided invoice, in clear on their way to the keeper and sealed when they come back."""

    acts: bytes
    settlement: bytes
    copy: bytes


class Decided(NamedTuple):
    """What is written about one invoice. `state`: accepted, rejected, held or waiting; `kept` is None if nothing is."""

    submitted: Submitted
    insurer: str
    operator: str
    state: str
    reason: str
    decision: Decision
    tag: bytes | None = None
    content: bytes | None = None
    meeting: bytes | None = None
    corrects: bytes = b""
    kept: Kept | None = None
    bound: str = ""  # the kind of guarantee under which an invoice was decided
    authorization: bytes = b""  # the id of the authorization that an accepted invoice was made from
    counted: Counted | None = None  # the counters that the decision rests on
    takes: tuple[tuple[int, int], ...] = ()  # of its authorization: for each line the agreed line's place, and units
    own: bytes | None = None  # under which its site finds it again by presenting the card
    wait: bytes = b""  # sealed: what a later rights file may open


class KeepAsk(NamedTuple):
    """What the keeper seals of a decided invoice; the fields of its `keep`, in its order."""

    ticket: bytes
    invoice: bytes
    month: int
    acts: bytes
    settlement: bytes
    copy: bytes


class Box(CounterKeys, Waits, Protocol):
    """The keeper's side for the worker. Raises `Unavailable`."""

    async def fingerprints(self, items: Sequence[tuple[str, str, bytes]]) -> Sequence[bytes]: ...
    async def keep(self, items: Sequence[KeepAsk]) -> Sequence[Kept]: ...


class Books(CounterBooks, Protocol):
    """What the database knows and keeps about invoices. Raises `Unavailable`."""

    async def standings(self, wanted: Sequence[tuple[str, str, bytes]]) -> Sequence[Standing]: ...
    async def accreditations(self, hashes: Sequence[bytes]) -> Mapping[bytes, Accredited]: ...
    async def agreed(self, numbers: Sequence[str]) -> Mapping[str, Agreed]: ...


class Copies(Protocol):
    """Writes a decided invoice as bytes for its three readers: acts, the insurer's settlement, the member's copy."""

    def of(self, person: bytes, submitted: Submitted, decision: Decision, coverage: Coverage | None) -> Kept: ...


class Routed(NamedTuple):
    """Where a card leads: operator and insurer, and the insurer's member rule."""

    operator: str
    insurer: str
    rule: MemberRule


class Directory(Protocol):
    """The routing table, contracts and guarantee tables, as last read."""

    def route(self, amc_number: str, convention: str, csr: str, care: date) -> Routed | None: ...
    def refusal(self, site: SiteFacts, insurer: str, care: date) -> str: ...
    def table(self, insurer: str) -> GuaranteeTable | None: ...
    def bindings(self, insurer: str) -> BindingTable | None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything a batch needs from outside. `caps` gives a site's daily budget of strangers in invoices."""

    ports: Ports
    box: Box
    books: Books
    copies: Copies
    directory: Directory
    caps: Mapping[str, int]
    receipts: Receipts = NO_RECEIPTS
