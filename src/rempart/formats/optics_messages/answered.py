"""What a site is answered: the wire's answers ↔ messages of the set. No act and no identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rempart.formats.optics_messages.document import Fault, Message, write
from rempart.wire.authorizations import AuthorizationState, DeliveryState, RestState
from rempart.wire.eligibility import DomainAnswer, EligibilityAnswer
from rempart.wire.invoices import EventState, InvoiceState, LineState, RuleLine
from rempart.wire.problem import Problem

Values = Mapping[str, Any]
Names = tuple[tuple[str, str], ...]
RIGHTS_LENGTH = 1536  # bytes of every answer to a query
_RIGHTS: Names = (
    ("question", "question"), ("answer", "answer"), ("kind", "kind"), ("accreditation", "accreditation"),
    ("accreditationFrom", "accreditation_from"), ("accreditationTo", "accreditation_to"), ("ended", "ended"),
)  # fmt: skip
_DOMAIN: Names = (("code", "domain"), ("open", "open"), ("start", "start"), ("end", "end"), ("formula", "formula"))
_AMOUNTS: Names = (("spent", "spent"), ("amo", "amo"), ("amc", "amc"), ("patient", "patient"))
_LINE: Names = (("number", "number"), ("domain", "domain"), *_AMOUNTS, ("reason", "reason"))
_EVENT: Names = (("state", "state"), ("instant", "instant"), ("cause", "cause"))
_REST: Names = (("line", "line"), ("quantity", "quantity"), ("amc", "amc"))
_DELIVERY: Names = (("invoice", "invoice"), *_REST)
_SAID: Names = (("state", "state"), ("reason", "reason"), ("sentence", "sentence"), *_AMOUNTS)
_ANSWER: Names = (
    ("authorization", "authorization"), ("requested", "requested"), ("plannedDate", "planned_date"),
    ("reference", "reference"), ("siteReference", "site_reference"), ("validFrom", "valid_from"),
    ("validUntil", "valid_until"), ("deliveryUntil", "delivery_until"), ("ifRightsEnd", "if_rights_end"),
    ("lineTolerance", "line_tolerance"), ("totalTolerance", "total_tolerance"), ("heldUntil", "held_until"),
    ("replaces", "replaces"), ("invoice", "invoice"), *_SAID,
)  # fmt: skip
_INVOICE: Names = (
    ("invoice", "invoice"), ("number", "number"), *_SAID, ("corrects", "corrects"), ("correctedBy", "corrected_by"),
)  # fmt: skip


def rights(said: EligibilityAnswer) -> bytes:
    """The answer to a `query`, of one length whatever it says: spaces follow its end."""
    told = _values(said, _RIGHTS)
    told |= _newborn(said)
    if said.domains:
        told["domain"] = [_values(one, _DOMAIN) for one in said.domains]
    return write("rights", told).ljust(RIGHTS_LENGTH)


def answer(found: AuthorizationState) -> bytes:
    """Where an authorization stands."""
    told = _values(found, _ANSWER) | _newborn(found) | _told(found)
    deliveries = [_values(one, _DELIVERY) for one in found.deliveries]
    rest = [_values(one, _REST) for one in found.rest]
    return write("answer", told | {name: each for name, each in (("delivery", deliveries), ("rest", rest)) if each})


def invoice_state(found: InvoiceState) -> bytes:
    """Where an invoice stands."""
    return write("invoiceState", _values(found, _INVOICE) | _told(found))


def receipt(invoice: str, number: str, deposit: str) -> bytes:
    """An invoice is durable; both ids are the hub's."""
    return write("receipt", {"invoice": invoice, "number": number, "deposit": deposit})


def cancelled(which: tuple[str, str], state: str) -> bytes:
    """It is ended. `which`: (`authorization` or `invoice`, its id); `state`: `cancelled`; `taken-back` once paid."""
    return write("cancelled", {"of": dict([which]), "state": state})


def refusal(document: Problem, faults: Sequence[Fault] | None = None) -> bytes:
    """Nothing was taken: the API's problem, with the place of each fault in the message; None: of no message."""
    if faults is None:
        faults = [Fault(error.code) for error in document.errors]
    told: dict[str, Any] = {"status": document.status, "code": document.code, "title": document.title}
    if document.detail:
        told["detail"] = document.detail
    if faults:
        told["fault"] = [_fault(one) for one in faults]
    return write("refusal", told)


def read_rights(found: Message) -> EligibilityAnswer:
    """A `rights` as the wire's answer, without padding."""
    domains = tuple(DomainAnswer(**_fields(one, _DOMAIN)) for one in found.values.get("domain", ()))
    return EligibilityAnswer(domains=domains, **_fields(found.values, _RIGHTS), **_provisional(found.values))


def read_answer(found: Message) -> AuthorizationState:
    """An `answer` as the wire's state."""
    values = found.values
    deliveries = tuple(DeliveryState(**_fields(one, _DELIVERY)) for one in values.get("delivery", ()))
    rest = tuple(RestState(**_fields(one, _REST)) for one in values.get("rest", ()))
    return AuthorizationState(
        **_fields(values, _ANSWER), **_parts(values), deliveries=deliveries, rest=rest, **_provisional(values)
    )


def read_invoice_state(found: Message) -> InvoiceState:
    """An `invoiceState` as the wire's state."""
    return InvoiceState(**{"number": ""} | _fields(found.values, _INVOICE), **_parts(found.values))


def _fault(one: Fault) -> dict[str, Any]:
    told: dict[str, Any] = {"code": one.code}
    if one.line:
        told["line"] = one.line
    if one.element:
        told["element"] = one.element
    return told


def _newborn(said: EligibilityAnswer | AuthorizationState) -> dict[str, Any]:
    return {"newborn": {"ceiling": said.ceiling}} if said.provisional else {}


def _provisional(values: Values) -> dict[str, Any]:
    newborn = values.get("newborn")
    return {} if newborn is None else {"provisional": True, "ceiling": newborn["ceiling"]}


def _told(found: AuthorizationState | InvoiceState) -> dict[str, Any]:
    lines = [_decided(line) for line in found.lines]
    events = [_values(event, _EVENT) for event in found.events]
    return {name: values for name, values in (("line", lines), ("event", events)) if values}


def _decided(line: LineState) -> dict[str, Any]:
    steps = [{"rule": step.rule, "amount": step.amount} for step in line.rules]
    return _values(line, _LINE) | ({"step": steps} if steps else {})


def _parts(values: Values) -> dict[str, Any]:
    lines = tuple(
        LineState(
            **{"domain": ""} | _fields(line, _LINE),
            rules=tuple(RuleLine(step["rule"], step["amount"]) for step in line.get("step", ())),
        )
        for line in values.get("line", ())
    )
    return {"lines": lines, "events": tuple(EventState(**_fields(one, _EVENT)) for one in values.get("event", ()))}


def _values(told: Any, names: Names) -> dict[str, Any]:
    found = ((name, getattr(told, field)) for name, field in names)
    return {name: value for name, value in found if value != ""}


def _fields(values: Values, names: Names) -> dict[str, Any]:
    return {field: values[name] for name, field in names if name in values}
