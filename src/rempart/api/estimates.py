"""POST /v1/estimates, from bytes to bytes: shape, the door, the insurer's table, the answer on the cadence."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.api import eligibility
from rempart.api.authorization_answers import line
from rempart.api.authorizations import NOBODYS_DOMAINS, FactsTables
from rempart.api.bodies import presented
from rempart.api.cadence import Cadence
from rempart.api.held import answered
from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.problems import problem
from rempart.api.routes import REFUSALS
from rempart.application.counting import CounterKeys
from rempart.application.eligibility import Ports
from rempart.application.estimates import Asked, Estimated, Needs, ask
from rempart.application.guard import ESTIMATE, Caller
from rempart.application.ports import KeeperPort
from rempart.domain import accreditation, reasons
from rempart.domain.decision import Decision
from rempart.domain.estimate import About, stay_lines
from rempart.domain.identifiers import Fault
from rempart.domain.invoice import Line
from rempart.formats.invoice_json import MOST_DAYS, MOST_LINES, quote_line
from rempart.ground.card_code import labels as labels_of
from rempart.ground.instants import civil_date
from rempart.storage.counters import EstimateFacts
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateLine, EstimateRequest
from rempart.wire.invoices import LineRequest
from rempart.wire.problem import FieldError, Problem, encode
from rempart.wire.sealed import NAME as SEALED
from rempart.wire.sealed import Reader, Sealed

BODY_MOST = 256 * 1024  # bytes
PADDED = 1024  # bytes: an answer is a multiple of it, and as long as its lines ask for
PER_LINE = 512
_reader = Reader(EstimateRequest)
_encode = msgspec.json.encode


class _Cards:
    """Reads the request of whose signed card was scanned, told in clear."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(CardEstimateRequest).decode

    def read(self, body: bytes) -> tuple[CardEstimateRequest, Sealed | None]:
        return self._decode(body), None


_cards = _Cards()


class EstimateDesk:
    """Takes requests. `keeper` is the ask socket, `keys` the counters' keys over it."""

    def __init__(self, desk: InvoiceDesk, keeper: KeeperPort, keys: CounterKeys, cadence: Cadence) -> None:
        self.desk = desk
        self.cadence = cadence
        self._keeper = keeper
        self._keys = keys
        self._tables = FactsTables(desk.state)
        self._share = round(desk.state.settings.budgets.hour_fraction * 100)

    async def take(self, caller: Caller, body: bytes) -> tuple[int, bytes, bool]:
        """Status, body, and whether it leaves on the cadence. Raises `Unavailable`."""
        asked = self.read(caller, body)
        if isinstance(asked, Problem):
            return asked.status, encode(asked), False
        async with self.desk.databases.lend() as database:
            ports = Ports(self._keeper, database, database)
            needs = Needs(ports, self._keys, EstimateFacts(database), self._tables)
            found = await ask(needs, asked, hour_share=self._share)
        if found.refusal:
            document = problem(found.refusal)
            return document.status, encode(document), True
        return 200, told(found, len(asked.lines)), True

    def read(self, caller: Caller, body: bytes) -> Asked | Problem:
        """The canonical request, admitted by the door; or why there is none; no record is read."""
        found = _presented(body)
        if isinstance(found, Problem):
            return found
        request, sealed = found
        faults: list[Fault] = []
        lines = _lines(request, faults)
        number = accreditation.parse(request.accreditation) if request.accreditation else ""
        if number is None:
            faults.append(Fault("accreditation", "accreditation-malformed"))
        if faults or number is None:
            return problem("invalid-fields", tuple(FieldError(fault.field, fault.code) for fault in faults))
        return self._asked(caller, (request, sealed), lines, number)

    def _asked(
        self, caller: Caller, told: tuple[EstimateRequest, Sealed | None], lines: tuple[Line, ...], number: str
    ) -> Asked | Problem:  # fmt: skip
        request, sealed = told
        days = [line.care_date for line in lines]
        shown = EligibilityRequest(
            request.amc_number, request.member, request.birth_date, min(days).isoformat(), NOBODYS_DOMAINS,
            request.evidence, request.convention, request.csr, request.nir, request.rank, request.site_reference,
        )  # fmt: skip
        state = self.desk.state
        question = eligibility.canonical(state, caller, shown, purpose=ESTIMATE, sealed=sealed, days=days)
        if isinstance(question, Problem):
            return question
        site = state.facts.snapshot.sites[caller.site]
        today = civil_date(question.instant, site.zone)
        if (max(days) - today).days > eligibility.AHEAD_DAYS:
            return problem("invalid-fields", (FieldError("lines", "care-date-out-of-range"),))
        about = About(question.birth, request.nature, request.exemption, caller.site)
        return Asked(question, site.profession, today, lines, about, number, site.networks)


def _presented(body: bytes) -> tuple[EstimateRequest, Sealed | None] | Problem:
    """The request in any of its three forms; of a card in clear what it says of routing, still unverified."""
    if SEALED in body or len(body) > BODY_MOST or not eligibility.card_told(body):
        return presented(_reader, body, BODY_MOST)
    found = presented(_cards, body, BODY_MOST)
    if isinstance(found, Problem):
        return found
    told = found[0]
    labels = labels_of(told.card)
    return problem("card-unreadable") if labels is None else (told.labelled(*labels), Sealed("", card=told.card))


def _lines(request: EstimateRequest, faults: list[Fault]) -> tuple[Line, ...]:
    """The lines as an invoice would have them, the stay's fees last."""
    if not 0 < len(request.lines) + (request.stay is not None) <= MOST_LINES:
        faults.append(Fault("lines", "too-many-lines" if request.lines else "no-lines"))
        return ()
    lines = [quote_line(number, _as_invoiced(line), faults) for number, line in enumerate(request.lines, 1)]
    stay = request.stay
    if stay is not None:
        first = _day(stay.first_day)
        if first is None:
            faults.append(Fault("stay.first_day", "impossible-date"))
        elif not 0 < stay.days <= MOST_DAYS:
            faults.append(Fault("stay.days", "days-out-of-range"))
        else:
            lines += stay_lines(first, stay.days, psychiatry=stay.psychiatry, number=len(lines) + 1)
    return tuple(lines)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _as_invoiced(line: EstimateLine) -> LineRequest:
    return LineRequest(
        line.care_date, line.code, line.family, line.base, line.rate, 0, line.spent, 0, line.quantity,
        line.coefficient, line.unit_price, line.exemption, line.qualifier, line.place, line.detail, line.particulars,
    )  # fmt: skip


def told(estimated: Estimated, lines: int) -> bytes:
    """The answer as JSON, padded to a length that depends on the number of lines."""
    found = estimated.found
    answer = EstimateAnswer("not-confirmed") if found is None else _answer(found, estimated.ceiling)
    body = _encode(answer)
    most = PADDED + PER_LINE * lines
    missing = max(most, len(body)) - len(body) + -max(most, len(body)) % PADDED
    return _encode(msgspec.structs.replace(answer, padding=" " * missing))


def _answer(found: Decision, ceiling: int) -> EstimateAnswer:
    reason = reasons.BY_CODE.get(found.reason)
    return EstimateAnswer(
        "estimated", found.reason, reason.french if reason is not None else "", found.spent, found.amo, found.amc,
        found.patient, tuple(map(line, found.lines)), ceiling > 0, ceiling,
    )  # fmt: skip


def estimate_routes(desk: EstimateDesk) -> list[HTTPRouteHandler]:
    """The one handler."""

    @post(
        "/v1/estimates", status_code=200, tags=["eligibility"], operation_id="AskEstimate", responses=REFUSALS,
        request_max_body_size=BODY_MOST, summary="What would the patient pay now?",
    )  # fmt: skip
    async def estimates(request: Request[Any, Any, Any]) -> Response[EstimateAnswer]:
        return await answered(desk, request)

    return [estimates]
