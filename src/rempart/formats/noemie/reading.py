"""Reading a NOEMIE return as a stream of items, with flat memory. One fault refuses the whole file.

A control record can only be judged where it stands, so what was yielded may still fall with its file: nothing may be
applied before `FileEnd`. Nothing here raises for what a file contains: hostile bytes give `FileRefused`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, cast

from rempart.domain.returns import DebtMove, Group, InvoiceReturn, Reject, Share, Signal, moved
from rempart.formats.noemie import layout
from rempart.formats.noemie.framing import Framing
from rempart.formats.noemie.layout import BY_NAME, UNUSED
from rempart.formats.noemie.records import Envelope, Fault, FileEnd, FileRefused, GroupEnd
from rempart.formats.noemie.zones import (
    EURO,
    LEVEL_OF,
    MODE_OF,
    NOBODY,
    PART_OF,
    STATE_OF,
    identity_of,
    signed,
    text,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rempart.domain.returns import Item
    from rempart.formats._fixed import Value
    from rempart.formats.noemie.records import Event

Values = dict[str, "Value"]


class _Bad(Exception):
    """The first fault: position and code; it never leaves this module."""

    def __init__(self, position: int, code: str) -> None:
        super().__init__(code)
        self.position = position
        self.code = code


def read(blocks: Iterable[bytes]) -> Iterator[Event]:
    """Events of a return given as blocks of any size; the last is `FileEnd` or `FileRefused`."""
    return _Pass().run(blocks)


class _Pass:
    """One pass over a return."""

    def __init__(self) -> None:
        self.count = 0
        self.type = "000"
        self.start: Values = {}
        self.payee: str | None = None
        self.transfer: Group | None = None  # told by 040 and 070 or 071, not opened by 081 yet
        self.group: Group | None = None
        self.items = self.amount = self.total = self.groups = 0
        self.invoice: dict[str, Any] | None = None  # what is told of the invoice under way
        self.skipped: Counter[str] = Counter()
        self.ended: FileEnd | None = None

    def run(self, blocks: Iterable[bytes]) -> Iterator[Event]:
        framing = Framing()
        try:
            for entity in framing.entities(blocks):
                self.count += 1
                yield from self._entity(entity.raw)
        except _Bad as bad:
            yield FileRefused(Fault(self.count, self.type, bad.position, bad.code))
            return
        if framing.fault or self.ended is None:
            yield FileRefused(Fault(self.count + 1, "?", 1, framing.fault or "file-end-missing"))
            return
        yield self.ended

    def _entity(self, raw: bytes) -> Iterator[Event]:
        name = raw[:3].decode("latin-1")
        self.type = name if name in BY_NAME else "?"
        if self.count == 1:
            yield self._file_start(raw)
            return
        if self.type == "?" or self.ended is not None:
            raise _Bad(1, "entity-unknown" if self.type == "?" else "after-end")
        if name == "000":
            raise _Bad(1, "entity-out-of-place")
        if raw == NOBODY and self.invoice is not None:
            return
        values = self._values(raw)
        if name in UNUSED:
            self.skipped[name] += 1
            return
        step = _STEPS[name]
        if name not in _OF_INVOICE:
            yield from self._flush()
        yield from step(self, values)

    def _values(self, raw: bytes) -> Values:
        entity = BY_NAME[self.type]
        if len(raw) > entity.length:
            raise _Bad(entity.length + 1, "entity-too-long")
        found = entity.unpack(raw.ljust(entity.length), self.count)
        if isinstance(found, tuple):
            raise _Bad(found[0].position, found[0].code)
        return found

    def _file_start(self, raw: bytes) -> Envelope:
        if self.type != "000" or len(raw) != layout.LENGTH:
            raise _Bad(1, "not-noemie")
        values = self._values(raw)
        if values["currency"] != EURO or values["record_length"] != layout.LENGTH:
            raise _Bad(layout.FILE_START.field("currency").start, "not-noemie")
        mode = MODE_OF.get(text(values["mode"]))
        if mode is None:
            raise _Bad(layout.FILE_START.field("mode").start, "mode-unknown")
        self.start = values
        return Envelope(
            text(values["sender"]), text(values["receiver"]), text(values["file_id"]), _day(values["created"]),
            text(values["reference"]), text(values["sender_kind"]), text(values["receiver_kind"]),
            text(values["application"]), mode,
        )  # fmt: skip

    def payee_told(self, values: Values) -> Iterator[Event]:
        """040."""
        if self.group is not None:
            raise _Bad(1, "control-missing")
        self.payee = text(values["payee"])
        yield from ()

    def day_told(self, values: Values) -> Iterator[Event]:
        """070 and 071."""
        if self.group is not None:
            raise _Bad(1, "control-missing")
        if self.payee is None:
            raise _Bad(1, "entity-out-of-place")
        self.transfer = Group(
            self.payee, _day(values["day"]), text(values.get("label")), text(values.get("label_more")),
            text(values.get("payer")),
        )  # fmt: skip
        yield from ()

    def kind_told(self, values: Values) -> Iterator[Event]:
        """081 opens the group."""
        if self.transfer is None:
            raise _Bad(1, "entity-out-of-place")
        self.group = replace(self.transfer, kind=text(values["kind"]))
        self.transfer = self.payee = None
        self.items = self.amount = 0
        yield self.group

    def invoice_start(self, values: Values) -> Iterator[Event]:
        """100 and 102."""
        self._within()
        lot = values.get("lot")
        self.invoice = {
            "number": text(values["number"]), "kind": text(values.get("kind")), "rejects": (), "comments": (),
            "lot": lot if isinstance(lot, int) else None, "lot_day": _day_or_none(values.get("lot_day")),
            "issued": _day_or_none(values.get("issued")),
        }  # fmt: skip
        yield from ()

    def identity(self, values: Values) -> Iterator[Event]:
        """103."""
        self._open()["identity"] = identity_of(values)
        yield from ()

    def amo(self, values: Values) -> Iterator[Event]:
        """198."""
        self._open()["amo"] = _share(values)
        yield from ()

    def amc(self, values: Values) -> Iterator[Event]:
        """199, once an invoice."""
        invoice = self._open()
        if "amc" in invoice:
            raise _Bad(1, "entity-out-of-place")
        invoice |= {"amc": _share(values), "insurer": text(values["insurer"]), "member": told(values["member"])}
        yield from ()

    def reject(self, values: Values) -> Iterator[Event]:
        """294."""
        level, part = LEVEL_OF.get(text(values["level_of"])), PART_OF.get(text(values["part"]))
        if level is None or part is None:
            raise _Bad(layout.REJECT.field("level_of" if level is None else "part").start, "level-unknown")
        line = values["line"]
        found = Reject(
            text(values["code"]), text(values["label"]), cast("_Level", level), cast("_Part", part),
            line if isinstance(line, int) else None, _day_or_none(values["care"]), text(values["info"]),
        )  # fmt: skip
        self._open()["rejects"] += (found,)
        yield from ()

    def comment(self, values: Values) -> Iterator[Event]:
        """295."""
        if self.invoice is None:
            self.skipped["295"] += 1
        else:
            self.invoice["comments"] += (text(values["text"]),)
        yield from ()

    def debt(self, values: Values) -> Iterator[Event]:
        """250."""
        amount = signed(values["amount"], values["sign"])
        if amount is None:
            raise _Bad(layout.DEBT.field("sign").start, "sign-unknown")
        yield self._counted(
            DebtMove(
                text(values["reference"]), _day(values["day"]), text(values["nature"]), text(values["operation"]),
                amount, _number(values["balance"]), _number(values["line"]),
            )
        )  # fmt: skip

    def signal(self, values: Values) -> Iterator[Event]:
        """290."""
        yield self._counted(Signal(text(values["code"]), text(values["label"]), _number(values["line"])))

    def control(self, values: Values) -> Iterator[Event]:
        """990 closes the group."""
        group = self._within()
        if text(values["payee"]) != group.payee:
            raise _Bad(layout.CONTROL.field("payee").start, "control-payee")
        if values["items"] != self.items:
            raise _Bad(layout.CONTROL.field("items").start, "control-count")
        self._same_amount(values, self.amount, "control-sum")
        self.total += self.amount
        self.groups += 1
        self.group = None
        yield GroupEnd(group.payee, self.items, self.amount)

    def file_end(self, values: Values) -> Iterator[Event]:
        """999."""
        if self.group is not None:
            raise _Bad(1, "control-missing")
        for names, code in _REPEATED:
            for name in names:
                if values[name] != self.start[name]:
                    raise _Bad(layout.FILE_END.field(name).start, code)
        if values["records"] != self.count:
            raise _Bad(layout.FILE_END.field("records").start, "record-count")
        if values["groups"] != self.groups:
            raise _Bad(layout.FILE_END.field("groups").start, "group-count")
        self._same_amount(values, self.total, "file-sum")
        self.ended = FileEnd(self.count, self.groups, self.total, tuple(sorted(self.skipped.items())))
        yield from ()

    def _same_amount(self, values: Values, found: int, code: str) -> None:
        announced = signed(values["amount"], values["sign"])
        if announced != found:
            where = "sign" if announced is None else "amount"
            raise _Bad(BY_NAME[self.type].field(where).start, "sign-unknown" if announced is None else code)

    def _flush(self) -> Iterator[Event]:
        if self.invoice is None:
            return
        if "amc" not in self.invoice:
            raise _Bad(1, "amc-missing")
        found, self.invoice = InvoiceReturn(**self.invoice), None
        yield self._counted(found)

    def _counted(self, item: Item) -> Item:
        self._within()
        self.items += 1
        self.amount += moved(item)
        return item

    def _within(self) -> Group:
        if self.group is None:
            raise _Bad(1, "entity-out-of-place")
        return self.group

    def _open(self) -> dict[str, Any]:
        if self.invoice is None:
            raise _Bad(1, "entity-out-of-place")
        return self.invoice


def _share(values: Values) -> Share:
    state = STATE_OF.get(text(values["state"]))
    if state is None:
        raise _Bad(layout.AMC.field("state").start, "state-unknown")
    paid = signed(values["paid"], values["sign"])
    if paid is None:
        raise _Bad(layout.AMC.field("sign").start, "sign-unknown")
    if paid and state != "paid":
        raise _Bad(layout.AMC.field("paid").start, "paid-without-state")
    return Share(cast("_State", state), paid, _number(values["requested"]))


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _day(value: Value) -> date:
    if not isinstance(value, date):
        raise TypeError("the table says this zone is a date")
    return value


def _day_or_none(value: Value) -> date | None:
    return value if isinstance(value, date) else None


if TYPE_CHECKING:
    from typing import Literal

    from rempart.domain.returns import State as _State

    _Level = Literal["invoice", "line", "refined"]
    _Part = Literal["amc", "amo"]

_REPEATED: Final = (
    (("sender_kind", "sender"), "sender-not-repeated"),
    (("receiver_kind", "receiver"), "receiver-not-repeated"),
    (("application", "file_id"), "file-id-not-repeated"),
)
_OF_INVOICE: Final = frozenset({"103", "198", "199", "294", "295"})
_STEPS: Final[dict[str, Callable[[_Pass, Values], Iterator[Event]]]] = {
    "040": _Pass.payee_told, "070": _Pass.day_told, "071": _Pass.day_told, "081": _Pass.kind_told,
    "100": _Pass.invoice_start, "102": _Pass.invoice_start, "103": _Pass.identity, "198": _Pass.amo, "199": _Pass.amc,
    "250": _Pass.debt, "290": _Pass.signal, "294": _Pass.reject, "295": _Pass.comment,
    "990": _Pass.control, "999": _Pass.file_end,
}  # fmt: skip
