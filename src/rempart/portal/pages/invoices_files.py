"""The files sent for the site, by day, whoever of it sent them; each leads to its report. No name of a file is kept."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.portal.days import moment
from rempart.portal.pages.inside import inside
from rempart.portal.pages.invoices_said import At
from rempart.portal.refusals import Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.portal.words import N_
from rempart.wire.invoices import FileSummary
from rempart.wire.problem import Problem

PATH: Final = "/factures/fichiers"
_UNDER_WAY = (N_("Traitement en cours"), "calm")
_NOT_TAKEN = (N_("Non pris"), "bad")
_AMISS = (N_("À revoir"), "warn")
_DONE = (N_("Tout est pris"), "good")


class Listed(NamedTuple):
    """One file as a row: its hour, its state in words with its colour, how many of its invoices are to be looked at."""

    file: FileSummary
    hour: str
    state: tuple[str, str]
    amiss: int


def files_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/factures/fichiers`."""

    @get(PATH)
    async def newest(request: Asked) -> Response[Any]:
        before = _id(request.query_params.get("avant", ""))

        async def shown(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            found = await at.ask(calls.files(before))
            if isinstance(found, Problem | Refusal):
                return at.declined(found)
            values = {"days": days(found.files, live), "older": found.next_before, "first": not before}
            return at.page("invoice_files.html", values)

        return await inside(pages, request, shown)

    return [newest]


def days(files: Iterable[FileSummary], live: SignedIn) -> tuple[tuple[str, tuple[Listed, ...]], ...]:
    """The rows of each day at the site, the newest first."""
    rows = groupby(files, key=lambda file: moment(file.received, live)[:10])
    return tuple((day, tuple(_listed(each, live) for each in of_day)) for day, of_day in rows)


def _listed(file: FileSummary, live: SignedIn) -> Listed:
    amiss = file.rejected + file.held + file.refused
    if file.state in {"receiving", "received"}:
        state = _UNDER_WAY
    elif file.state == "refused":
        state = _NOT_TAKEN
    else:
        state = _AMISS if amiss or file.fault_count else _DONE
    return Listed(file, moment(file.received, live)[10:].strip(), state, amiss)


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
