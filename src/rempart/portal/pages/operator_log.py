"""The disclosure log for security and data protection: how often who looked, and one question's place in the log.

Nobody looked up is anywhere here. The hub records each look; so nothing is counted before it is asked for.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, get_args

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from rempart.client import desk_log
from rempart.client.doors import SignedIn
from rempart.portal import charts
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.questions import KINDS, OTHER
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.support_words import EVIDENCES, outcome_of
from rempart.portal.words import N_
from rempart.wire.desk_log import MOST_DAYS, By, DeskLogCounts

HERE: Final = "/bureau/journal"
ROLES: Final = ("security", "data-protection")
WAYS: Final = {
    "day": N_("Par jour"), "account": N_("Par compte ou logiciel"), "site": N_("Par site"),
    "evidence": N_("Par preuve présentée"), "outcome": N_("Par réponse"), "purpose": N_("Par but"),
}  # fmt: skip
FAULTS: Final = {
    "du": N_("Deux jours dans l’ordre, huit au plus."),
    "site": N_("Un numéro de facturation compte 9 caractères."),
    "question": N_("Un numéro de question compte 12 caractères, lus à l’écran du site."),
}
SHAPE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{12}")
_SITE: Final = re.compile(r"([0-9][0-9AB][0-9]{7})?")


def operator_log_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/bureau/journal…`."""
    return [_counts(pages), _question(pages)]


def _counts(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def counts(
        request: Asked, par: FromQuery[str] = "", du: FromQuery[str] = "", au: FromQuery[str] = ""
    ) -> Response[Any]:  # fmt: skip
        site = re.sub(r"\s", "", request.query_params.get("site", "")).upper()
        asked = {"par": par, "du": du, "au": au, "site": site}

        async def shown(live: SignedIn) -> Response[Any]:
            if not par:
                return _page(pages, request, live, asked)
            wrong = _wrong(par, (du, au), site)
            if wrong:
                return _page(pages, request, live, asked, wrong=wrong)
            try:
                found = await told(pages, request, live, desk_log.counts(par, (du, au), site))
            except NoPageError as no:
                return no.response
            if request.query_params.get("format") == "csv":
                headers = {"content-disposition": f'attachment; filename="journal-{par}-{du}-{au}.csv"'}
                return Response(_csv(found), media_type="text/csv; charset=utf-8", headers=headers)
            return _page(pages, request, live, asked, found=found)

        return await inside(pages, request, shown, desk=True)

    return counts


def _question(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/question", status_code=200)
    async def question(request: Asked) -> Response[Any]:
        wanted = re.sub(r"[\s-]", "", (await read(request)).one.get("question", "")).upper()

        async def shown(live: SignedIn) -> Response[Any]:
            if not SHAPE.fullmatch(wanted):
                return _page(pages, request, live, {}, wrong=("question",))
            try:
                found = await told(pages, request, live, desk_log.entry(wanted))
            except NoPageError as no:
                return _page(pages, request, live, {}, absent=True) if no.response.status_code == 404 else no.response
            values = {
                "found": found, "outcome": outcome_of(found.outcome), "kind": KINDS.get(found.purpose, OTHER),
                "evidences": EVIDENCES,
            }  # fmt: skip
            return pages.page(request, "desk_log_question.html", values, Shown(live))

        return await inside(pages, request, shown, desk=True)

    return question


def _page(
    pages: Pages, request: Asked, live: SignedIn, asked: dict[str, str], *, found: DeskLogCounts | None = None,
    wrong: tuple[str, ...] = (), absent: bool = False,
) -> Response[Any]:  # fmt: skip
    if live.role not in ROLES:
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    today = datetime.fromtimestamp(pages.portal.clock(), UTC).date()
    first = (today - timedelta(MOST_DAYS - 2)).isoformat()
    rows = found.rows if found else ()
    values = {
        "asked": {"par": "account", "du": first, "au": today.isoformat(), "site": "", **_said(asked)},
        "found": found, "rows": list(zip(rows, charts.shares([each.looks for each in rows]), strict=True)),
        "looks": sum(each.looks for each in rows), "ways": WAYS, "faults": FAULTS, "wrong": wrong, "absent": absent,
        "named": _named(found.by if found else ""),
    }  # fmt: skip
    status = 422 if wrong else 404 if absent else 200
    return pages.page(request, "desk_log.html", values, Shown(live, status=status))


def _said(asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}


def _named(by: str) -> Any:
    """What a label is called, as source text; "" where the label itself is shown."""
    if by == "outcome":
        return lambda label: outcome_of(label).name
    if by == "evidence":
        return lambda label: EVIDENCES.get(label, "")
    if by == "purpose":
        return lambda label: KINDS.get(label, OTHER) if label != "reading" else N_("Lecture d’un dossier décidé")
    return lambda _label: ""


def _wrong(par: str, days: tuple[str, str], site: str) -> tuple[str, ...]:
    try:
        first, last = (date.fromisoformat(each) for each in days)
        fits = 0 <= (last - first).days < MOST_DAYS
    except ValueError:
        fits = False
    good = {"par": par in get_args(By), "du": fits, "site": _SITE.fullmatch(site) is not None}
    return tuple(name for name, fine in good.items() if not fine)


def _csv(found: DeskLogCounts) -> str:
    """As RFC 4180 writes it, with a line that names the columns."""
    made = io.StringIO()
    lines = csv.writer(made)
    lines.writerow([found.by, "kind", "disclosures", "people"])
    lines.writerows([each.label, each.kind, each.looks, each.people] for each in found.rows)
    return made.getvalue()
