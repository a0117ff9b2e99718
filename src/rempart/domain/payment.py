"""What is paid today: one remittance per payee, paying account and day, unless a named rule says that it waits.

Everything that goes to the bank is named before it goes, from the remittance itself, so a second run cannot invent a
second order. Texts keep to the Latin characters every SEPA bank takes (EPC217-08, SEPA requirements for an extended
character set, version 2.0, 2024: the common minimum set). Left out: SWIFT addresses, currencies other than the euro.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from stdnum import iban
from stdnum.exceptions import ValidationError

from rempart.domain.identifiers import Fault

TEXT_MOST = 140  # characters of the remittance text (ISO 20022 Max140Text)
NAME_MOST = 70  # characters of a name (EPC SCT rulebook: 70 of ISO's 140)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")


@dataclass(frozen=True, slots=True)
class Due:
    """What one insurer's invoices make due to one site. `payee` and `account` are None where nobody set them up.

    `last` is the day of this payee's last remittance from this account; `amount` in cents of `invoices` invoices.
    """

    site: str
    operator: str
    insurer: str
    amount: int
    invoices: int
    payee: UUID | None
    account: str | None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """When a payee is paid: at most once in `cycle_days`, and when it is due at least `least_cents`."""

    day: date
    cycle_days: int = 1
    least_cents: int = 1


@dataclass(frozen=True, slots=True)
class Owing:
    """All that is due to one payee from one paying account, with the insurers it comes from."""

    payee: UUID | None
    account: str | None
    parts: tuple[Due, ...]

    @property
    def amount(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def invoices(self) -> int:
        return sum(part.invoices for part in self.parts)


@dataclass(frozen=True, slots=True)
class Remittance:
    """One payment to one site; `amount` in cents of `invoices` invoices."""

    identity: UUID
    payee: UUID
    site: str
    operator: str
    account: str
    amount: int
    invoices: int
    insurers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waits:
    """Why a site is not paid today; `amount` in cents."""

    site: str
    operator: str
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is paid today and who waits, each with its reason; together they are all that was due."""

    remittances: tuple[Remittance, ...]
    waiting: tuple[Waits, ...]


def no_payee(owing: Owing, _: Terms) -> str:
    """No approved bank account of this site covers the day."""
    return "no-payee" if owing.payee is None else ""


def no_paying_account(owing: Owing, _: Terms) -> str:
    """Neither the insurer nor its operator has a paying account in use."""
    return "no-paying-account" if owing.account is None else ""


def cycle_running(owing: Owing, terms: Terms) -> str:
    """The payee was paid less than a cycle ago: one transfer per payee, paying account and day at the most."""
    last = max((part.last for part in owing.parts if part.last is not None), default=None)
    return "cycle-running" if last is not None and (terms.day - last).days < terms.cycle_days else ""


def below_least(owing: Owing, terms: Terms) -> str:
    """What is due is less than a transfer is made for; it is added to the next."""
    return "below-least" if owing.amount < terms.least_cents else ""


WAITING_RULES: tuple[Callable[[Owing, Terms], str], ...] = (no_payee, no_paying_account, cycle_running, below_least)
"""The first that gives a reason makes a payee wait."""


def plan(dues: Iterable[Due], terms: Terms) -> Plan:
    """One remittance for each payee and paying account that no rule makes wait; the same dues give the same plan."""
    grouped: dict[tuple[str, str, str, str], list[Due]] = {}
    for due in dues:
        key = (due.account or "", due.site, due.operator, str(due.payee or ""))
        grouped.setdefault(key, []).append(due)
    remittances: list[Remittance] = []
    waiting: list[Waits] = []
    for _, parts in sorted(grouped.items()):
        owing = Owing(parts[0].payee, parts[0].account, tuple(parts))
        reason = next((said for rule in WAITING_RULES if (said := rule(owing, terms))), "")
        if reason or owing.payee is None or owing.account is None:
            waiting.append(Waits(parts[0].site, parts[0].operator, owing.amount, reason))
        else:
            remittances.append(_remittance(owing, owing.payee, owing.account, terms.day))
    return Plan(tuple(remittances), tuple(waiting))


def _remittance(owing: Owing, payee: UUID, account: str, day: date) -> Remittance:
    first = owing.parts[0]
    insurers = tuple(sorted({part.insurer for part in owing.parts}))
    identity = remittance_id(payee, account, day)
    return Remittance(identity, payee, first.site, first.operator, account, owing.amount, owing.invoices, insurers)


def remittance_id(payee: UUID, account: str, day: date) -> UUID:
    """The id of the one remittance this payee can have from this account on this day."""
    return _derived(f"remittance\n{payee}\n{account}\n{day.isoformat()}")


def file_id(account: str, day: date, batch: int) -> UUID:
    """The id of a paying account's bank file number `batch` of the day."""
    return _derived(f"payment file\n{account}\n{day.isoformat()}\n{batch}")


def _derived(text: str) -> UUID:
    digest = bytearray(hashlib.sha256(f"rempart/1/{text}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8: our own derivation (RFC 9562, 5.8)
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


def bank_reference(identity: UUID) -> str:
    """29 characters, capitals and digits, for EndToEndId or MsgId (ISO 20022 Max35Text): unique because the id is."""
    number = identity.int
    digits = "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
    return f"RMP{digits}"


def file_name(account: str, day: date, batch: int) -> str:
    """What the bank file is called before anything is said of how it is sealed."""
    return f"{account}-{day:%Y%m%d}-{batch:02d}.xml"


def remittance_text(operator: str, reference: str, *, day: date, invoices: int) -> str:
    """What the payee reads on the bank statement: who pays, the remittance's reference, its day and size."""
    counted = "1 facture" if invoices == 1 else f"{invoices} factures"
    return sepa_text(f"TIERS PAYANT {operator} {reference} du {day:%d/%m/%Y} {counted}", TEXT_MOST)


def sepa_text(text: str, most: int) -> str:
    """`text` in the characters every SEPA bank takes, at most `most`: accents dropped, the rest a space.

    A text may neither begin nor end with a slash nor hold two of them.
    """
    spread = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE").replace("’", "'")
    plain = unicodedata.normalize("NFKD", spread).encode("ascii", "ignore").decode()
    words = " ".join(_NOT_SEPA.sub(" ", plain).split())
    return re.sub(r"/{2,}", "/", words)[:most].strip("/ ")


def parse_iban(text: str) -> str | Fault:
    """An IBAN without spaces, in capitals; its country's length and both its keys are checked."""
    try:
        return str(iban.validate(text))
    except ValidationError:
        return Fault("iban", "iban-malformed")


def parse_name(text: str) -> str | Fault:
    """A name as banks take it; a name of which nothing stays, or longer than 70 characters, is refused."""
    name = sepa_text(text, NAME_MOST + 1)
    return name if 0 < len(name) <= NAME_MOST else Fault("name", "name-malformed")
