"""The hub's desk for invoices and files in memory, beside `fake_doors`: it takes, holds, rejects, cancels, reports."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import msgspec

from rempart.client.calls import Call, Ended
from rempart.client.doors import SignedIn
from rempart.wire.invoices import (
    EventState,
    Fault,
    FileList,
    FileReceipt,
    FileState,
    InvoiceList,
    InvoiceReceipt,
    InvoicesReceipt,
    InvoicesRequest,
    InvoiceState,
    InvoiceSummary,
    LineState,
)
from rempart.wire.problem import Problem
from support.fake_doors import no

AT = "2026-11-18T09:26:00Z"
PAGE = 50
_ONE = re.compile(r"/v1/invoices/([0-9a-f-]{36})(?:/(cancel|distinct))?")
_FILE = re.compile(r"/v1/files/([0-9a-f-]{36})(/noemie)?")
REASONS = {"held": "possible-duplicate", "rejected": "rights-closed", "waiting": "budget-waiting"}


@dataclass
class FakeInvoices:
    """`verdict`: the state that the next invoice gets; `faults`: what the next one is refused for, unread.

    `sent`, `files`: what came in; `keys`: under which key each request came; a key seen before gets the first receipt.
    """

    verdict: str = "accepted"
    faults: tuple[Fault, ...] = ()
    report: FileState | None = None
    invoices: dict[str, InvoiceState] = field(default_factory=dict)
    sent: list[Any] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    keys: dict[str, InvoicesReceipt] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)  # `cancel` or `distinct` → a code
    listed: Callable[[str], FileList] = lambda _before: FileList(())  # what the list of files tells, by `before_file`

    def __call__(self, _session: SignedIn, call: Call[Any]) -> object | None:
        path, _, query = call.path.partition("?")
        told = {name: values[0] for name, values in parse_qs(query).items()}
        if path == "/v1/invoices":
            return self._send(call) if call.method == "POST" else self._found(told["number"])
        if path == "/v1/invoices/recent":
            return self._recent(told)
        if path == "/v1/files" and call.method == "GET":
            return self.listed(told.get("before_file", ""))
        if path == "/v1/files":
            self.files.append(call.body)
            return FileReceipt(_id(9_000 + len(self.files)), "received")
        one, file = _ONE.fullmatch(path), _FILE.fullmatch(path)
        if one:
            return self._one(one[1], one[2] or "")
        return self._file(file[1], back=bool(file[2])) if file else None

    # ---- for tests ----

    def add(self, state: str = "accepted", number: str = "", reason: str = "", **others: Any) -> str:
        """An invoice of the site, and its id."""
        place = len(self.invoices) + 1
        identity = _id(place)
        reason = reason or REASONS.get(state, "")
        paid = 469 if state in {"accepted", "paid"} else 0
        line = LineState(1, "PHAR", 1340, 871, paid, 469 - paid, (), reason if state == "rejected" else "")
        made = InvoiceState(
            identity, number or f"{place:09d}", state, reason, "", 1340, 871, paid, 469 - paid, (line,),
            (EventState("received", AT), EventState("acknowledged", AT), EventState(state, AT, reason)),
        )  # fmt: skip
        self.invoices[identity] = msgspec.structs.replace(made, **others)
        return identity

    # ---- the desk ----

    def _send(self, call: Call[Any]) -> object:
        key = dict(call.headers)["Idempotency-Key"]
        if key in self.keys:
            return self.keys[key]
        (invoice,) = msgspec.json.decode(call.body, type=InvoicesRequest).invoices
        self.sent.append(invoice)
        if self.faults:
            receipt = InvoiceReceipt(invoice.number, "refused", faults=self.faults)
        else:
            receipt = InvoiceReceipt(invoice.number, "received", self.add(self.verdict, invoice.number))
        self.keys[key] = InvoicesReceipt(_id(0), (receipt,))
        return self.keys[key]

    def _found(self, number: str) -> list[str]:
        return [one.invoice for one in reversed(self.invoices.values()) if one.number == number.zfill(9)]

    def _recent(self, told: dict[str, str]) -> InvoiceList:
        newest = sorted(self.invoices.values(), key=lambda one: one.invoice, reverse=True)
        wanted = [
            one for one in newest
            if one.invoice < told.get("before_invoice", "g") and told.get("state", one.state) == one.state
            and one.events[0].instant.startswith(told.get("day", ""))
        ]  # fmt: skip
        shown = tuple(
            InvoiceSummary(
                one.invoice, one.number, "2026-11-18", AT, one.state, one.reason, one.spent, one.amo, one.amc,
                one.patient,
            )
            for one in wanted[:PAGE]
        )  # fmt: skip
        return InvoiceList(shown, shown[-1].invoice if len(wanted) > PAGE else "")

    def _one(self, identity: str, act: str) -> object:
        found = self.invoices.get(identity)
        if found is None:
            return Problem("No", 404, "not-found")
        if not act:
            return found
        if act in self.refusals:
            return no(self.refusals[act])
        if act == "cancel" and found.state in {"rejected", "cancelled"}:
            return Problem("No", 409, "not-cancellable")
        if act == "distinct" and found.state != "held":
            return Problem("No", 404, "not-found")
        state, reason = ("cancelled", "cancelled") if act == "cancel" else ("accepted", "")
        self.invoices[identity] = msgspec.structs.replace(found, state=state, reason=reason)
        return Ended(state)

    def _file(self, identity: str, *, back: bool) -> object:
        if UUID(identity).int - 9_000 > len(self.files):
            return Problem("No", 404, "not-found")
        if self.report is None:
            return FileState(identity, "received", AT)
        return b"RETURN" if back else msgspec.structs.replace(self.report, file=identity)


def _id(place: int) -> str:
    return str(UUID(int=place))
