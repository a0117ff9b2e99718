"""What is told of an authorization: pure, from what was decided or stored to the wire."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec

from rempart.application.authorizations import Requested
from rempart.domain import accreditation, reasons
from rempart.domain.authorization import HOLDING, PENDING, REFUSED, Event, if_rights_end
from rempart.domain.decision import DecidedLine
from rempart.domain.deliveries import agreed_for, by_line
from rempart.domain.newborns import ceiling_on, told_provisional
from rempart.ground.instants import iso
from rempart.storage.authorizations import AuthorizationRow, Change
from rempart.wire.authorizations import (
    AttachmentState,
    AuthorizationChange,
    AuthorizationState,
    DeliveryState,
    RestState,
)
from rempart.wire.invoices import EventState, LineState, RuleLine


def told(requested: Requested) -> bytes:
    """The answer to a request, as JSON; it is kept for a repeat."""
    asked, ruling = requested.asked, requested.ruling
    if ruling is None:
        raise ValueError("a refusal of the door is told as a problem")
    events = (Event("requested", asked.instant, "site"), Event(ruling.state, asked.instant, ruling.reason or "table"))
    spent, amo = sum(each.spent for each in ruling.lines), sum(each.amo for each in ruling.lines)
    row = AuthorizationRow(
        UUID(bytes=asked.identity), requested.number, asked.insurer, asked.reference, asked.instant, asked.planned,
        ruling, spent, amo, ruling.amc, requested.held_until, UUID(bytes=asked.replaces) if asked.replaces else None,
        None, events,
        attachments=tuple((kind, len(content)) for kind, content in requested.sealed.attachments)
        if requested.sealed is not None else (),
    )  # fmt: skip
    return msgspec.json.encode(state(row))


def state(row: AuthorizationRow) -> AuthorizationState:
    """One authorization as the wire tells it."""
    ruling = row.ruling
    reason = reasons.BY_CODE.get(ruling.reason)
    bound = ruling.state not in {REFUSED, PENDING}
    patient = sum(line.patient for line in ruling.lines)
    provisional = told_provisional(ruling.lines)
    return AuthorizationState(
        str(row.request), ruling.state, iso(row.requested), row.planned.isoformat(),
        reference=accreditation.printed(row.number) if ruling.state != REFUSED else "",
        reason=ruling.reason, sentence=reason.french if reason is not None else "", site_reference=row.site_reference,
        valid_from=_text(ruling.first) if bound else "", valid_until=_text(ruling.last) if bound else "",
        delivery_until=_text(ruling.latest) if bound else "",
        if_rights_end=if_rights_end(ruling.latest, cut=ruling.cut) if ruling.state in HOLDING else "",
        line_tolerance=ruling.line_cents if bound else 0, total_tolerance=ruling.total_cents if bound else 0,
        spent=row.spent, amo=row.amo, amc=row.amc if ruling.state != PENDING else 0,
        patient=patient if ruling.state != PENDING else 0,
        lines=tuple(line(each) for each in ruling.lines) if ruling.state != PENDING else (),
        held_until=_text(row.held_until) if row.held_until is not None else "",
        replaces=str(row.replaces) if row.replaces else "", invoice=str(row.invoice) if row.invoice else "",
        events=tuple(EventState(event.state, iso(event.instant), event.cause) for event in row.events),
        deliveries=tuple(
            DeliveryState(str(invoice), ruling.lines[part.line].number, part.units, part.amc)
            for invoice, part in row.deliveries
        ),
        rest=rest(row) if ruling.state in HOLDING else (),
        provisional=provisional, ceiling=ceiling_on(row.planned).limit if provisional else 0,
        attachments=tuple(AttachmentState(kind, size) for kind, size in row.attachments),
    )  # fmt: skip


def rest(row: AuthorizationRow) -> tuple[RestState, ...]:
    """What may still be delivered of each line."""
    taken = by_line(row.agreed, [part for _, part in row.deliveries])
    return tuple(
        RestState(decided.number, line.units - part.units, line.amc - agreed_for(line, part.units))
        for decided, line, part in zip(row.ruling.lines, row.agreed, taken, strict=False)
        if line.units > part.units
    )


def line(decided: DecidedLine) -> LineState:
    """One line's amounts with the rules that gave them."""
    rules = tuple(RuleLine(step.rule, step.amount) for step in decided.rules)
    return LineState(
        decided.number, decided.domain, decided.spent, decided.amo, decided.amc, decided.patient, rules,
        decided.reason,
    )  # fmt: skip


def change(found: Change) -> AuthorizationChange:
    """One change as the wire tells it."""
    return AuthorizationChange(
        found.event, str(found.request), found.state, iso(found.instant), found.cause, found.site_reference
    )


def _text(day: date) -> str:
    return day.isoformat()
