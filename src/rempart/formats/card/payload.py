"""What a card's signature covers: one CBOR array of 12 elements on paper, of 15 on a phone. docs/formats/card.md.

Dates are days since 1970-01-01, domains bits in the order of `DOMAINS`, the AMC number and the birth date numbers
whose zeros on the left were dropped: each byte less makes the printed squares larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import cbor2
import msgspec
from msgspec import Meta

from rempart.domain.card import HANDLE_BYTES, LIVE_MOST, Card, Live
from rempart.domain.rights import DOMAINS
from rempart.formats.card.cose import parse

MAX_SERIAL = (1 << 40) - 1
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date(2099, 12, 31).toordinal() - _EPOCH
_EC2, _P256 = 2, 1  # RFC 9053 § 7.1.1: kty and crv
_LIVE_FROM = 12  # elements before those of a phone


class _Content(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    amc: Annotated[int, Meta(ge=1, le=9_999_999_999)]
    convention: Annotated[str, Meta(pattern=r"\A[A-Z0-9]{0,10}\Z")]
    csr: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9]{0,10}\Z")]
    member: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9](?:[A-Za-z0-9 ]{0,13}[A-Za-z0-9])?\Z")]
    first: Annotated[int, Meta(ge=0, le=_LAST_DAY)]
    last: Annotated[int, Meta(ge=0, le=_LAST_DAY)]
    birth: Annotated[int, Meta(ge=0, le=999_999)]
    rank: Annotated[int, Meta(ge=1, le=9)]
    product: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,20}\Z")]
    domains: Annotated[int, Meta(ge=1, lt=1 << len(DOMAINS))]
    serial: Annotated[int, Meta(ge=1, le=MAX_SERIAL)]
    handle: Annotated[bytes, Meta(min_length=HANDLE_BYTES, max_length=HANDLE_BYTES)]


def write(card: Card) -> bytes:
    """The payload; ValueError when the card cannot be one (a field too long, dates reversed, a domain unknown)."""
    content = _encoded(card)
    if read(content) != card:
        raise ValueError("these are not fields of a card")
    return content


def read(content: bytes) -> Card | None:
    """The card that a payload says, in its one encoding; None when it says none. Domains come in the order of cards."""
    elements = parse(content)
    if not isinstance(elements, list) or len(elements) not in (_LIVE_FROM, _LIVE_FROM + 3):
        return None
    live = _live(elements[_LIVE_FROM:])
    try:
        found = msgspec.convert(elements[:_LIVE_FROM], _Content)
    except msgspec.ValidationError:
        return None
    card = Card(
        f"{found.amc:010d}", found.convention, found.csr, found.member, date.fromordinal(found.first + _EPOCH),
        date.fromordinal(found.last + _EPOCH), f"{found.birth:06d}", str(found.rank), found.product,
        tuple(name for place, name in enumerate(DOMAINS) if found.domains >> place & 1), found.serial, found.handle,
        live,
    )  # fmt: skip
    return card if card.first <= card.last and _encoded(card) == content else None


def _encoded(card: Card) -> bytes:
    elements: list[Any] = [
        int(card.amc_number), card.convention, card.csr, card.member, _day(card.first), _day(card.last),
        int(card.birth), int(card.rank), card.product, sum(1 << DOMAINS.index(one) for one in set(card.domains)),
        card.serial, card.handle,
    ]  # fmt: skip
    if card.live is not None:
        x, y = card.live.key[:32], card.live.key[32:]
        elements += [card.live.issued, card.live.expires, {1: {1: _EC2, -1: _P256, -2: x, -3: y}}]
    return cbor2.dumps(elements, canonical=True)


def _live(elements: Sequence[Any]) -> Live | None:
    """The last three elements of a card on a phone; its key confirms as RFC 8747 § 3.2 has it."""
    match elements:
        case [int(issued), int(expires), {1: {-2: bytes(x), -3: bytes(y)}}] if len(x) == len(y) == 32:
            sound = 0 <= issued < expires < 1 << 40 and expires - issued <= LIVE_MOST
            return Live(issued, expires, x + y) if sound else None
    return None


def _day(day: date) -> int:
    return day.toordinal() - _EPOCH
