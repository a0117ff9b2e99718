"""What is paid today: one remittance per payee, paying account and day, unless a named rule says that it waits.

Everything that goes to the bank is named before it goes, from the remittance itself, so a second run cannot invent a
second order. Texts keep to the Latin characters every SEPA bank takes (EPC217-08, SEPA requirements for an extended
character set, version 2.0, 2024: the common minimum set). Left out: SWIFT addresses, currencies other than the euro.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from stdnum import iban
from stdnum.exceptions import ValidationError

from rempart.domain.bank_return import ACCOUNT_REFUSED
from rempart.domain.claw_back import Claim, Deduction, deductions
from rempart.domain.funds import Funds, Purse, derived
from rempart.domain.identifiers import Fault

TEXT_MOST = 140  # characters of the remittance text (ISO 20022 Max140Text)
NAME_MOST = 70  # characters of a name (EPC SCT rulebook: 70 of ISO's 140)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_Key = tuple[str, str, str, str, str]  # account, site, operator, day of the owner, payee
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")


@dataclass(frozen=True, slots=True)
class Due:
    """What one insurer's invoices make due to one site. `payee` and `account` are None where nobody set them up.

    `last` is the day of this payee's last remittance from this account; `amount` in cents of `invoices` invoices, of
    which the `oldest` was decided at that instant. `refused`: the bank's reason for the payee's last transfer, when it
    did not go through. `penalties` cents of it are for late payment; what the operator bears itself has no insurer.
    `owned`: since when the owner of that care has the site; None where no other had it before. `cycle_days` and
    `least_cents` of the contract of site and operator on the day; 0 where none says, then the day's terms hold.
    """

    site: str
    operator: str
    insurer: str
    amount: int
    invoices: int
    payee: UUID | None
    account: str | None
    last: date | None = None
    oldest: int = 0
    refused: str = ""
    penalties: int = 0
    owned: date | None = None
    cycle_days: int = 0
    least_cents: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """When a payee is paid: at most once in `cycle_days`, and when it is due at least `least_cents`.

    A contract of the site and its operator goes before it.
    """

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
class Part:
    """What a remittance holds of one insurer, in cents; `covered`: drawn from its funds, net of what is deducted."""

    insurer: str
    gross: int
    deducted: int = 0
    covered: bool = False


@dataclass(frozen=True, slots=True)
class Remittance:
    """One payment to one site: cents of `invoices` invoices and of penalties, less what is deducted for claw-backs."""

    identity: UUID
    payee: UUID
    site: str
    operator: str
    account: str
    amount: int
    invoices: int
    parts: tuple[Part, ...]
    deductions: tuple[Deduction, ...] = ()
    penalties: int = 0
    owned: date | None = None

    @property
    def insurers(self) -> tuple[str, ...]:
        return tuple(sorted({part.insurer for part in self.parts}))

    @property
    def deducted(self) -> int:
        return sum(one.amount for one in self.deductions)


@dataclass(frozen=True, slots=True)
class Waits:
    """Why a site is not paid today what one insurer's invoices make due to it; `amount` in cents."""

    site: str
    operator: str
    amount: int
    reason: str
    insurer: str = ""


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
    return "cycle-running" if last is not None and (terms.day - last).days < _cycle(owing.parts, terms) else ""


def below_least(owing: Owing, terms: Terms) -> str:
    """What is due is less than a transfer is made for; it is added to the next."""
    return "below-least" if owing.amount < _least(owing.parts, terms) else ""


def account_refused(owing: Owing, _: Terms) -> str:
    """The bank refused this payee's account itself: another transfer to it would come back too."""
    return "account-refused" if any(part.refused in ACCOUNT_REFUSED for part in owing.parts) else ""


WAITING_RULES: tuple[Callable[[Owing, Terms], str], ...] = (
    no_payee,
    no_paying_account,
    account_refused,
    cycle_running,
    below_least,
)
"""The first that gives a reason makes a payee wait."""


def plan(dues: Iterable[Due], terms: Terms, claims: Sequence[Claim] = (), funds: tuple[Funds, ...] = ()) -> Plan:
    """One remittance for each payee and paying account that no rule makes wait; the same dues give the same plan.

    `claims` are deducted from what their own insurer owes their own site. Watched `funds` go to the oldest dues first;
    what they do not reach waits alone.
    """
    grouped: dict[_Key, list[Due]] = {}
    for due in dues:
        key = (due.account or "", due.site, due.operator, str(due.owned or ""), str(due.payee or ""))
        grouped.setdefault(key, []).append(due)
    owed = [
        (key, Owing(parts[0].payee, parts[0].account, tuple(sorted(parts, key=_age)))) for key, parts in grouped.items()
    ]
    owed.sort(key=lambda one: (min(part.oldest for part in one[1].parts), one[0]))
    purse, claimed = Purse(funds), _by_site(claims)
    planned: list[tuple[_Key, Remittance]] = []
    waiting: list[tuple[_Key, Waits]] = []
    for key, owing in owed:
        reason = next((said for rule in WAITING_RULES if (said := rule(owing, terms))), "")
        if reason:
            waiting += [(key, _waits(part, reason)) for part in owing.parts]
            continue
        made, late = _order(owing, terms, claimed.get(key[1:4], ()), purse)
        planned += [(key, made)] if made else []
        waiting += [(key, one) for one in late]
    planned.sort(key=lambda one: one[0])
    waiting.sort(key=lambda one: (one[0], one[1].insurer))
    return Plan(tuple(one for _, one in planned), tuple(one for _, one in waiting))


def _cycle(parts: Sequence[Due], terms: Terms) -> int:
    """All parts of a payment are of one site and operator, so of one contract."""
    return max((part.cycle_days for part in parts), default=0) or terms.cycle_days


def _least(parts: Sequence[Due], terms: Terms) -> int:
    return max((part.least_cents for part in parts), default=0) or terms.least_cents


def _age(part: Due) -> tuple[int, str, int]:
    return part.oldest, part.insurer, part.amount


def _by_site(claims: Sequence[Claim]) -> dict[tuple[str, str, str], list[Claim]]:
    """An owner answers for the care of its own days alone."""
    found: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        found.setdefault((claim.site, claim.operator, str(claim.owned or "")), []).append(claim)
    return found


def _waits(part: Due, reason: str) -> Waits:
    return Waits(part.site, part.operator, part.amount, reason, part.insurer)


def _order(owing: Owing, terms: Terms, claims: Sequence[Claim], purse: Purse) -> tuple[Remittance | None, list[Waits]]:
    """The remittance of what the insurers' funds reach, and what waits of it."""
    parts, waiting = list(owing.parts), list[Waits]()
    least = _least(parts, terms)
    while True:
        taken = deductions([(part.insurer, part.amount) for part in parts], claims, least)
        short = next((part for part in parts if not _fits(part, taken, purse)), None)
        if short is None:
            break
        parts.remove(short)
        waiting.append(_waits(short, "insurer-out-of-funds"))
    if sum(part.amount for part in parts) < least:
        return None, waiting + [_waits(part, "below-least") for part in parts]
    for part in parts:
        purse.draw(part.operator, part.insurer, part.amount - _deducted(part, taken))
    return _remittance(Owing(owing.payee, owing.account, tuple(parts)), taken, purse, terms.day), waiting


def _fits(part: Due, taken: Sequence[Deduction], purse: Purse) -> bool:
    return purse.fits(part.operator, part.insurer, part.amount - _deducted(part, taken))


def _deducted(part: Due, taken: Sequence[Deduction]) -> int:
    return sum(one.amount for one in taken if one.insurer == part.insurer)


def _remittance(owing: Owing, taken: tuple[Deduction, ...], purse: Purse, day: date) -> Remittance | None:
    if owing.payee is None or owing.account is None:
        return None
    first = owing.parts[0]
    parts = tuple(
        Part(one.insurer, one.amount, _deducted(one, taken), purse.watched(one.operator, one.insurer))
        for one in owing.parts
    )
    identity = remittance_id(owing.payee, owing.account, day)
    amount = owing.amount - sum(one.amount for one in taken)
    return Remittance(
        identity, owing.payee, first.site, first.operator, owing.account, amount, owing.invoices, parts, taken,
        sum(one.penalties for one in owing.parts), first.owned,
    )  # fmt: skip


def remittance_id(payee: UUID, account: str, day: date) -> UUID:
    """The id of the one remittance this payee can have from this account on this day."""
    return derived(f"remittance\n{payee}\n{account}\n{day.isoformat()}")


def file_id(account: str, day: date, batch: int) -> UUID:
    """The id of a paying account's bank file number `batch` of the day."""
    return derived(f"payment file\n{account}\n{day.isoformat()}\n{batch}")


def bank_reference(identity: UUID) -> str:
    """29 characters, capitals and digits, for EndToEndId or MsgId (ISO 20022 Max35Text): unique because the id is."""
    number = identity.int
    digits = "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
    return f"RMP{digits}"


def referenced(reference: str) -> UUID | None:
    """The id that `bank_reference` was made of, None for a text of another shape."""
    if len(reference) != 29 or not reference.startswith("RMP") or set(reference[3:]) - set(_CROCKFORD):
        return None
    number = 0
    for digit in reference[3:]:
        number = number << 5 | _CROCKFORD.index(digit)
    return UUID(int=number) if number < 1 << 128 else None


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
