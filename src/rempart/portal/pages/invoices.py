"""A site's invoices: the list with its filters, one invoice with what to do about it, cancelling, calling distinct.

Nothing here says whose care it was: the hub shows numbers, days, amounts, states and reasons.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import calls
from rempart.client.calls import Call, Ended
from rempart.client.doors import SignedIn
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.invoices_enter import entering_routes
from rempart.portal.pages.invoices_file import file_routes
from rempart.portal.pages.invoices_said import NOT_SENT, STATES, At, standing
from rempart.portal.reasons import REASONS, reason_of
from rempart.portal.refusals import Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.portal.words import N_
from rempart.wire.invoices import InvoiceList, InvoiceState, InvoiceSummary
from rempart.wire.problem import Problem

SEARCHED: Final = {
    "paid": N_("Payées"), "accepted": N_("Acceptées"), "rejected": N_("Rejetées"), "held": N_("À vérifier"),
    "waiting": N_("En attente"), "cancelled": N_("Annulées"),
}  # fmt: skip
"""The states that the list can be narrowed to, in the order of their chips."""
COUNTER_ONLY: Final = "staff"
"""The role that may not take back what the site said: the hub refuses it, so it is not offered."""
DECIDED: Final = frozenset({"accepted", "paid"})
"""States in which the shares are what will be, or was, paid."""
LOOKS: Final = 5  # questions to the hub for one page: of a rare state it looks at 2,000 invoices each time
SAME_NUMBER_MOST: Final = 10  # invoices of one number that are shown; each is a question to the hub
CANCELLABLE: Final = frozenset({"acknowledged", "waiting", "held", "accepted", "paid"})
AGAIN: Final = frozenset({"rejected", "refused", "cancelled"})
"""States that free the number, so that the invoice may be sent again under it."""
UNDER_WAY: Final = frozenset({"received", "acknowledged"})
FAULTS: Final = {
    "number": N_("Un numéro de facture compte 1 à 9 chiffres."),
    "day": N_("Choisissez un jour, par exemple 07/09/2026."),
}
_NUMBER = re.compile(r"[0-9]{1,9}")
_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


class Wanted(NamedTuple):
    """What the list is narrowed to."""

    number: str = ""
    state: str = ""
    day: str = ""
    before: str = ""

    def address(self, **others: str) -> str:
        """The list's address for this, but for what is said; paging starts anew unless `before` is said."""
        told = self._replace(**{"before": "", **others})
        names = {"number": "numero", "state": "etat", "day": "jour", "before": "avant"}
        query = urlencode({names[name]: value for name, value in told._asdict().items() if value})
        return "/factures" + (f"?{query}" if query else "")


def invoice_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/factures…`."""
    return [*_list(pages), *_one(pages), *entering_routes(pages), *file_routes(pages)]


def _list(pages: Pages) -> list[HTTPRouteHandler]:
    @get("/factures")
    async def listed(request: Asked) -> Response[Any]:
        wanted = _wanted(request.query_params)

        async def shown(live: SignedIn) -> Response[Any]:
            return await (_numbered if wanted.number else _recent)(At(pages, request, live), wanted)

        return await inside(pages, request, shown)

    @post("/factures", status_code=200)
    async def search(request: Asked) -> Response[Any]:
        """What was typed goes into an address only once it is a number or a day, and nobody's."""
        told = (await read(request)).one

        async def sought(live: SignedIn) -> Response[Any]:
            number, day = told.get("number", "").replace(" ", ""), told.get("day", "")
            good = {"number": not number or _NUMBER.fullmatch(number), "day": not day or _day(day)}
            wrong = tuple(name for name, right in good.items() if not right)
            if wrong:
                return _page(At(pages, request, live), Found(Wanted(), wrong=wrong))
            return Redirect(Wanted(number, told.get("state", ""), _day(day)).address(), status_code=303)

        return await inside(pages, request, sought)

    return [listed, search]


class Found(NamedTuple):
    """What the list shows: its invoices, or what is amiss; `next_before` as of `InvoiceList`."""

    wanted: Wanted
    invoices: tuple[InvoiceSummary, ...] = ()
    next_before: str = ""
    wrong: tuple[str, ...] = ()


def _wanted(query: Any) -> Wanted:
    """The filters of an address; what they cannot be is not asked for."""
    number, state, day = query.get("numero", ""), query.get("etat", ""), query.get("jour", "")
    before = query.get("avant", "")
    return Wanted(
        number if _NUMBER.fullmatch(number) else "", state if state in SEARCHED else "", _day(day),
        before if _identity(before) else "",
    )  # fmt: skip


def _day(text: str) -> str:
    """AAAA-MM-JJ of a day as browsers or people write it, "" when it is none."""
    typed = _DAY.fullmatch(text.strip())
    plain = "-".join(reversed(typed.groups())) if typed else text.strip()
    try:
        return date.fromisoformat(plain).isoformat() if len(plain) == 10 else ""
    except ValueError:
        return ""


def _identity(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


async def _recent(at: At, wanted: Wanted) -> Response[Any]:
    """A page of the list; where the hub looked at many and found none in that state, it is asked to go on."""
    found = InvoiceList((), wanted.before)
    for _ in range(LOOKS):
        told = await at.ask(calls.recent_invoices(found.next_before, state=wanted.state, day=wanted.day))
        if isinstance(told, Problem | Refusal):
            return at.declined(told)
        found = told
        if found.invoices or not found.next_before:
            break
    return _page(at, Found(wanted, found.invoices, found.next_before))


async def _numbered(at: At, wanted: Wanted) -> Response[Any]:
    """One number: its invoice, or the few that bore it; the hub gives their ids."""
    ids = await at.ask(calls.find_invoices(wanted.number))
    if isinstance(ids, Problem | Refusal):
        return at.declined(ids)
    if len(ids) == 1:
        return Redirect(f"/factures/{ids[0]}", status_code=303)
    states = []
    for identity in ids[:SAME_NUMBER_MOST]:
        found = await at.ask(calls.invoice_state(identity))
        if isinstance(found, Problem | Refusal):
            return at.declined(found)
        states.append(_summary(found))
    return _page(at, Found(wanted, tuple(states)))


def _summary(found: InvoiceState) -> InvoiceSummary:
    received = found.events[0].instant if found.events else ""
    return InvoiceSummary(
        found.invoice, found.number, "", received, found.state, found.reason,
        found.spent, found.amo, found.amc, found.patient,
    )  # fmt: skip


def _page(at: At, found: Found) -> Response[Any]:
    values = {
        "found": found, "wanted": found.wanted, "states": STATES, "searched": SEARCHED, "reasons": REASONS,
        "faults": FAULTS,
    }  # fmt: skip
    return at.page("invoices.html", values, 422 if found.wrong else 200)


def _one(pages: Pages) -> list[HTTPRouteHandler]:
    @get("/factures/{identity:uuid}")
    async def one(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _detail(At(pages, request, live), identity)

        return await inside(pages, request, shown)

    @post("/factures/{identity:uuid}/annuler", status_code=200)
    async def cancel(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        return await _act(pages, request, identity, calls.cancel_invoice(str(identity)))

    @post("/factures/{identity:uuid}/distincte", status_code=200)
    async def distinct(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        return await _act(pages, request, identity, calls.say_distinct(str(identity)))

    return [one, cancel, distinct]


async def _detail(at: At, identity: UUID, refusal: Refusal | None = None) -> Response[Any]:
    found = await at.ask(calls.invoice_state(str(identity)))
    if isinstance(found, Problem | Refusal):
        return at.declined(found)
    values = {
        "invoice": found, "standing": standing(found.state), "states": STATES, "reason_of": reason_of,
        "reasons": REASONS, "refusal": refusal, "under_way": found.state in UNDER_WAY,
        "decided": found.state in DECIDED, "withdraws": at.live.role != COUNTER_ONLY,
        "cancellable": found.state in CANCELLABLE, "again": found.state in AGAIN and not found.corrected_by,
    }  # fmt: skip
    return at.page("invoice.html", values, 409 if refusal else 200)


async def _act(pages: Pages, request: Asked, identity: UUID, call: Call[Ended]) -> Response[Any]:
    """Does it and shows the invoice; where it cannot be done, the invoice as it is and why."""

    async def done(live: SignedIn) -> Response[Any]:
        at = At(pages, request, live)
        found = await at.ask(call)
        if isinstance(found, Problem) and found.code in NOT_SENT:
            return await _detail(at, identity, NOT_SENT[found.code])
        if isinstance(found, Problem | Refusal):
            return at.declined(found)
        return Redirect(f"/factures/{identity}", status_code=303)

    return await inside(pages, request, done)
