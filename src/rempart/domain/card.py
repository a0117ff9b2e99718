"""A signed card: what it says of one beneficiary, and what that is worth on a day of care when nobody can be asked.

The five labels are those every card prints (AMC number, type of convention, CSR, member number, validity). A card
names nobody and holds no NIR. It proves what its insurer printed; whether rights still stand, only the hub knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

HANDLE_BYTES = 16
LIVE_MOST = 7 * 86_400  # seconds that a card on a phone may live: then the insurer's application fetches another
MINUTE_BEFORE = 1  # minutes by which a phone's clock may be ahead …
MINUTE_AFTER = 2  # … and by which a shown minute may be old
FILTER_DAYS = 8  # a weekly base and a day for its delta to arrive

Revocation = Literal["clear", "perhaps", "unchecked", "old"]
"""What the list of revoked cards says: not on it, perhaps on it, no list at hand, or a list that is too old."""


class Live(NamedTuple):
    """What a card on a phone adds: it lives from `issued` to `expires` (seconds UTC) and `key` signs each minute.

    `key`: a P-256 point, x then y, 64 bytes. Phones keep such keys in hardware.
    """

    issued: int
    expires: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Card:
    """One beneficiary as the card prints it. `first` and `last` are both included.

    `birth` is AAMMJJ as text (lunar dates stay), `rank` one digit; `domains` are those open through the whole validity;
    `serial` is the insurer's number of this card; `handle` (16 random bytes) finds the record without any identity.
    """

    amc_number: str
    convention: str
    csr: str
    member: str
    first: date
    last: date
    birth: str
    rank: str
    product: str
    domains: tuple[str, ...]
    serial: int
    handle: bytes
    live: Live | None = None

    def __repr__(self) -> str:
        return "Card(…)"


class Verdict(NamedTuple):
    """`card-covered` (then `until` and `domains` say how far), `card-not-yet`, `card-ended` or `card-ask-on-line`."""

    code: str
    until: date | None
    domains: tuple[str, ...]
    revocation: Revocation


def judge(card: Card, day: date, revocation: Revocation) -> Verdict:
    """What a card whose signature holds is worth on `day`.

    The list of revoked cards is a filter that may be wrong about a good card: it sends on line, it never refuses.
    """
    if day < card.first:
        return Verdict("card-not-yet", None, (), revocation)
    if day > card.last:
        return Verdict("card-ended", None, (), revocation)
    if revocation == "perhaps":
        return Verdict("card-ask-on-line", None, (), revocation)
    return Verdict("card-covered", card.last, card.domains, revocation)


def minute_fault(live: Live, minute: int, seconds: int) -> str | None:
    """Why the proof of `minute` (since 1970) does not hold at `seconds` (since 1970); None when it does."""
    if not live.issued <= seconds < live.expires:
        return "card-live-ended"
    return None if -MINUTE_BEFORE <= seconds // 60 - minute <= MINUTE_AFTER else "card-minute-other"
