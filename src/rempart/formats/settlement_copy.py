"""What a settlement file's `acts` open to: an invoice's acts, contract and counters, for its insurer alone.

msgpack, version 1, as docs/formats/settlement-file.md tells it; read here into words that JSON can hold. The decided
lines in it are left: the file says them in clear.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import msgspec

_EPOCH = date(1970, 1, 1).toordinal()
_Detail = tuple[str, str, int]


class _Particulars(NamedTuple):
    item: str
    side: str
    teeth: tuple[str, ...]
    correction: tuple[int, int, bool] | None
    basket: str
    price_limit: int | None
    pricing: str
    days: int
    renewal: str
    substitution: str
    reference_price: int | None
    first_paid: int | None
    last_delivery: int | None
    blind: bool


class _Act(NamedTuple):
    line: int
    care: int
    code: str
    family: str
    quantity: int
    coefficient: int
    detail: tuple[_Detail, ...]
    base: int
    rate: int
    amo: int
    spent: int
    asked: int
    exemption: str
    qualifier: str
    place: str
    particulars: _Particulars | None


class _Contract(NamedTuple):
    product: str
    level: str
    kind: str
    profession: str
    nature: str
    exemption: str
    age: int


_Head = tuple[bytes, bytes, str, str, str, str]
_Counter = tuple[int, str, int, int, int, str, int]
_decode = msgspec.msgpack.Decoder(
    tuple[int, _Head, tuple[_Act, ...], msgspec.Raw, tuple[_Counter, ...], _Contract]
).decode


def opened(copy: bytes) -> tuple[bytes, dict[str, Any]]:
    """The person's handle (16 bytes), and the invoice's number, acts, counters and contract, of an opened copy.

    Days are AAAA-MM-JJ, amounts integer cents. ValueError: not of this format.
    """
    try:
        version, head, acts, _, counters, contract = _decode(copy)
        told = [_act(act) for act in acts]
        counted = [_counter(*counter) for counter in counters]
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise ValueError("not a settlement copy") from error
    if version != 1:
        raise ValueError("not a settlement copy of version 1")
    return head[0], {"number": head[3], "acts": told, "counters": counted, "contract": contract._asdict()}


def _act(act: _Act) -> dict[str, Any]:
    more = act.particulars
    return act._asdict() | {"care": _day(act.care), "particulars": None if more is None else _told(more)}


def _told(more: _Particulars) -> dict[str, Any]:
    """What is told alone: most lines that tell something tell one or two things."""
    said = {name: value for name, value in more._asdict().items() if value not in {None, "", (), 0}}
    said |= {name: 0 for name in ("price_limit", "reference_price", "first_paid") if getattr(more, name) == 0}
    return said | ({"last_delivery": _day(more.last_delivery)} if more.last_delivery is not None else {})


def _counter(line: int, name: str, *figures: Any) -> dict[str, Any]:
    first, last, taken, unit, left = figures
    period = {"line": line, "counter": name, "from": _day(first), "to": _day(last)}
    return period | {"taken": taken, "unit": unit, "left": left if left >= 0 else None}


def _day(number: int) -> str:
    return date.fromordinal(number + _EPOCH).isoformat()
