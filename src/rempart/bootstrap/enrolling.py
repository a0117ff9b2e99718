"""What an operator's officers do with enrolments: open the document, say yes by two, refuse.

A yes makes, in this order: site, payee, account, mandate, link, and then the state. Run again it finishes what an
earlier run began: names of account and payee come from the enrolment itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.bootstrap.linking import DAY
from rempart.bootstrap.pay import KeeperIbans
from rempart.bootstrap.registering import Registrar
from rempart.domain.dangerous import DESK_JOIN
from rempart.domain.enrolment import (
    APPROVED,
    AWAITING,
    DOCUMENTS,
    HOUSE_PROFESSIONS,
    OFFICERS,
    REASONS,
    REFUSED,
    Word,
    step,
    word_refusal,
)
from rempart.domain.identifiers import Fault
from rempart.domain.parties import ACCOUNT, Account, Client, Mandate, Site
from rempart.domain.payment import parse_iban, parse_name
from rempart.ground.instants import PARIS, civil_date
from rempart.sealing.account_frames import InviteItem
from rempart.sealing.client import KeeperSync
from rempart.sealing.desk_frames import WordSaid, WordsSaidItem
from rempart.sealing.enrolment import Package, bound_to, open_package
from rempart.sealing.envelope import EnvelopeFault
from rempart.sealing.invitations import LIFE_DAYS, code_hash, fresh_code
from rempart.sealing.provider_frames import LinkItem
from rempart.storage.enrolment_office import Answer, EnrolmentOffice, Waiting
from rempart.storage.payees import Payee, add_payees

ROLE = "manager"
"""Who joins first is the site's manager, and invites the others."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the second officer adds: the operator's private key, when it is, and of the site what nobody said yet.

    `profession` "" takes the one that goes with the person's; the mandate ends on `last`, included.
    """

    key: X25519PrivateKey = field(repr=False)
    box: str
    instant: int
    profession: str = ""
    region: str = ""
    zone: str = PARIS
    last: date | None = None


class No(NamedTuple):
    """An officer's no, or not yet: who, one of `domain.enrolment.REASONS`, and when (microseconds UTC)."""

    officer: str
    reason: str
    instant: int


@dataclass(frozen=True, slots=True)
class Joined:
    """What a yes made, or how many officers are still wanted; `account` is "" then."""

    account: str
    site: str
    missing: int


def opened(office: EnrolmentOffice, waiting: Waiting, key: X25519PrivateKey) -> Package | str:
    """The document and account of an enrolment, or a code: document-missing, or the envelope's."""
    sealed = office.document(waiting.enrolment.enrolment)
    if sealed is None:
        return "document-missing"
    found = open_package(sealed, key, bound_to(waiting.enrolment.operator, str(waiting.enrolment.enrolment)))
    return found.code if isinstance(found, EnvelopeFault) else found


def ask_again(office: EnrolmentOffice, enrolment: UUID, said: No) -> str:
    """Another document is wanted; "" or a refusal code."""
    return _answered(office, enrolment, DOCUMENTS, said)


def refuse(office: EnrolmentOffice, enrolment: UUID, said: No) -> str:
    """It is refused for good; "" or a refusal code. One officer is enough for a no."""
    return _answered(office, enrolment, REFUSED, said)


def approve(registrar: Registrar, enrolment: UUID, word: Word, terms: Terms) -> Joined | str:
    """An officer's yes: the first is kept, the second makes everything. A refusal code when nothing was done."""
    instant = terms.instant
    office = EnrolmentOffice(registrar.connection)
    office.sweep(instant)
    waiting = office.one(enrolment)
    if waiting is None:
        return "enrolment-unknown"
    if len(waiting.words) < OFFICERS:
        if code := word_refusal(word, waiting.enrolment.state(instant), waiting.spoke):
            return code
        package = opened(office, waiting, terms.key)
        if isinstance(package, str):
            return package
        office.speak(waiting, word, instant)
    return finish(registrar, enrolment, terms)


def finish(registrar: Registrar, enrolment: UUID, terms: Terms) -> Joined | str:
    """Makes what two people said yes to, on the command line or at a desk; how many are wanted before that."""
    office = EnrolmentOffice(registrar.connection)
    office.sweep(terms.instant)
    waiting = office.one(enrolment)
    if waiting is None:
        return "enrolment-unknown"
    if len(waiting.words) < OFFICERS:
        return Joined("", waiting.enrolment.site, OFFICERS - len(waiting.words))
    return _unproven(waiting, terms) or _made(registrar, office, waiting, terms)


def _unproven(waiting: Waiting, terms: Terms) -> str:
    """`approval-unproven` or `same-person` where a desk's words are not what their signers signed; else ""."""
    asked = waiting.enrolment
    words = tuple(
        WordSaid(each.officer, (str(asked.enrolment), asked.site, str(each.document), each.called_back), each.signed)
        for each in waiting.words if each.signed is not None
    )  # fmt: skip
    if not words:
        return ""
    with KeeperSync(terms.box) as keeper:
        (told,) = keeper.call("words_said", [WordsSaidItem(DESK_JOIN, asked.operator, words)])
    return str(told.refusal)


def account_of(enrolment: UUID) -> str:
    """The account that an enrolment becomes: always the same, written as `invitations.fresh_account` writes one."""
    digest = hashlib.sha256(b"rempart/1/enrolment-account\n" + enrolment.bytes).digest()
    return "a" + "".join(_ALPHABET[each & 31] for each in digest[:15])


def _made(registrar: Registrar, office: EnrolmentOffice, waiting: Waiting, terms: Terms) -> Joined | str:
    instant = terms.instant
    asked = waiting.enrolment
    if code := step(asked.state(instant), APPROVED):
        return code
    package = opened(office, waiting, terms.key)
    if isinstance(package, str):
        return package
    profession = terms.profession or HOUSE_PROFESSIONS.get(asked.place.profession, "")
    site = Site(
        asked.site, profession, asked.operator, asked.place.finess, "", terms.zone, since=instant, region=terms.region
    )
    known = registrar.site(asked.site)
    if known is not None and known.operator != asked.operator:
        return "site-registered"
    code = registrar.add_site(site) or _payee(registrar, waiting, package, terms)
    code = code or _account(registrar, waiting, terms)
    if code:
        return code
    if not office.move(waiting, Answer(APPROVED, waiting.spoke[-1], "", instant)):
        return "transition-not-allowed"
    office.sweep(instant)
    return Joined(account_of(asked.enrolment), asked.site, 0)


def _payee(registrar: Registrar, waiting: Waiting, package: Package, terms: Terms) -> str:
    """The site's first payee, proposed by one officer and approved by the other; another one waits 72 hours."""
    asked = waiting.enrolment
    if EnrolmentOffice(registrar.connection).paid(asked.site, asked.operator):
        return ""
    number, holder = parse_iban(package.iban), parse_name(package.holder)
    if isinstance(number, Fault):
        return number.code
    if isinstance(holder, Fault):
        return holder.code
    identity = uuid5(asked.enrolment, "payee")
    with KeeperSync(terms.box) as keeper:
        ibans = KeeperIbans(keeper)
        (sealed,) = ibans.seal([(str(identity), number, holder)])
        (index,) = ibans.index([number])
    first, second = waiting.spoke[:OFFICERS]
    starts = civil_date(terms.instant, PARIS)
    row = Payee(identity, asked.site, asked.operator, sealed, starts, first, second, iban_index=index)
    add_payees(registrar.connection, [row], terms.instant)
    return ""


def _account(registrar: Registrar, waiting: Waiting, terms: Terms) -> str:
    """The account, its mandate, and the link by which its person comes in and makes a passkey within seven days."""
    asked, account = waiting.enrolment, account_of(waiting.enrolment.enrolment)
    instant = terms.instant
    until = instant + LIFE_DAYS * DAY
    if registrar.account(account) is None:
        # Nobody is told this code: the person comes in by the provider. It makes the account known to the keeper.
        unused = code_hash(fresh_code()) or b""
        if code := registrar.told("invite", InviteItem(account, asked.operator, asked.site, ROLE, unused, until)):
            return code
        person = Client(account, ACCOUNT, "", f"portal:{asked.operator}", registered=instant)
        registrar.add_account(person, Account(account, asked.operator, ROLE, instant))
    first = civil_date(instant, terms.zone)
    mandate = Mandate(account, asked.site, first, terms.last or first + timedelta(365), given=instant)
    link = LinkItem(asked.operator, "", account, asked.site, ROLE, until, asked.person)
    return registrar.add_mandate(mandate) or registrar.told("link", link)


def _answered(office: EnrolmentOffice, enrolment: UUID, state: str, said: No) -> str:
    if not said.officer.strip():
        return "officer-missing"
    if said.reason not in REASONS:
        return "reason-unknown"
    office.sweep(said.instant)
    waiting = office.one(enrolment)
    if waiting is None:
        return "enrolment-unknown"
    if waiting.enrolment.state(said.instant) != AWAITING or not office.move(waiting, Answer(state, *said)):
        return "not-awaiting"
    office.sweep(said.instant)
    return ""
