"""The hub's answers about quotes, estimates and the invoices made from them, in memory: a desk of `FakeDoors`.

A quote of up to `REVIEW` cents is agreed to at once, all that the compulsory share leaves; a dearer one waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import msgspec

from rempart.client.calls import Call, Ended
from rempart.client.doors import SignedIn
from rempart.wire.authorizations import (
    AttachmentState,
    AuthorizationList,
    AuthorizationRequest,
    AuthorizationState,
    DeliveryState,
    QuoteLine,
    RestState,
)
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateRequest
from rempart.wire.invoices import EventState, InvoiceReceipt, InvoicesReceipt, InvoicesRequest, LineState
from rempart.wire.problem import FieldError, Problem
from support.fake_doors import no
from support.portals import ONE, PRESENTED, Asker, Clock, doors

REVIEW = 100_000
DOMAINS = {"optics": "OPTI", "hearing": "AUDI", "dental-prosthesis": "DEPR", "dental": "DESO", "hospital-stay": "HOSP"}
REFERENCE = "PBG2J 04W06 818G1 8010T"
ASKED = "2026-11-18T09:26:40Z"


def share(line: QuoteLine) -> int:
    """The compulsory share of a line, in cents, half up."""
    return (min(line.base, line.spent) * line.rate * 2 + 100) // 200


def decided(number: int, line: QuoteLine) -> LineState:
    """One line, all of whose rest the insurer pays."""
    amo = share(line)
    return LineState(number, DOMAINS.get(line.family, "PHAR"), line.spent, amo, line.spent - amo, 0)


@dataclass
class QuoteDesk:
    """`refuse`: a reason with which every quote is refused. `wrong`: fields that the hub finds at fault.

    `paper_keys`: what the hub gives as the insurer's signed keys; b"" when it knows none.
    """

    refuse: str = ""
    held_until: str = ""
    wrong: tuple[str, ...] = ()
    quotes: dict[str, AuthorizationState] = field(default_factory=dict)
    asked: list[AuthorizationRequest] = field(default_factory=list)
    estimated: list[EstimateRequest | CardEstimateRequest] = field(default_factory=list)
    invoiced: list[Any] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    paper_keys: bytes = b""

    def __call__(self, _session: SignedIn, call: Call[Any]) -> object | None:
        parts = urlsplit(call.path)
        steps = parts.path.strip("/").split("/")
        if steps[:2] == ["v1", "insurers"] and steps[-1] == "keys":
            return self.paper_keys or no("not-found")
        if steps == ["v1", "estimates"]:
            kind = CardEstimateRequest if b'"card":' in call.body else EstimateRequest
            return self._estimate(msgspec.json.decode(call.body, type=kind))
        if steps == ["v1", "invoices"] and call.method == "POST":
            return self._invoice(msgspec.json.decode(call.body, type=InvoicesRequest))
        if steps[:2] != ["v1", "authorizations"]:
            return None
        if self.wrong and call.method == "POST":
            return Problem("No", 422, "invalid-fields", errors=tuple(FieldError(name, "x") for name in self.wrong))
        if call.method == "POST" and (len(steps) == 2 or steps[-1] == "modify"):
            return self._ask(call) if len(steps) == 2 else self._modify(steps[2], call)
        if len(steps) == 2:
            return self._find({name: values[0] for name, values in parse_qs(parts.query).items()})
        found = self.quotes.get(steps[2])
        if found is None:
            return no("not-found")
        return self._cancel(found) if steps[-1] == "cancel" else found

    def put(self, **changes: Any) -> AuthorizationState:
        """A quote in any state, as the hub would tell it."""
        lines = (LineState(1, "OPTI", 12_000, 3, 11_997, 0),)
        made = AuthorizationState(
            str(uuid4()), "agreed", ASKED, "2026-11-18", REFERENCE, valid_from="2026-11-18", valid_until="2027-05-16",
            delivery_until="2027-05-31", if_rights_end="Si les droits prennent fin…", line_tolerance=100,
            total_tolerance=200, spent=12_000, amo=3, amc=11_997, lines=lines, rest=(RestState(1, 1, 11_997),),
            events=(EventState("requested", ASKED, "site"),),
        )  # fmt: skip
        found = msgspec.structs.replace(made, **changes)
        self.quotes[found.authorization] = found
        return found

    def _modify(self, former: str, call: Call[Any]) -> AuthorizationState | Problem:
        """As the hub: the former goes on until the new one is agreed to."""
        before = self.quotes.get(former)
        if before is None or before.state not in {"agreed", "pending"}:
            return no("not-found" if before is None else "not-changeable")
        made = msgspec.structs.replace(self._ask(call), replaces=former)
        self.quotes[made.authorization] = made
        if made.state == "agreed":
            self.quotes[former] = msgspec.structs.replace(before, state="modified", rest=())
        return made

    def _ask(self, call: Call[Any]) -> AuthorizationState:
        asked = msgspec.json.decode(call.body, type=AuthorizationRequest)
        key = dict(call.headers)["Idempotency-Key"]
        if key in self.keys:
            return list(self.quotes.values())[self.keys.index(key)]
        self.keys.append(key)
        self.asked.append(asked)
        spent = sum(line.spent for line in asked.lines)
        waits = spent > REVIEW
        lines = tuple(decided(number, line) for number, line in enumerate(asked.lines, 1))
        about = {"planned_date": asked.planned_date, "site_reference": asked.site_reference, "spent": spent}
        if self.refuse or waits:
            state, why = ("refused", self.refuse) if self.refuse else ("pending", "amount-to-review")
            nothing: dict[str, Any] = dict.fromkeys(
                ("valid_from", "valid_until", "delivery_until", "if_rights_end"), ""
            )
            papers = tuple(AttachmentState(each.kind, len(each.content) + 1_100) for each in asked.attachments)
            nothing |= {"attachments": papers if waits and not self.refuse else (), "rest": ()}
            told = {"lines": (), "amc": 0, "reason": why, "reference": "" if self.refuse else REFERENCE}
            return self.put(state=state, held_until=self.held_until, **about, **nothing, **told)
        rest = tuple(
            RestState(each.number, line.particulars.days or 1 if line.particulars is not None else 1, each.amc)
            for each, line in zip(lines, asked.lines, strict=True)
        )
        amo = sum(line.amo for line in lines)
        return self.put(lines=lines, rest=rest, amo=amo, amc=spent - amo, **about)

    def _find(self, wanted: dict[str, str]) -> AuthorizationList:
        newest = tuple(reversed(self.quotes.values()))
        if "recent" in wanted:
            return AuthorizationList(newest[:50], next=1_795_000_000_000_000 if wanted["recent"] == "0" else 0)
        if "reference" in wanted:
            number = wanted["reference"]
            return AuthorizationList(tuple(each for each in newest if each.reference.replace(" ", "") == number))
        return AuthorizationList(tuple(each for each in newest if each.site_reference == wanted["site_reference"]))

    def _cancel(self, found: AuthorizationState) -> Ended | Problem:
        if found.state not in {"agreed", "pending", "partly-invoiced"}:
            return no("not-changeable")
        self.quotes[found.authorization] = msgspec.structs.replace(found, state="cancelled", rest=())
        return Ended("cancelled")

    def _estimate(self, asked: EstimateRequest | CardEstimateRequest) -> EstimateAnswer:
        self.estimated.append(asked)
        lines = tuple(decided(number, line) for number, line in enumerate(asked.lines, 1))
        spent, amo = sum(line.spent for line in lines), sum(line.amo for line in lines)
        return EstimateAnswer("estimated", "", "", spent, amo, spent - amo - 250, 250, lines)

    def _invoice(self, request: InvoicesRequest) -> InvoicesReceipt:
        (asked,) = request.invoices
        self.invoiced.append(asked)
        made = str(UUID(int=len(self.invoiced)))
        of = next(each for each in self.quotes.values() if each.reference.replace(" ", "") == asked.accreditation)
        took = tuple(DeliveryState(made, place, 1, line.amc) for place, line in enumerate(asked.lines, 1))
        self.quotes[of.authorization] = msgspec.structs.replace(
            of, state="invoiced", rest=(), deliveries=took, invoice=made
        )
        return InvoicesReceipt("f", (InvoiceReceipt(asked.number.zfill(9), "received", made),))


@cache
def _seat(profession: str) -> Asker:
    """Making an application takes longer than a test."""
    made = doors(clock=Clock())
    made.people[ONE] = replace(made.people[ONE], profession=profession)
    return Asker(made)


def seated(desk: QuoteDesk, profession: str) -> Asker:
    """Somebody of this profession, signed in anew at a portal whose hub has this desk."""
    found = _seat(profession)
    found.doors.desks[:] = [desk]
    found.doors.cards = {PRESENTED: "covered"}
    found.doors.asked.clear()
    found.doors.refusal, found.doors.down = "", False
    found.cookies.clear()
    found.signed_in()
    return found
