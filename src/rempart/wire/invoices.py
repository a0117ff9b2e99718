"""POST /v1/invoices, POST /v1/files and what GET says of their state. Amounts are integer cents of euro."""

from __future__ import annotations

import msgspec


class CorrectionRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One lens: sphere and cylinder in hundredths of a dioptre, the cylinder written positive."""

    sphere: int
    cylinder: int = 0
    multifocal: bool = False


class ParticularsRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What equipment, baskets, stays and price regimes say beside amounts. All optional; prices in cents for one.

    `first_paid`: cents that a first insurer paid of the whole line; `last_delivery`: AAAA-MM-JJ.
    """

    item: str = ""
    side: str = ""
    teeth: tuple[str, ...] = ()
    correction: CorrectionRequest | None = None
    basket: str = ""
    price_limit: int | None = None
    pricing: str = ""
    days: int = 0
    renewal: str = ""
    substitution: str = ""
    reference_price: int | None = None
    first_paid: int | None = None
    last_delivery: str = ""
    blind: bool = False


class LineRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One act. `base`, `amo`, `spent`, `amc`, `unit_price` in cents.

    `rate` is the AMO rate in percent, `coefficient` in hundredths.
    """

    care_date: str
    code: str
    family: str
    base: int
    rate: int
    amo: int
    spent: int
    amc: int
    quantity: int = 1
    coefficient: int = 100
    unit_price: int = 0
    exemption: str = ""
    qualifier: str = ""
    place: str = ""
    detail: tuple[tuple[str, str, int], ...] = ()
    particulars: ParticularsRequest | None = None


class DeclaredRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the site saw of the person's rights: `kind` card or paper, on which day, valid until which if it says so."""

    kind: str
    seen: str
    until: str = ""


class InvoiceRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One invoice about one beneficiary; `number` is the site's own, 9 digits.

    `receipt` is that of a card check made without network, RPR1.…
    """

    number: str
    issued: str
    amc_number: str
    member: str
    birth_date: str
    lines: tuple[LineRequest, ...]
    nir: str | None = None
    rank: str | None = None
    convention: str = ""
    csr: str = ""
    nature: str = "10"
    exemption: str = ""
    accreditation: str | None = None
    site_reference: str = ""
    mode: str = "real"
    distinct: bool = False
    declared: DeclaredRequest | None = None
    receipt: str = ""

    def __repr__(self) -> str:
        return f"InvoiceRequest(number={self.number})"


class InvoicesRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One or many invoices of one site (the token's)."""

    invoices: tuple[InvoiceRequest, ...]


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong: where (field or record number, position) and its stable code. Never a value."""

    code: str
    field: str = ""
    record: int = 0
    position: int = 0
    level: str = ""
    site: str = ""
    number: str = ""


class InvoiceReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """`state` is received, or refused with its faults; `invoice` is the hub's id, a UUID."""

    number: str
    state: str
    invoice: str = ""
    faults: tuple[Fault, ...] = ()


class InvoicesReceipt(msgspec.Struct, frozen=True):
    """What was received or refused of one request, in its order; `file` as in `FileReceipt`."""

    file: str
    invoices: tuple[InvoiceReceipt, ...]


class FileReceipt(msgspec.Struct, frozen=True):
    """`file` is the hub's id of what was deposited; its state is at GET /v1/files/{file}."""

    file: str
    state: str


class FileState(msgspec.Struct, frozen=True, omit_defaults=True):
    """received, refused or decided; counts by outcome; the first faults and how many there are in all."""

    file: str
    state: str
    received: str
    invoices: int = 0
    accepted: int = 0
    rejected: int = 0
    held: int = 0
    waiting: int = 0
    refused: int = 0
    tests: int = 0
    skipped_records: int = 0
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0


class FileSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file in a list: when, how long, where it stands; counts once it is decided. Its name is not kept."""

    file: str
    state: str
    received: str
    bytes: int
    own: bool
    invoices: int = 0
    accepted: int = 0
    rejected: int = 0
    held: int = 0
    waiting: int = 0
    refused: int = 0
    fault_count: int = 0


class FileList(msgspec.Struct, frozen=True):
    """The newest first. `next_before` is the id to ask with as `before_file` for older ones, empty at the end."""

    files: tuple[FileSummary, ...]
    next_before: str = ""


class RuleLine(msgspec.Struct, frozen=True):
    """One step of a line's computation: rule and amount in cents after it."""

    rule: str
    amount: int


class LineState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decided line: amounts in cents, the steps that led to `amc`, a reason when it pays nothing."""

    number: int
    domain: str
    spent: int
    amo: int
    amc: int
    patient: int
    rules: tuple[RuleLine, ...] = ()
    reason: str = ""


class EventState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of an invoice's life: the state it took, when (RFC 3339), and why."""

    state: str
    instant: str
    cause: str = ""


class InvoiceState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where one invoice stands; no acts, no identity."""

    invoice: str
    number: str
    state: str
    reason: str = ""
    sentence: str = ""
    spent: int = 0
    amo: int = 0
    amc: int = 0
    patient: int = 0
    lines: tuple[LineState, ...] = ()
    events: tuple[EventState, ...] = ()
    corrects: str = ""
    corrected_by: str = ""


class InvoiceSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One invoice in a list: the site's own number, days, amounts in cents, state and why. No act, no identity."""

    invoice: str
    number: str
    care_date: str
    received: str
    state: str
    reason: str = ""
    spent: int = 0
    amo: int = 0
    amc: int = 0
    patient: int = 0


class InvoiceList(msgspec.Struct, frozen=True):
    """The newest first. `next_before` is the id to ask with as `before_invoice` for older ones, empty at the end.

    Of one state, a page may be short or empty before the end: then `next_before` goes on from there.
    """

    invoices: tuple[InvoiceSummary, ...]
    next_before: str = ""
