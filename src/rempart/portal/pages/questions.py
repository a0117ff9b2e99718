"""Today's questions: when, what kind, by whom, the site's reference and the number for support; not about whom."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import days, refusals
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.reading import NoPageError, refused, told
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.own_site import QuestionList
from rempart.wire.problem import Problem

KINDS: Final = {
    "eligibility": N_("Droits"), "estimate": N_("Estimation"), "authorization": N_("Prise en charge"),
    "appointments": N_("Droits, la veille"), "read": N_("Lecture"),
}  # fmt: skip
OTHER: Final = N_("Autre demande")
FAULTY: Final = frozenset({"invalid-fields", "malformed-request"})


def question_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/questions`: those of a day; by reference only when it was posted, so that what was typed is in no address."""

    @get("/questions")
    async def listed(request: Asked, jour: FromQuery[str] = "", avant: FromQuery[str] = "") -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found = await told(pages, request, live, calls.questions(day_of(jour), older_than=_place(avant)))
            except NoPageError as no:
                return no.response
            return _page(pages, request, live, found)

        return await inside(pages, request, shown)

    @post("/questions", status_code=200)
    async def searched(request: Asked) -> Response[Any]:
        form = (await read(request)).one
        reference = form.get("reference", "")
        day = day_of(form.get("jour", ""))

        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found = await pages.portal.hub.perform(live, calls.questions(day, site_reference=reference))
            except NoAnswerError:
                return pages.refused(request, refusals.away(), Shown(live, status=503))
            if isinstance(found, Problem):
                if found.code in FAULTY:
                    return _page(pages, request, live, QuestionList(day or today(pages, live), ()), wrong=True)
                return refused(pages, request, live, found)
            return _page(pages, request, live, found, filtered=bool(reference))

        return await inside(pages, request, shown)

    return [listed, searched]


def _page(
    pages: Pages, request: Asked, live: SignedIn, found: QuestionList, *, filtered: bool = False, wrong: bool = False
) -> Response[Any]:
    values = {
        "found": found, "filtered": filtered, "wrong": wrong, "kinds": KINDS, "other": OTHER, "me": live.account,
        "today": today(pages, live),
    }  # fmt: skip
    return pages.page(request, "questions.html", values, Shown(live, status=422 if wrong else 200))


def today(pages: Pages, live: SignedIn) -> str:
    """The civil day at the site."""
    return days.today(pages.portal, live).isoformat()


def day_of(text: str) -> str:
    """AAAA-MM-JJ or JJ/MM/AAAA as AAAA-MM-JJ; "" for anything else, which the hub reads as today."""
    parts = text.strip().split("/")
    try:
        return date.fromisoformat("-".join(reversed(parts)) if len(parts) == 3 else text.strip()).isoformat()
    except ValueError:
        return ""


def _place(text: str) -> str:
    return text if len(text) == 12 and text.isascii() and text.isalnum() else ""
