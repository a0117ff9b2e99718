"""Entering an invoice: typed, read, sealed for the keeper and sent; then its own page says what becomes of it.

Who the patient is goes out with the invoice and never comes back to a page. Number, reference and lines may: they
stay where the page is sent again without its script, and where an invoice that was rejected is corrected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.portal import days, invoicing, refusals
from rempart.portal.billing import billed, extras
from rempart.portal.invoicing import FAULTS, IDENTITY, LINES
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.invoices_said import NOT_SENT, At
from rempart.portal.reasons import reason_of
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.wire.invoices import InvoiceReceipt, InvoiceRequest, InvoicesReceipt, InvoiceState
from rempart.wire.problem import Problem

FIELDS_MOST: Final = 120  # of one form: six lines of up to 13
_KEY = re.compile(r"[0-9a-f-]{36}")
_OF_LINE = re.compile(r"lines\[([0-9]+)\]\.(?:particulars\.)?([a-z_]+)")
_NAMES: Final = {"unit_price": "spent", "care_date": "care"}  # the hub's names of what the form calls otherwise


class Sent(NamedTuple):
    """The form as it is shown again: what may be kept of it, what is amiss, and the invoice that it corrects."""

    values: Mapping[str, str]
    wrong: tuple[str, ...] = ()
    refusal: Refusal | None = None
    corrects: InvoiceState | None = None
    key: str = ""  # kept where the invoice may have been taken, so that it is taken once

    @property
    def status(self) -> int:
        """The page's HTTP status."""
        if self.refusal is not None:
            return STATUS[self.refusal.kind]
        return 422 if self.wrong else 200


def entering_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/factures/nouvelle`: the form, empty or for a correction, and the invoice."""

    @get("/factures/nouvelle")
    async def form(request: Asked) -> Response[Any]:
        corrects = request.query_params.get("corrige", "")

        async def shown(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            return await _corrected(at, corrects) if _uuid(corrects) else _form(at, Sent({}))

        return await inside(pages, request, shown)

    @post("/factures/nouvelle", status_code=200)
    async def send(request: Asked) -> Response[Any]:
        told = (await read(request, FIELDS_MOST)).one

        async def sent(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            if told.get("step") == "prepare":  # from an answer about rights: nothing is sent yet
                return _form(at, Sent({"accreditation": told.get("accreditation", ""), **_kept(told)}))
            typed = invoicing.read(told, live.profession, days.today(pages.portal, live))
            if typed.invoice is None:
                return _form(at, Sent(_kept(told), typed.faults))
            key = told.get("key", "")
            return await _sent(at, typed.invoice, key if _KEY.fullmatch(key) else str(uuid4()), _kept(told))

        return await inside(pages, request, sent)

    return [form, send]


async def _sent(at: At, invoice: InvoiceRequest, key: str, kept: Mapping[str, str]) -> Response[Any]:
    """To the invoice's own page; or the form again with what the hub says against it."""
    found = await at.ask(calls.invoices((invoice,), key))
    if isinstance(found, InvoicesReceipt):
        (receipt,) = found.invoices
        if receipt.state == "received":
            return Redirect(f"/factures/{receipt.invoice}", status_code=303)
        return _form(at, Sent(kept, _faults(receipt), NOT_SENT["invalid-fields"]))
    if isinstance(found, Refusal):
        return _form(at, Sent(kept, refusal=found, key=key))
    refusal = NOT_SENT.get(found.code) or refusals.of(found)
    if refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(at.pages, at.request, found)
    return _form(at, Sent(kept, refusal=refusal, key="" if refusal.kind is Kind.AMISS else key))


def _faults(receipt: InvoiceReceipt) -> tuple[str, ...]:
    """The form's names of the fields that the hub finds wrong."""
    names = []
    for fault in receipt.faults:
        line = _OF_LINE.match(fault.field)
        name = line[2] if line else fault.field
        name = _NAMES.get(name, name)
        names.append(f"{name}-{int(line[1]) + 1}" if line else name)
    return tuple(dict.fromkeys(name for name in names if name.partition("-")[0] in FAULTS))


async def _corrected(at: At, identity: str) -> Response[Any]:
    """The form for a correction: the number, and each line's amounts; the card is read anew."""
    found = await at.ask(calls.invoice_state(identity))
    if isinstance(found, Problem | Refusal):
        return at.declined(found)
    values = {"number": found.number}
    for place, line in enumerate(found.lines[:LINES], 1):
        values |= {f"spent-{place}": _plain(line.spent), f"amo-{place}": _plain(line.amo)}
    return _form(at, Sent(values, corrects=found))


def _form(at: At, sent: Sent) -> Response[Any]:
    return at.page("invoice_new.html", form_values(at, sent), sent.status)


def form_values(at: At, sent: Sent) -> dict[str, Any]:
    """What the form's template needs."""
    more = extras(at.live.profession)
    return {
        "sent": sent, "values": sent.values, "wrong": sent.wrong, "faults": FAULTS, "kinds": billed(at.live.profession),
        "extras": more, "lines": range(1, LINES + 1), "open": set(invoicing.filled(sent.values)) | {1},
        "key": sent.key or str(uuid4()), "today": days.today(at.pages.portal, at.live).strftime("%d/%m/%Y"),
        "reason_of": reason_of, "summary": _summary(sent.wrong),
    }  # fmt: skip


def _summary(wrong: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """The faults as links: the field's id, its text, the line's number or ""."""
    told = []
    for name in wrong:
        field, _, place = name.partition("-")
        told.append((name, FAULTS[field], place))
    return tuple(told)


def _kept(told: Mapping[str, str]) -> dict[str, str]:
    """What may be sent back to the page: nothing of the card, nothing of the patient."""
    return {
        name: value
        for name, value in told.items()
        if name in {"number", "site_reference", "care_date"} or (name.partition("-")[2] and name not in IDENTITY)
    }  # fmt: skip


def _plain(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def _uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
