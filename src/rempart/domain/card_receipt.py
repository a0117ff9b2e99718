"""The receipt of a card check made without network: what it says, and whether an invoice of a site may cite it.

The format is docs/formats/card.md. A receipt is worth what its insurer's table says of a card that was read. Left out
here: its signature (`formats.card.receipt`), and whether its handle leads to the person presented (the keeper's keys).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from rempart.domain.card import FILTER_DAYS

UNREADABLE: Final = "receipt-unreadable"
SIGNATURE: Final = "receipt-signature"
OTHER_SITE: Final = "receipt-other-site"
OTHER_PERSON: Final = "receipt-other-person"
DATES: Final = "receipt-dates"
REVOKED: Final = "receipt-revoked"
CODES: Final = (UNREADABLE, SIGNATURE, OTHER_SITE, OTHER_PERSON, DATES, REVOKED)
"""Why a receipt binds nothing. None stops an invoice that is owed without it."""
AHEAD: Final = 300  # seconds that another machine's clock may be ahead
KEYS_MOST: Final = 7 * 86_400  # seconds for which a list of keys is good


@dataclass(frozen=True, slots=True)
class Receipt:
    """A check that said covered. `seconds` since 1970 is when, `care` the day it was asked for, `last` the card's own.

    `insurer` (10 digits), `serial` and `handle` name the card; `domains` are the card's. `keys`: when the list of keys
    was made, seconds since 1970. `base` and `known`: the days of the list of revoked cards, None where none was at
    hand. `live`: a phone signed the minute.
    """

    site: str
    insurer: str
    serial: int
    handle: bytes = field(repr=False)
    seconds: int
    care: date
    last: date
    domains: tuple[str, ...]
    keys: int
    base: date | None = None
    known: date | None = None
    live: bool = False


def dates_fault(receipt: Receipt, seen: date, received: int) -> str:
    """Whether its instants fit each other and the invoice; `seen` its civil day at the site, `received` in seconds."""
    ahead = receipt.seconds > received + AHEAD
    keys = not -AHEAD <= receipt.seconds - receipt.keys <= KEYS_MOST
    lists = receipt.known is not None and receipt.known > seen + timedelta(days=1)  # a day begins elsewhere before
    return DATES if ahead or keys or lists or receipt.care > receipt.last or seen > receipt.last else ""


def held_to(receipt: Receipt, seen: date) -> date:
    """The day of the list of revoked cards that the check is held to.

    Its own; or, where it had none or one too old to count, what was known on the day of the check.
    """
    known = receipt.known
    return known if known is not None and seen - known <= timedelta(days=FILTER_DAYS) else seen
