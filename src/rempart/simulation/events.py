"""What happens in a day of care, as the runner must carry it out, each with what is expected to come of it.

A runner sends them in order. It keeps the accreditation that answered the `Ask` of a visit for that visit's bills.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rempart.domain.invoice import Invoice, Presented
from rempart.wire.authorizations import AuthorizationRequest
from rempart.wire.batches import BatchItem
from rempart.wire.estimates import EstimateRequest


@dataclass(frozen=True, slots=True)
class Ask:
    """One eligibility question. `expected` is the answer (covered, not-confirmed) or the code of the problem.

    `instant` in microseconds UTC; `site` and `person` are indexes in the country; `what` says why it is asked:
    visit, typing-error, wrong-member, foreign-card, corrected, return.
    """

    instant: int
    site: int
    visit: int
    person: int
    presented: Presented
    care_date: date
    domains: tuple[str, ...]
    evidence: str
    expected: str
    what: str = "visit"

    def __repr__(self) -> str:
        return f"Ask(visit={self.visit}, {self.what}, {self.expected})"


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice and what must become of it: `outcome` accepted, rejected, held, duplicate, refused or tested.

    `amc` is what the insurer owes in cents; `reason` a code of `domain.reasons` or, when refused, of the B2 format.
    `key_wrong`: the NIR's key is spoilt in the file. `what`: visit, wrong-amount, corrected, twice-billed,
    other-channel, key-wrong.
    """

    visit: int
    person: int
    invoice: Invoice
    outcome: str
    reason: str = ""
    amc: int = 0
    what: str = "visit"
    key_wrong: bool = False


@dataclass(frozen=True, slots=True)
class SendInvoices:
    """Invoices sent by the API. `key` is the idempotency key; `repeated`: the same call again after a time-out.

    The answer to a repeated call is the first one's; nothing is taken twice.
    """

    instant: int
    site: int
    bills: tuple[Bill, ...]
    key: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Lot:
    """One site's part of a file. `mode` is real or test; `expected` is "" or the code that refuses the lot."""

    site: int
    bills: tuple[Bill, ...]
    mode: str = "real"
    expected: str = ""


@dataclass(frozen=True, slots=True)
class SendFile:
    """A B2 file sent by `client`; `concentrator` when it holds several sites. `number` makes the file's id."""

    instant: int
    client: str
    lots: tuple[Lot, ...]
    number: int
    concentrator: bool = False


@dataclass(frozen=True, slots=True)
class AskAuthorization:
    """A quote that needs its insurer's agreement. `expected` is the state, `reason` why when it is not agreed.

    `amc` is what must be agreed, in cents; `visit` its number in the day; `what` the profession, or what is special.
    """

    instant: int
    site: int
    visit: int
    request: AuthorizationRequest
    expected: str
    reason: str = ""
    amc: int = 0
    what: str = ""

    def __repr__(self) -> str:
        return f"AskAuthorization(visit={self.visit}, {self.what}, {self.expected})"


@dataclass(frozen=True, slots=True)
class Deliver:
    """The invoice made from what was agreed under the same `visit`; the lines of `bill` are made then.

    `over`: cents by which its first line asks more than was agreed.
    """

    instant: int
    site: int
    visit: int
    bill: Bill
    over: int = 0


@dataclass(frozen=True, slots=True)
class AskEstimate:
    """What would the patient pay now. `shares`: spent, AMO, insurer in cents, as the answer must tell them."""

    instant: int
    site: int
    request: EstimateRequest
    shares: tuple[int, int, int]
    what: str

    def __repr__(self) -> str:
        return f"AskEstimate({self.what}, {self.shares})"


@dataclass(frozen=True, slots=True)
class AskBatch:
    """Appointments asked at once, under an idempotency key. `expected`: each item's answer, or code of its refusal."""

    instant: int
    site: int
    items: tuple[BatchItem, ...]
    expected: dict[int, str]
    key: str

    def __repr__(self) -> str:
        return f"AskBatch({len(self.items)})"


Event = Ask | SendInvoices | SendFile
Order = AskAuthorization | Deliver | AskEstimate | AskBatch
