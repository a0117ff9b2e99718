"""The invoice made from a prise en charge: its lines as agreed, the day of delivery, the card shown again.

The hub gives back no act, so what describes a line is typed again from the quote, unless the request was made just now;
amounts are those that were agreed to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import quote, refusals
from rempart.portal.pages import authorizations_shown as common
from rempart.portal.pages.authorizations_new import MOST_FIELDS
from rempart.portal.pages.authorizations_shown import Here, Trouble
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.quote import Quote, Row, cents, euros, percent
from rempart.portal.quote_kinds import BY_DOMAIN, LENSES, Kind
from rempart.portal.refusals import Kind as Refused
from rempart.portal.rendering import Asked, Pages
from rempart.wire.authorizations import AuthorizationState, QuoteLine, RestState
from rempart.wire.invoices import InvoiceReceipt, InvoiceRequest, LineRequest
from rempart.wire.problem import Problem

MOST_ROWS: Final = 12
"""Lines of one form; what is agreed beyond is invoiced by the site's software."""
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Billed:
    """What was typed of the lines, and what the invoice says of those that are delivered."""

    quoted: Quote
    lines: tuple[LineRequest, ...] = ()


def invoice_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/prises-en-charge/<id>/facture`: the form, and the invoice."""

    @get(common.PATH + "/{identity:uuid}/facture")
    async def form(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            here = Here(pages, request, live)
            found = await common.asked(here, calls.authorization_state(str(identity)))
            return found if isinstance(found, Response) else _form(here, found)

        return await inside(pages, request, shown)

    @post(common.PATH + "/{identity:uuid}/facture", status_code=200)
    async def send(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        told = (await read(request, MOST_FIELDS)).one

        async def sent(live: SignedIn) -> Response[Any]:
            here = Here(pages, request, live)
            found = await common.asked(here, calls.authorization_state(str(identity)))
            if isinstance(found, Response):
                return found
            if told.get("step") == "prepare" or _kind(found) is None:
                return _form(here, found, told)
            return await _sent(here, found, told)

        return await inside(pages, request, sent)

    return [form, send]


async def _sent(here: Here, found: AuthorizationState, told: Mapping[str, str]) -> Response[Any]:
    """The invoice on its way, or the form again with what is amiss."""
    billed = _billed(told, found, _kind(found) or BY_DOMAIN["OPTI"])
    made = _invoice(told, found, billed, here.today)
    if isinstance(made, Trouble):
        return _form(here, found, told, made)
    try:
        answer = await here.pages.portal.hub.perform(here.live, calls.invoices((made,), common.key_of(told["key"])))
    except NoAnswerError:
        return _form(here, found, told, Trouble(refusals.away()))
    if isinstance(answer, Problem):
        if common.refusal_of(answer).kind in {Refused.OVER, Refused.STOPPED}:
            return ended(here.pages, here.request, answer)
        return _form(here, found, told, common.trouble(answer, billed.quoted))
    receipt = answer.invoices[0]
    if receipt.state != "received":
        return _form(here, found, told, _refused(receipt, billed.quoted))
    return here.page("authorization_invoiced.html", {"found": found, "receipt": receipt})


def _refused(receipt: InvoiceReceipt, quoted: Quote) -> Trouble:
    wrong = common.fields((fault.field for fault in receipt.faults), quoted)
    return Trouble(common.refusal_of(Problem("", 422, "invalid-fields")), wrong)


def _billed(told: Mapping[str, str], found: AuthorizationState, kind: Kind) -> Billed:
    """The lines that are ticked as delivered, or the fields that cannot be right."""
    cover = kind.cover(told.get("cover", ""))
    rows: list[Row] = []
    wrong: list[str] = []
    lines: list[LineRequest] = []
    delivered = quote.day_of(told.get("delivered", ""))
    for number, _ in enumerate(found.rest[:MOST_ROWS], 1):
        if f"given_{number}" not in told:
            continue
        typed = {field: told.get(f"{field}_{number}", "") for field in (*kind.fields, "amc")}
        made, amc = quote.line(typed, kind, cover), cents(typed["amc"])
        if isinstance(made, tuple) or amc is None:
            wrong += [f"{name}_{number}" for name in (made if isinstance(made, tuple) else ("amc",))]
            rows.append(Row(number, typed))
        else:
            rows.append(Row(number, typed, made))
            lines.append(_line(made, amc, delivered))
    return Billed(Quote(tuple(rows), cover, tuple(wrong) if rows else ("lines",)), tuple(lines))


def _line(made: QuoteLine, amc: int, delivered: date | None) -> LineRequest:
    amo = percent(min(made.base, made.spent), made.rate)
    return LineRequest(
        delivered.isoformat() if delivered is not None else "", made.code, made.family, made.base, made.rate, amo,
        made.spent, amc, made.quantity, made.coefficient, made.unit_price, detail=made.detail,
        particulars=made.particulars,
    )  # fmt: skip


def _invoice(
    told: Mapping[str, str], found: AuthorizationState, billed: Billed, today: date
) -> InvoiceRequest | Trouble:
    who = common.presented(told)
    delivered, number = quote.day_of(told.get("delivered", "")), told.get("number", "")
    in_time = delivered is not None and found.valid_from <= delivered.isoformat() <= found.delivery_until
    good = {
        "delivered": in_time and delivered is not None and delivered <= today,
        "number": bool(_NUMBER.fullmatch(number) and int(number)),
    }
    wrong = (*who.wrong, *(name for name, right in good.items() if not right), *billed.quoted.wrong)
    if wrong or "key" not in told:
        return Trouble(wrong=wrong)
    cover = billed.quoted.cover
    return InvoiceRequest(
        **who.values, number=number, issued=today.isoformat(), lines=billed.lines, nature=cover.nature,
        exemption=cover.exemption, accreditation=found.reference.replace(" ", ""),
        site_reference=found.site_reference,
    )  # fmt: skip


def _kind(found: AuthorizationState) -> Kind | None:
    """The form of its lines; None when nothing of it can be invoiced here."""
    if found.state not in common.OPEN or not found.rest:
        return None
    return BY_DOMAIN.get(common.domain_of(found))


def _form(
    here: Here, found: AuthorizationState, told: Mapping[str, str] | None = None, why: Trouble | None = None
) -> Response[Any]:
    """The form. Of what was typed the lines come back, never the card."""
    kind, why, told = _kind(found), why or Trouble(), told or {}
    if kind is None:
        return here.page("authorization_ended.html", {"found": found}, 409)
    values = {
        "found": found, "kind": kind, "covers": kind.covers, "lenses": LENSES, "faults": common.FAULTS, "trouble": why,
        "rows": _rows(kind, found, told), "cover": told.get("cover", "general"),
        "key": common.key_of(told.get("key", "")), "number": told.get("number", ""),
        "delivered": told.get("delivered", "") or here.today.strftime("%d/%m/%Y"),
        "more": len(found.rest) > MOST_ROWS,
    }  # fmt: skip
    return here.page("authorization_invoice.html", values, why.status)


def _rows(kind: Kind, found: AuthorizationState, told: Mapping[str, str]) -> list[dict[str, str]]:
    """One row a line that is still owed: what was typed, else what was agreed."""
    sent = told.get("step") == "send"
    cover = kind.cover(told.get("cover", ""))
    made = []
    for number, rest in enumerate(found.rest[:MOST_ROWS], 1):
        item = kind.first[rest.line - 1] if rest.line <= len(kind.first) else next(iter(kind.items))
        row = {**dict.fromkeys(kind.fields, ""), "item": item, "basket": kind.usual, "lens": "single"}
        row |= agreed(found, rest, rate=cover.rate)
        place = number if sent else rest.line  # carried fields are numbered as the lines that were agreed
        row |= {name: told[f"{name}_{place}"] for name in (*kind.fields, "amc") if f"{name}_{place}" in told}
        made.append({**row, "given": "given" if not sent or f"given_{number}" in told else "", "line": str(rest.line)})
    return made


def agreed(found: AuthorizationState, rest: RestState, *, rate: int) -> dict[str, str]:
    """What is known of a line that is still owed: price, the base that its compulsory share says, what was agreed."""
    line = next(each for each in found.lines if each.number == rest.line)
    units = rest.quantity + sum(each.quantity for each in found.deliveries if each.line == rest.line)
    one = line.spent // max(units, 1)
    known = {"price": euros(one), "days": str(rest.quantity), "amc": euros(rest.amc)}
    if line.amo:
        known |= {"base": euros(line.amo * 100 // rate), "amo": str(line.amo)}
    return known
