"""My site: who of us looked up whom (counts, no patient), who may work here, where the bank details stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from rempart.client import calls, notices
from rempart.client.doors import SignedIn
from rempart.portal import desks
from rempart.portal.pages.inside import inside
from rempart.portal.pages.messages import fresh
from rempart.portal.pages.questions import day_of, today
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.own_site import QuestionCount

ROLES: Final = {
    "professional": N_("Professionnel de santé"), "staff": N_("Équipe"), "manager": N_("Responsable du site"),
} | dict(desks.ROLES)  # fmt: skip
BANK: Final = {
    "in-force": (N_("En vigueur"), "good"), "waiting": (N_("En attente de 72 h"), "warn"),
    "proposed": (N_("À vérifier"), "calm"),
}  # fmt: skip


class Asker(NamedTuple):
    """One account or program with its questions of a day: by hour, and in all; `agent` sat at the program."""

    asked_by: str
    by: str
    agent: str
    hours: tuple[tuple[int, int], ...]
    total: int


def my_site_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site-et-equipe`."""

    @get("/site-et-equipe")
    async def mine(request: Asked, jour: FromQuery[str] = "") -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                own = await told(pages, request, live, calls.own_site())
                counts = await told(pages, request, live, calls.question_counts(day_of(jour)))
                news = await told(pages, request, live, notices.newest())
            except NoPageError as no:
                return no.response
            values = {
                "own": own, "day": counts.day, "askers": askers(counts.counts), "me": live.account, "roles": ROLES,
                "bank": BANK, "today": today(pages, live), "fresh": fresh(pages, news),
            }  # fmt: skip
            return pages.page(request, "my_site.html", values, Shown(live))

        return await inside(pages, request, shown)

    return [mine]


def askers(counts: Iterable[QuestionCount]) -> tuple[Asker, ...]:
    """By who asked, the most first."""
    hours: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for one in counts:
        hours.setdefault((one.asked_by, one.by, one.agent), []).append((one.hour, one.questions))
    made = [Asker(*who, tuple(sorted(each)), sum(many for _, many in each)) for who, each in hours.items()]
    return tuple(sorted(made, key=lambda asker: (-asker.total, asker.asked_by, asker.agent)))
