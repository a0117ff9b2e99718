"""Receipts of card checks made without network, as invoices cite them: what one is worth, or why it is worth nothing.

A receipt that is not good stops no invoice: the invoice is decided without it, and where its rights were closed the
receipt's code says why nothing is owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from rempart.application.guard import INVOICE, SiteFacts
from rempart.application.ports import Derive, KeeperPort, RecordsPort, SealedAsk
from rempart.domain.card_receipt import OTHER_PERSON, OTHER_SITE, REVOKED, SIGNATURE, Receipt, dates_fault
from rempart.domain.decision import Decision
from rempart.domain.member import MemberRule
from rempart.ground.instants import MICROSECONDS, civil_date

CLOSED = "rights-closed"


class OwnKey(NamedTuple):
    """A browser's key by its id of 16 bytes, who enrolled it, and when (microseconds UTC)."""

    key: bytes
    account: str
    made: int


class Cited(NamedTuple):
    """What an invoice that was found cites: the text, at which site, by which grant, received in microseconds UTC.

    `person` of the record found; `labels` as the invoice says them; `days`: today and that of care, since 1970.
    """

    text: str
    site: SiteFacts
    grant: bytes
    received: int
    operator: str
    insurer: str
    rule: MemberRule
    labels: tuple[str, str, str]
    person: bytes
    days: tuple[int, int]

    def __repr__(self) -> str:
        return "Cited(…)"


class Receipts(Protocol):
    """Who verifies texts, and knows the lists of revoked cards."""

    async def verified(self, cited: Sequence[tuple[str, str, str]]) -> Sequence[Receipt | str]:
        """Of each text, site and zone: the receipt that a key of that site signed, in force then.

        Raises `Unavailable`.
        """
        ...

    def revoked(self, receipt: Receipt, operator: str, zone: str, /) -> bool:
        """Whether the list that the check is held to names its card, perhaps."""
        ...


class NoReceipts:
    """Where none can be verified, none counts."""

    async def verified(self, cited: Sequence[tuple[str, str, str]]) -> Sequence[Receipt | str]:
        """Nobody's signature."""
        return [SIGNATURE for _ in cited]

    def revoked(self, _receipt: Receipt, _operator: str, _zone: str, /) -> bool:
        """Nothing is known."""
        return False


NO_RECEIPTS = NoReceipts()


async def weighed(receipts: Receipts, ports: Finder, cited: Sequence[Cited]) -> list[Receipt | str]:
    """Each receipt, or a code: of `card_receipt.CODES`, or the keeper's no to a look-up. Raises `Unavailable`."""
    texts = [(one.text, one.site.site, one.site.zone) for one in cited]
    found = [_judged(receipts, one, said) for one, said in zip(cited, await receipts.verified(texts), strict=True)]
    standing = [(place, said) for place, said in enumerate(found) if isinstance(said, Receipt)]
    whose = await _persons(ports, [(cited[place], said) for place, said in standing])
    for (place, _), person in zip(standing, whose, strict=True):
        if isinstance(person, str):
            found[place] = person
        elif person != cited[place].person:
            found[place] = OTHER_PERSON
    return found


def without(found: Decision, receipt: Receipt | str) -> Decision:
    """The decision of an invoice whose receipt was not good: that is why closed rights are not owed."""
    if not isinstance(receipt, str) or not receipt:
        return found
    lines = tuple(line._replace(reason=receipt) if line.reason == CLOSED else line for line in found.lines)
    return replace(found, lines=lines, reason=receipt if found.reason == CLOSED else found.reason)


class Finder(Protocol):
    """Where a card's handle leads."""

    @property
    def keeper(self) -> KeeperPort: ...
    @property
    def records(self) -> RecordsPort: ...


def _judged(receipts: Receipts, one: Cited, said: Receipt | str) -> Receipt | str:
    """All but whose card it is."""
    if isinstance(said, str):
        return said
    site = one.site
    if said.site != site.site:
        return OTHER_SITE
    if said.insurer != one.insurer:
        return OTHER_PERSON
    seen = civil_date(said.seconds * MICROSECONDS, site.zone)
    if fault := dates_fault(said, seen, one.received // MICROSECONDS):
        return fault
    return REVOKED if receipts.revoked(said, one.operator, site.zone) else said


async def _persons(ports: Finder, asked: Sequence[tuple[Cited, Receipt]]) -> list[bytes | str]:
    """Of each card's handle the person, b"" when it finds nobody, or the keeper's refusal."""
    if not asked:
        return []
    derived = await ports.keeper.derive([_derive(one, receipt) for one, receipt in asked])
    wanted, places = [], []
    for place, ((one, _), result) in enumerate(zip(asked, derived, strict=True)):
        for key in result.keys if not result.refusal else ():
            wanted.append((one.insurer, key))
            places.append(place)
    found: list[bytes | str] = [result.refusal or b"" for result in derived]
    for place, row in zip(places, await ports.records.find(wanted) if wanted else (), strict=True):
        if row is not None and not found[place]:
            found[place] = row.person
    return found


def _derive(one: Cited, receipt: Receipt) -> Derive:
    handle = SealedAsk("", one.labels, one.rule, (), handle=receipt.handle)
    return Derive(one.grant, INVOICE, one.insurer, "", None, "", "", *one.days, sealed=handle)
