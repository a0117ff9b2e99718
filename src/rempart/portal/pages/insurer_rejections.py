"""The insurer's desk: its members' rejected invoices by reason, week and profession; then which ones."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.client import insurer_rejections as desk
from rempart.portal import charts
from rempart.portal.desks import PROFESSIONS
from rempart.portal.pages.insurer_shown import WEEKS, At, at_insurer
from rempart.portal.reasons import reason_of
from rempart.portal.rendering import Asked, Pages
from rempart.wire.insurer_rejections import DeskRejections

HERE: Final = "/assureur/rejets"
_REASON: Final = re.compile(r"[a-z0-9-]{1,64}")
_INVOICE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def insurer_rejection_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/assureur/rejets…`, for people of an insurer."""

    @get(HERE)
    async def counts(request: Asked) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            found = await at.told(desk.counts())
            return at.page("insurer_rejections.html", _shown(found))

        return await at_insurer(pages, request, work)

    @get(HERE + "/{reason:str}")
    async def listed(reason: FromPath[str], request: Asked) -> Response[Any]:
        before = request.query_params.get("avant", "")

        async def work(at: At) -> Response[Any]:
            if not _REASON.fullmatch(reason):
                return at.page("not_found.html", {}, 404)
            found = await at.told(desk.listed(reason, before if _INVOICE.fullmatch(before) else ""))
            return at.page("insurer_rejected.html", {"found": found, "reason": reason_of(reason), "before": before})

        return await at_insurer(pages, request, work)

    return [counts, listed]


def _shown(found: DeskRejections) -> dict[str, Any]:
    """Sums by reason with their parts by profession, and a column a week."""
    by_reason: dict[str, list[Any]] = {}
    for row in found.rows:
        by_reason.setdefault(row.reason, []).append(row)
    sums = [
        (code, reason_of(code), sum(each.invoices for each in rows), sum(each.amc for each in rows), tuple(rows))
        for code, rows in by_reason.items()
    ]
    sums.sort(key=lambda one: (-one[2], one[0]))
    since = date.fromisoformat(found.since)
    weeks = [(since + timedelta(days=7 * number)).isoformat() for number in range(WEEKS)]
    told = {each.week: each for each in found.weeks}
    counted = [told[week].invoices if week in told else 0 for week in weeks]
    labels = [f"{week[8:]}/{week[5:7]}" for week in weeks]
    return {
        "sums": list(zip(sums, charts.shares([one[2] for one in sums]), strict=True)), "professions": PROFESSIONS,
        "chart": charts.columns(counted, labels, str), "since": found.since,
        "weeks": [(week, told.get(week)) for week in weeks], "invoices": sum(one[2] for one in sums),
        "amc": sum(one[3] for one in sums),
    }  # fmt: skip
