"""Asking for a prise en charge: the card, the quote line by line, documents; the answer comes on the same screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import papers, quote, reference, refusals
from rempart.portal.pages import authorizations_shown as common
from rempart.portal.pages.authorizations_shown import Here, Trouble
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.quote import ROWS, Quote
from rempart.portal.quote_kinds import LENSES, Kind, kind_of
from rempart.portal.refusals import Kind as Refused
from rempart.portal.rendering import Asked, Pages
from rempart.wire.authorizations import AuthorizationRequest, AuthorizationState
from rempart.wire.problem import Problem

PAST: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=365)
MOST_FIELDS: Final = 160 + papers.FIELDS


def new_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/prises-en-charge/nouvelle`: the empty form, and the request."""

    @get(common.PATH + "/nouvelle")
    async def form(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return form_page(Sheet(Here(pages, request, live)), {})

        return await inside(pages, request, shown)

    @post(common.PATH + "/nouvelle", status_code=200, request_max_body_size=papers.BODY_MOST)
    async def ask(request: Asked) -> Response[Any]:
        told = (await read(request, MOST_FIELDS)).one

        async def asked(live: SignedIn) -> Response[Any]:
            return await sent(Sheet(Here(pages, request, live)), told)

        return await inside(pages, request, asked)

    return [form, ask]


class Sheet(NamedTuple):
    """One form: a new request, or one in place of `former`."""

    here: Here
    former: AuthorizationState | None = None


async def sent(sheet: Sheet, told: Mapping[str, str]) -> Response[Any]:
    """The request on its way and its answer, or the form again; with `step` prepare the form only begins with it."""
    here, kind = sheet.here, kind_of(sheet.here.live.profession)
    if kind is None:
        return form_page(sheet, {})
    quoted = quote.read(told, kind)
    if told.get("step") == "prepare":
        return form_page(sheet, told, (Quote(quoted.rows, quoted.cover), Trouble()))
    made = request_of(told, quoted, here.today)
    if isinstance(made, Trouble):
        return form_page(sheet, told, (quoted, made))
    call = calls.authorization(
        made, common.key_of(told["key"]), sheet.former.authorization if sheet.former is not None else ""
    )
    try:
        found = await here.pages.portal.hub.perform(here.live, call)
    except NoAnswerError:
        return form_page(sheet, told, (quoted, Trouble(refusals.away())))
    if isinstance(found, Problem):
        if common.refusal_of(found).kind in {Refused.OVER, Refused.STOPPED}:
            return ended(here.pages, here.request, found)
        return form_page(sheet, told, (quoted, common.trouble(found, quoted)))
    carried = quoted.carried() | {"cover": told.get("cover", "")}
    return common.shown(here, found, carried=carried, papers=len(made.attachments))


def request_of(told: Mapping[str, str], quoted: Quote, today: date) -> AuthorizationRequest | Trouble:
    """What the hub is asked, or the fields that cannot be right, in the order of the form."""
    who = common.presented(told)
    planned = quote.day_of(told.get("planned", ""))
    own = reference.read(told.get("site_reference", ""))
    good = {
        "planned": planned is not None and today - PAST <= planned <= today + AHEAD,
        "leaving": not told.get("leaving", "") or planned is None or quote.stay_of(told) is not None,
        "site_reference": own is not None,
    }
    wrong = (*who.wrong, *(name for name, right in good.items() if not right))
    if wrong or quoted.wrong or planned is None or "key" not in told:
        return Trouble(wrong=(*wrong, *quoted.wrong))
    joined = papers.read(told)
    if joined is None:
        return Trouble(wrong=("papers",))
    return AuthorizationRequest(
        **who.values, evidence="typed", planned_date=planned.isoformat(), lines=quoted.lines,
        nature=quoted.cover.nature, exemption=quoted.cover.exemption, site_reference=own or "",
        attachments=joined,
    )  # fmt: skip


def form_page(sheet: Sheet, told: Mapping[str, str], so_far: tuple[Quote, Trouble] | None = None) -> Response[Any]:
    """The form. Of what was typed the quote comes back, never the card."""
    here, former = sheet
    if kind_of(here.live.profession) is None:
        return here.page("authorization_none.html", {})
    path = common.PATH + ("/nouvelle" if former is None else f"/{former.authorization}/modifier")
    values = form_values(here, told, so_far) | {"address": path}
    status = (so_far[1] if so_far else Trouble()).status
    if former is None:
        return here.page("authorization_new.html", values, status)
    return here.page("authorization_modify.html", values | {"former": former, "states": common.STATES}, status)


def form_values(here: Here, told: Mapping[str, str], so_far: tuple[Quote, Trouble] | None = None) -> dict[str, Any]:
    """What the form's template needs; only for a profession that has a form."""
    kind = kind_of(here.live.profession)
    if kind is None:
        raise ValueError("this profession asks for no prise en charge")
    quoted, why = so_far or (None, Trouble())
    return {
        "kind": kind, "covers": kind.covers, "lenses": LENSES, "rows": rows(kind, quoted), "faults": common.FAULTS,
        "trouble": why, "cover": told.get("cover", "general"), "key": common.key_of(told.get("key", "")),
        "planned": told.get("planned", "") or here.today.strftime("%d/%m/%Y"),
        "leaving": told.get("leaving", ""), "site_reference": reference.read(told.get("site_reference", "")) or "",
        "papers": papers.OFFERED if here.pages.portal.settings.keeper else None,
    }  # fmt: skip


def rows(kind: Kind, quoted: Quote | None) -> list[dict[str, str]]:
    """The rows of the form as they stand: what was typed, else the usual elements of this kind, then empty ones."""
    typed = {row.number: row.typed for row in quoted.rows} if quoted is not None else {}
    made = []
    for number in range(1, ROWS + 1):
        item = kind.first[number - 1] if number <= len(kind.first) else next(iter(kind.items))
        usual = {"item": item, "basket": kind.usual, "lens": "single"}
        made.append({**dict.fromkeys(kind.fields, ""), **usual, **typed.get(number, {})})
    return made
