"""POST /v1/own-records, from bytes to bytes: a question's shape and door, what this site has, on the cadence."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.api import eligibility
from rempart.api.bodies import presented
from rempart.api.cadence import Cadence
from rempart.api.held import answered
from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.problems import problem
from rempart.api.routes import REFUSALS
from rempart.application.eligibility import Ports, Question
from rempart.application.guard import Caller
from rempart.application.own_records import OwnFound, ask
from rempart.application.ports import KeeperPort
from rempart.domain import accreditation
from rempart.ground.instants import iso
from rempart.storage.own_records import OwnRecordsBooks
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.own_records import OwnAuthorization, OwnInvoice, OwnRecords
from rempart.wire.problem import Problem, encode
from rempart.wire.sealed import Reader

BODY_MOST = 8 * 1024  # bytes
PADDED = 4096  # bytes: an answer is a multiple of it, whatever was found
_reader = Reader(EligibilityRequest)
_encode = msgspec.json.encode


class OwnRecordsDesk:
    """Takes requests; `keeper` is the ask socket."""

    def __init__(self, desk: InvoiceDesk, keeper: KeeperPort, cadence: Cadence) -> None:
        self.desk = desk
        self.cadence = cadence
        self._keeper = keeper
        self._share = round(desk.state.settings.budgets.hour_fraction * 100)

    async def take(self, caller: Caller, body: bytes) -> tuple[int, bytes, bool]:
        """Status, body, and whether it leaves on the cadence. Raises `Unavailable`."""
        asked = self.read(caller, body)
        if isinstance(asked, Problem):
            return asked.status, encode(asked), False
        async with self.desk.databases.lend() as database:
            ports = Ports(self._keeper, database, database)
            answer = await ask(ports, OwnRecordsBooks(database), asked, hour_share=self._share)
        if answer.refusal:
            document = problem(answer.refusal)
            return document.status, encode(document), True
        return 200, told(answer.found), True

    def read(self, caller: Caller, body: bytes) -> Question | Problem:
        """The canonical question, admitted by the door; or why there is none; no record is read."""
        found = presented(_reader, body, BODY_MOST)
        if isinstance(found, Problem):
            return found
        shown, sealed = found
        return eligibility.canonical(self.desk.state, caller, shown, sealed=sealed)


def told(found: OwnFound) -> bytes:
    """The answer as JSON, padded."""
    answer = OwnRecords(
        tuple(
            OwnAuthorization(
                str(each.identity), accreditation.printed(each.number) if each.state != "refused" else "", each.state,
                iso(each.instant), each.site_reference,
            )
            for each in found.authorizations
        ),
        tuple(
            OwnInvoice(str(each.identity), each.number, each.state, iso(each.instant), each.site_reference)
            for each in found.invoices
        ),
        found.more,
    )  # fmt: skip
    return _encode(msgspec.structs.replace(answer, padding=" " * (-len(_encode(answer)) % PADDED)))


def own_records_routes(desk: OwnRecordsDesk) -> list[HTTPRouteHandler]:
    """The one handler."""

    @post(
        "/v1/own-records", status_code=200, tags=["eligibility"], operation_id="FindOwnRecords", responses=REFUSALS,
        request_max_body_size=BODY_MOST, summary="What has this site of the person whose card is shown?",
    )  # fmt: skip
    async def own_records(request: Request[Any, Any, Any]) -> Response[OwnRecords]:
        return await answered(desk, request)

    return [own_records]
