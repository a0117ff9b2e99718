"""The portal's application: its pages, and what it shows when there is none, or when something fails."""

from __future__ import annotations

from typing import Any, Final

from litestar import Litestar, Response
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from rempart.client.exchange import NoAnswerError
from rempart.ground import logs
from rempart.portal import refusals
from rempart.portal.headers import Guarded
from rempart.portal.pages.account import account_routes
from rempart.portal.pages.around import around_routes
from rempart.portal.pages.authorizations import authorizations_routes
from rempart.portal.pages.bank import bank_routes
from rempart.portal.pages.counter import counter_routes
from rempart.portal.pages.entry import entry_routes
from rempart.portal.pages.exports import export_routes
from rempart.portal.pages.hospital import hospital_routes
from rempart.portal.pages.insurer import insurer_routes
from rempart.portal.pages.invoices import invoice_routes
from rempart.portal.pages.join import join_routes
from rempart.portal.pages.locums import locum_routes
from rempart.portal.pages.messages import message_routes
from rempart.portal.pages.my_site import my_site_routes
from rempart.portal.pages.named_card import named_card_routes
from rempart.portal.pages.offline import offline_routes
from rempart.portal.pages.operator_desk import operator_desk_routes
from rempart.portal.pages.patient import patient_routes
from rempart.portal.pages.payments import payment_routes
from rempart.portal.pages.programs import program_routes
from rempart.portal.pages.provider import provider_routes
from rempart.portal.pages.questions import question_routes
from rempart.portal.pages.receipts import receipt_routes
from rempart.portal.pages.scan import scan_routes
from rempart.portal.pages.site import site_routes
from rempart.portal.pages.stations import station_routes
from rempart.portal.pages.support import support_routes
from rempart.portal.pages.turns import turn_routes
from rempart.portal.pages.waiting import waiting_routes
from rempart.portal.port import Portal
from rempart.portal.rendering import Asked, Pages, Shown

PAGES: Final = (
    entry_routes,
    provider_routes,
    join_routes,
    site_routes,
    patient_routes,
    authorizations_routes,
    scan_routes,
    offline_routes,
    named_card_routes,
    invoice_routes,
    payment_routes,
    export_routes,
    question_routes,
    message_routes,
    my_site_routes,
    bank_routes,
    program_routes,
    counter_routes,
    station_routes,
    receipt_routes,
    hospital_routes,
    locum_routes,
    account_routes,
    support_routes,
    operator_desk_routes,
    insurer_routes,
    waiting_routes,
    turn_routes,
    around_routes,
)
"""Every group of pages. Each gives its routes for one portal."""
BODY_MOST: Final = 32 * 1024  # bytes: a passkey's attestation with room; the rest is small


def application(portal: Portal) -> ASGIApp:
    """The ASGI application of one portal."""
    pages = Pages(portal)

    def failed(request: Asked, error: Exception) -> Response[Any]:
        """A calm page for everything that no page foresaw; ours alone is logged, by type and place."""
        if isinstance(error, NoAnswerError):
            return pages.refused(request, refusals.away(), Shown(status=503))
        if isinstance(error, HTTPException) and error.status_code in {404, 405}:
            return pages.page(request, "not_found.html", {}, Shown(status=error.status_code))
        if isinstance(error, HTTPException) and error.status_code < 500:
            return pages.page(request, "failed.html", {"ours": False}, Shown(status=error.status_code))
        logs.get().error("a page failed", exc_info=error)
        return pages.page(request, "failed.html", {"ours": True}, Shown(status=500))

    routes = [route for made in PAGES for route in made(pages)]
    framework = Litestar(
        route_handlers=routes, openapi_config=None, request_max_body_size=BODY_MOST,
        exception_handlers={Exception: failed, HTTPException: failed}, logging_config=None, debug=False,
    )  # fmt: skip
    return Guarded(framework, portal.settings.public_origin)
