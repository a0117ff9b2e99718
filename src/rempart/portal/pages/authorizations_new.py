"""Asking for a prise en charge: the card, the quote line by line, one press; the answer comes on the same screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import quote, refusals
from rempart.portal.pages import authorizations_shown as common
from rempart.portal.pages.authorizations_shown import Here, Trouble
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.quote import ROWS, Quote
from rempart.portal.quote_kinds import COVERS, LENSES, Kind, kind_of
from rempart.portal.refusals import Kind as Refused
from rempart.portal.rendering import Asked, Pages
from rempart.wire.authorizations import AuthorizationRequest
from rempart.wire.problem import Problem

PAST: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=365)
MOST_FIELDS: Final = 160


def new_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/prises-en-charge/nouvelle`: the empty form, and the request."""

    @get(common.PATH + "/nouvelle")
    async def form(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return _form(Here(pages, request, live), {})

        return await inside(pages, request, shown)

    @post(common.PATH + "/nouvelle", status_code=200)
    async def ask(request: Asked) -> Response[Any]:
        told = (await read(request, MOST_FIELDS)).one

        async def asked(live: SignedIn) -> Response[Any]:
            here, kind = Here(pages, request, live), kind_of(live.profession)
            if kind is None:
                return _form(here, {})
            quoted = quote.read(told, kind)
            made = request_of(told, quoted, common.today(pages))
            if isinstance(made, Trouble):
                return _form(here, told, (quoted, made))
            try:
                found = await pages.portal.hub.perform(live, calls.authorization(made, common.key_of(told["key"])))
            except NoAnswerError:
                return _form(here, told, (quoted, Trouble(refusals.away())))
            if isinstance(found, Problem):
                if common.refusal_of(found).kind in {Refused.OVER, Refused.STOPPED}:
                    return ended(pages, request, found)
                return _form(here, told, (quoted, common.trouble(found, quoted)))
            return common.shown(here, found, carried=quoted.carried() | {"cover": told.get("cover", "")})

        return await inside(pages, request, asked)

    return [form, ask]


def request_of(told: Mapping[str, str], quoted: Quote, today: date) -> AuthorizationRequest | Trouble:
    """What the hub is asked, or the fields that cannot be right, in the order of the form."""
    who = common.presented(told)
    planned = quote.day_of(told.get("planned", ""))
    own = common.reference(told.get("site_reference", ""))
    good = planned is not None and today - PAST <= planned <= today + AHEAD
    wrong = (*who.wrong, *(() if good else ("planned",)), *(() if own is not None else ("site_reference",)))
    if wrong or quoted.wrong or planned is None or "key" not in told:
        return Trouble(wrong=(*wrong, *quoted.wrong))
    return AuthorizationRequest(
        **who.values, evidence="typed", planned_date=planned.isoformat(), lines=quoted.lines,
        nature=quoted.cover.nature, exemption=quoted.cover.exemption, site_reference=own or "",
    )  # fmt: skip


def _form(here: Here, told: Mapping[str, str], so_far: tuple[Quote, Trouble] | None = None) -> Response[Any]:
    """The form. Of what was typed the quote comes back, never the card."""
    kind = kind_of(here.live.profession)
    if kind is None:
        return here.page("authorization_none.html", {})
    values = form_values(here, told, so_far)
    return here.page("authorization_new.html", values, (so_far[1] if so_far else Trouble()).status)


def form_values(here: Here, told: Mapping[str, str], so_far: tuple[Quote, Trouble] | None = None) -> dict[str, Any]:
    """What the form's template needs; only for a profession that has a form."""
    kind = kind_of(here.live.profession)
    if kind is None:
        raise ValueError("this profession asks for no prise en charge")
    quoted, why = so_far or (None, Trouble())
    return {
        "kind": kind, "covers": COVERS, "lenses": LENSES, "rows": rows(kind, quoted), "faults": common.FAULTS,
        "trouble": why, "cover": told.get("cover", "general"), "key": common.key_of(told.get("key", "")),
        "planned": told.get("planned", "") or common.today(here.pages).strftime("%d/%m/%Y"),
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
