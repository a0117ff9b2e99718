"""The payer: ledger, keeper, bank format and outbox put together, and the registration of whom it pays."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

import msgspec
import psycopg

from rempart.application.pay import FileRow, Opened, OrderRow, Pay, PaymentStoppedError
from rempart.domain.identifiers import Fault
from rempart.domain.payment import Terms, bank_reference, parse_iban, parse_name, remittance_text, sepa_text
from rempart.formats.iso20022 import pain001
from rempart.gateways.bank_files import BankOutbox, Seal
from rempart.ground.instants import PARIS, as_datetime, civil_date
from rempart.ground.settings import Settings
from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.sealing.envelope import seal_file
from rempart.sealing.frames import MacItem, OpenIbanItem, SealIbanItem
from rempart.storage.ledger import Ledger
from rempart.storage.payees import FOREVER, Payee, PayingAccount, add_account, add_payees

__all__ = [
    "KeeperIbans",
    "KeeperUnavailable",
    "NewAccount",
    "NewPayee",
    "PaymentSetUpError",
    "bank_seal",
    "payer",
    "register_account",
    "register_payees",
    "render",
    "seal_to",
    "terms",
]

INDEX_SCOPE = "payee-index"
TOGETHER = 10_000  # IBANs in one call of the keeper
FORMAT = "rempart-payment/1"


class PaymentSetUpError(Exception):
    """The configuration does not allow to pay; the text says what to do. `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class NewPayee:
    """Whom to pay for a site: two different people name it. IBAN and name as written; they are sealed at once."""

    site: str
    operator: str
    name: str
    iban: str
    starts: date
    proposed_by: str
    approved_by: str
    ends: date = FOREVER

    def __repr__(self) -> str:
        return f"NewPayee({self.site})"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A paying account; `insurer` is empty for the operator's own."""

    reference: str
    operator: str
    name: str
    iban: str
    insurer: str = ""

    def __repr__(self) -> str:
        return f"NewAccount({self.reference})"


class KeeperIbans:
    """The `Ibans` port over the keeper's box."""

    def __init__(self, keeper: KeeperSync) -> None:
        self._keeper = keeper

    def open(self, wanted: Sequence[tuple[str, bytes, str]]) -> list[Opened | None]:
        """(payee, sealed, transfer) → name and IBAN, None when it does not open; the keeper journals each."""
        found: list[Opened | None] = []
        for start in range(0, len(wanted), TOGETHER):
            items = [OpenIbanItem(*one) for one in wanted[start : start + TOGETHER]]
            results = self._keeper.call("open_iban", items)
            found.extend(None if r.refusal else Opened(r.name, r.iban) for r in results)
        return found

    def fingerprint(self, scope: str, content: bytes) -> bytes:
        """16 bytes that only the keeper can make of this content."""
        (result,) = self._keeper.call("mac", [MacItem("iban", scope, content)])
        if result.refusal:
            raise PaymentStoppedError(result.refusal, scope)
        return bytes(result.mac)

    def seal(self, wanted: Sequence[tuple[str, str, str]]) -> list[bytes]:
        """(payee, IBAN, name), all checked, → sealed."""
        found: list[bytes] = []
        for start in range(0, len(wanted), TOGETHER):
            results = self._keeper.call("seal_iban", [SealIbanItem(*one) for one in wanted[start : start + TOGETHER]])
            if any(result.refusal for result in results):
                raise PaymentSetUpError("iban-refused", "the keeper refused an IBAN that was checked before")
            found.extend(result.sealed for result in results)
        return found

    def index(self, ibans: Sequence[str]) -> list[bytes]:
        """16 bytes for each IBAN, the same for the same account, that only the keeper can make."""
        found: list[bytes] = []
        for start in range(0, len(ibans), TOGETHER):
            items = [MacItem("iban", INDEX_SCOPE, one.encode()) for one in ibans[start : start + TOGETHER]]
            found.extend(bytes(result.mac) for result in self._keeper.call("mac", items))
        return found


def render(file: FileRow, debtor: Opened, orders: Sequence[tuple[OrderRow, Opened]]) -> bytes:
    """The bank file of the ledger's rows. Raises `PaymentStoppedError` when it would not be valid."""
    message = bank_reference(file.file)
    made = tuple(
        pain001.Credit(
            order.end_to_end, order.amount, payee.name, payee.iban,
            remittance_text(debtor.name, order.end_to_end, day=file.day, invoices=order.invoices),
        )
        for order, payee in orders
    )  # fmt: skip
    created = as_datetime(file.reserved).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        return pain001.write(
            pain001.BankFile(message, created, file.day.isoformat(), debtor.name, debtor.iban, credits=made)
        )
    except pain001.SchemaInvalidError as error:
        raise PaymentStoppedError("payment-file-invalid", file.name) from error


def seal_to(bank_key: bytes) -> Seal:
    """Seals a bank file to the channel's public key: a header line of JSON, then the envelope of `sealing.envelope`."""

    def seal(name: str, content: bytes) -> Iterable[bytes]:
        header = msgspec.json.encode({"format": FORMAT, "file": name}) + b"\n"
        return seal_file(header, (content,), bank_key)

    return seal


def bank_seal(settings: Settings) -> Seal | None:
    """How bank files are sealed; None only where the configuration says that they may lie readable."""
    path = settings.payment.bank_key
    if path is None:
        if settings.payment.unsafe_clear_files:
            return None
        raise PaymentSetUpError(
            "bank-key-missing",
            "set payment.bank_key to the file of the bank channel's public key; bank files are sealed to it",
        )
    try:
        key = base64.b64decode(path.read_text("ascii").strip(), validate=True)
    except (OSError, ValueError, binascii.Error) as error:
        raise PaymentSetUpError("bank-key-unreadable", f"{path} does not hold a key in base64") from error
    if len(key) != 32:
        raise PaymentSetUpError("bank-key-unreadable", f"{path} does not hold an X25519 public key of 32 bytes")
    return seal_to(key)


@contextmanager
def payer(settings: Settings, at: Callable[[str], None] | None = None) -> Iterator[Pay]:
    """A payer, connected. Raises `PaymentSetUpError`, `KeeperUnavailable`, `psycopg.OperationalError`."""
    outbox = BankOutbox(settings.payment.output, bank_seal(settings))
    accounts = [account.reference for account in settings.payment.accounts]
    box = str(settings.paths.keeper_socket("box"))
    with psycopg.connect(settings.database.worker_url, autocommit=True) as connection, KeeperSync(box) as keeper:
        pay = Pay(Ledger(connection, accounts or None), KeeperIbans(keeper), outbox, render)
        if at is not None:
            pay.at = at
        yield pay


def terms(settings: Settings, day: date | None, instant: int) -> Terms:
    """The day's terms; a day that is not given is the civil day in Paris."""
    return Terms(day or civil_date(instant, PARIS), settings.payment.cycle_days, settings.payment.least_cents)


def register_payees(settings: Settings, payees: Sequence[NewPayee], instant: int) -> tuple[tuple[int, Fault], ...]:
    """Seals and registers all of them, or none: then (ordinal from 1, fault) of each that cannot be.

    Raises as `payer`, and `psycopg.IntegrityError` when a site is unknown or has a payee already: its bank details
    change by `bootstrap.bank_details`.
    """
    checked = [_checked(one.iban, one.name) for one in payees]
    faults = [(number, found) for number, found in enumerate(checked, 1) if isinstance(found, Fault)]
    faults += [
        (number, Fault("approved_by", "same-person"))
        for number, one in enumerate(payees, 1)
        if one.proposed_by == one.approved_by
    ]
    if faults:
        return tuple(sorted(faults, key=lambda fault: fault[0]))
    identities = [uuid4() for _ in payees]
    good = [found for found in checked if not isinstance(found, Fault)]
    with KeeperSync(str(settings.paths.keeper_socket("box"))) as keeper:
        ibans = KeeperIbans(keeper)
        sealed = ibans.seal([(str(identity), *pair) for identity, pair in zip(identities, good, strict=True)])
        indexes = ibans.index([number for number, _ in good])
    rows = [_payee(*one) for one in zip(identities, payees, sealed, indexes, strict=True)]
    with psycopg.connect(settings.database.worker_url) as connection:
        add_payees(connection, rows, instant)
    return ()


def register_account(settings: Settings, account: NewAccount, instant: int) -> Fault | None:
    """Seals and registers a paying account; None when done. Raises as `register_payees`."""
    found = _checked(account.iban, account.name)
    if isinstance(found, Fault):
        return found
    (sealed,) = _sealed(settings, [(f"account:{account.reference}", *found)])
    row = PayingAccount(account.reference, account.operator, sepa_text(account.name, 70), sealed, account.insurer)
    with psycopg.connect(settings.database.worker_url) as connection:
        add_account(connection, row, instant)
    return None


def _checked(iban: str, name: str) -> tuple[str, str] | Fault:
    number, holder = parse_iban(iban), parse_name(name)
    if isinstance(number, Fault):
        return number
    return holder if isinstance(holder, Fault) else (number, holder)


def _sealed(settings: Settings, wanted: Sequence[tuple[str, str, str]]) -> list[bytes]:
    with KeeperSync(str(settings.paths.keeper_socket("box"))) as keeper:
        return KeeperIbans(keeper).seal(wanted)


def _payee(identity: UUID, one: NewPayee, sealed: bytes, index: bytes) -> Payee:
    return Payee(
        identity, one.site, one.operator, sealed, one.starts, one.proposed_by, one.approved_by, one.ends, index
    )
