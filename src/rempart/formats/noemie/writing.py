"""Writing a NOEMIE return as a stream: items of `domain.returns` in, blocks out, control records kept on the way."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rempart.domain.returns import DebtMove, Group, Identity, InvoiceReturn, Signal, moved
from rempart.formats._fixed import PackError
from rempart.formats.noemie import layout
from rempart.formats.noemie.framing import MARK, Blocks
from rempart.formats.noemie.layout import LEVELS
from rempart.formats.noemie.zones import (
    EURO,
    MEMBER_WIDTH,
    MODES,
    NOBODY,
    PARTS,
    STATES,
    identity_zones,
    sign,
)
from rempart.formats.noemie.zones import (
    LEVELS as REJECT_LEVELS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rempart.domain.returns import Item, Reject, Share
    from rempart.formats._fixed import Layout, Value
    from rempart.formats.noemie.records import Envelope

BALANCE_MOST: Final = 99_999_999  # cents; a greater one is left blank: its zone has eight digits
_BLOCK: Final = 65_536  # bytes of one block of output


def write(envelope: Envelope, items: Iterable[Item]) -> Iterator[bytes]:
    """Blocks of a whole return; the first item is a `Group`. Raises PackError for what does not fit the profile."""
    held = bytearray()
    for piece in _pieces(envelope, items):
        held += piece
        if len(held) >= _BLOCK:
            yield bytes(held)
            held.clear()
    yield bytes(held)


class _Sums:
    """What 990 and 999 announce."""

    __slots__ = ("amount", "count", "groups", "open", "records", "total")

    def __init__(self) -> None:
        self.records, self.groups, self.total = 2, 0, 0  # 000 and 999
        self.count = self.amount = 0
        self.open: Group | None = None


def _pieces(envelope: Envelope, items: Iterable[Item]) -> Iterator[bytes]:
    blocks, sums = Blocks(), _Sums()
    same = _same(envelope)
    yield layout.FILE_START.pack(
        {
            **same, "created": envelope.created, "reference": envelope.reference, "version": "", "compressed": "",
            "encrypted": "", "currency": EURO, "mode": MODES[envelope.mode], "record_length": layout.LENGTH,
            "password": "", "message": "",
        }
    )  # fmt: skip
    for item in items:
        entities = list(_item(item, sums))
        sums.records += len(entities)
        yield blocks.add(MARK.join(entities))
    for raw in _close(sums):
        sums.records += 1
        yield blocks.add(raw)
    yield blocks.end()
    yield layout.FILE_END.pack(
        {
            **same, "records": sums.records, "mode": MODES[envelope.mode], "groups": sums.groups,
            "amount": abs(sums.total), "sign": sign(sums.total),
        }
    )  # fmt: skip


def _same(envelope: Envelope) -> dict[str, Value]:
    return {
        "sender_kind": envelope.sender_kind, "sender": envelope.sender, "sender_program": "",
        "receiver_kind": envelope.receiver_kind, "receiver": envelope.receiver, "receiver_program": "",
        "application": envelope.application, "file_id": envelope.file_id,
    }  # fmt: skip


def _item(item: Item, sums: _Sums) -> Iterator[bytes]:
    if isinstance(item, Group):
        yield from _close(sums)
        yield from _group(item)
        sums.open = item
        sums.groups += 1
        return
    if sums.open is None:
        raise PackError("102", "number", 1)
    sums.count += 1
    sums.amount += moved(item)
    if isinstance(item, InvoiceReturn):
        yield from _invoice(item)
    elif isinstance(item, DebtMove):
        yield _debt(item)
    else:
        yield _signal(item)


def _close(sums: _Sums) -> Iterator[bytes]:
    if sums.open is None:
        return
    yield _pack(
        layout.CONTROL,
        {"payee": sums.open.payee, "items": sums.count, "amount": abs(sums.amount), "sign": sign(sums.amount)},
    )
    sums.total += sums.amount
    sums.count = sums.amount = 0
    sums.open = None


def _group(group: Group) -> Iterator[bytes]:
    yield _pack(layout.PAYEE, {"payee": group.payee})
    told: dict[str, Value] = {
        "day": group.day,
        "label": group.label,
        "label_more": group.label_more,
        "payer": group.payer,
    }
    yield _pack(layout.TRANSFER, told) if group.label else _pack(layout.DAY, {"day": group.day})
    if not group.label and (group.label_more or group.payer):
        raise PackError("071", "label", layout.TRANSFER.field("label").start)
    yield _pack(layout.RETURN_KIND, {"kind": group.kind, "place": ""})


# The hot path: a hub writes hundreds of thousands of invoices of this one shape.
_PLAIN = layout.INVOICE.template("level", "number", "kind")
_AMO = layout.AMO.template("level", "requested", "state", "paid", "sign")
_AMC = layout.AMC.template("level", "requested", "state", "paid", "sign", "insurer", "member")


def _invoice(one: InvoiceReturn) -> Iterator[bytes]:
    if len(one.number) != 9 or not one.number.isalnum():
        raise PackError("102", "number", layout.INVOICE.field("number").start)
    plain = one.lot is None and one.lot_day is None and one.issued is None
    yield _sealed(layout.INVOICE, _PLAIN.fill(LEVELS["102"], one.number, one.kind)) if plain else _dated(one)
    yield NOBODY if one.identity == _EMPTY else _pack(layout.IDENTITY, identity_zones(one.identity))
    if one.amo is not None:
        yield _AMO.fill(LEVELS["198"], *_share(one.amo))
    member = one.member or "0" * MEMBER_WIDTH
    yield _sealed(layout.AMC, _AMC.fill(LEVELS["199"], *_share(one.amc), one.insurer, member))
    for reject in one.rejects:
        yield _reject(reject)
    for comment in one.comments:
        yield _comment(comment)


def _dated(one: InvoiceReturn) -> bytes:
    """102 with the site's own lot and days."""
    return _pack(
        layout.INVOICE,
        {
            "number": one.number, "complement": "", "lot": one.lot, "lot_day": one.lot_day, "kind": one.kind,
            "issued": one.issued, "amc_treatment": "", "nature": "",
        },
    )  # fmt: skip


def _share(share: Share) -> tuple[int, str, int, str]:
    """Requested, state, paid and sign."""
    if share.paid and share.state != "paid":
        raise PackError("199", "paid", layout.AMC.field("paid").start)
    return share.requested, STATES[share.state], abs(share.paid), sign(share.paid)


@lru_cache(maxsize=4096)
def _comment(comment: str) -> bytes:
    """295; what to do next is said in few ways."""
    return _pack(layout.COMMENT, {"code": "", "text": comment})


@lru_cache(maxsize=4096)
def _reject(reject: Reject) -> bytes:
    return _pack(
        layout.REJECT,
        {
            "code": reject.code, "label": reject.label, "level_of": REJECT_LEVELS[reject.level],
            "part": PARTS[reject.part], "act": "", "care": reject.care, "performer": "", "line": reject.line,
            "rank": None, "info": reject.info,
        },
    )  # fmt: skip


def _debt(move: DebtMove) -> bytes:
    return _pack(
        layout.DEBT,
        {
            "line": move.line, "reference": move.reference, "day": move.day, "nature": move.nature,
            "operation": move.operation, "amount": abs(move.amount), "sign": sign(move.amount),
            "balance": move.balance if move.balance <= BALANCE_MOST else None,
        },
    )  # fmt: skip


def _signal(signal: Signal) -> bytes:
    return _pack(layout.SIGNAL, {"line": signal.line, "code": signal.code, "label": signal.label})


def _pack(entity: Layout, values: Mapping[str, Value]) -> bytes:
    """One entity with its break level."""
    return _sealed(entity, entity.pack({"level": LEVELS[entity.name], **values}))


def _sealed(entity: Layout, raw: bytes) -> bytes:
    """The same; the terminator may stand in no zone."""
    if MARK in raw:
        raise PackError(entity.name, "terminator", raw.index(MARK) + 1)
    return raw


_EMPTY: Final = Identity()
