"""Is this patient covered? The card is scanned or typed; the answer comes on the same screen, and nothing stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import card, days, presence, quote, quote_reasons, reference, refusals
from rempart.portal import scanned as scanned_card
from rempart.portal.pages import estimate
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.professions import offered
from rempart.portal.quote_kinds import kind_of
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.eligibility import CardRequest, EligibilityAnswer, EligibilityRequest, PresenceRequest
from rempart.wire.estimates import EstimateAnswer
from rempart.wire.problem import Problem


class Next(NamedTuple):
    """The forms that the answer leads on to, with what they begin with: no card, no identity. None: there is none."""

    invoice: Mapping[str, str] | None
    request: Mapping[str, str] | None
    unpriced: bool  # a price was typed, and a code tells nothing to work it out with


@dataclass(frozen=True, slots=True)
class Result:
    """What is shown above the form: an answer, a no, or faults of the form. Nothing that was typed."""

    answer: EligibilityAnswer | None = None
    asked: tuple[str, ...] = ()
    care: str = ""
    refusal: Refusal | None = None
    wrong: tuple[str, ...] = ()
    priced: bool = False
    estimate: EstimateAnswer | None = None
    scanned: bool = False
    by_code: bool = False
    next: Next | None = None

    @property
    def status(self) -> int:
        """The page's HTTP status."""
        if self.refusal is not None:
            return STATUS[self.refusal.kind]
        return 422 if self.wrong else 200

    @property
    def done(self) -> bool:
        """Whether the form is emptied: the question was answered."""
        return self.answer is not None


def patient_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/patient`: the empty form, and the question."""

    @get("/patient")
    async def form(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return _page(pages, request, live, None)

        return await inside(pages, request, shown)

    @post("/patient", status_code=200)
    async def ask(request: Asked) -> Response[Any]:
        told = await read(request)

        async def asked(live: SignedIn) -> Response[Any]:
            today = days.today(pages.portal, live)
            question, faults = _referenced(_question(told, today), told.one.get("site_reference", ""))
            wanted = estimate.read(told.one, live.profession)
            if question is None or wanted.wrong:
                return _page(pages, request, live, Result(wrong=(*faults, *wanted.wrong)))
            try:
                found = await pages.portal.hub.perform(live, calls.eligibility(question))
            except NoAnswerError:
                return _page(pages, request, live, Result(refusal=refusals.away()))
            if isinstance(found, Problem):
                return _refused(pages, request, live, found)
            by_code = isinstance(question, PresenceRequest)
            on = _next(live, found, wanted, care=date.fromisoformat(question.care_date), today=today)
            result = Result(
                found, question.domains, question.care_date, scanned=isinstance(question, CardRequest),
                by_code=by_code, next=on._replace(unpriced=by_code and wanted.line is not None),
            )  # fmt: skip
            if wanted.line is not None and found.answer == "covered" and not isinstance(question, PresenceRequest):
                paid = await estimate.ask(
                    pages.portal, live, question, line=wanted.line, accreditation=found.accreditation or ""
                )
                result = replace(result, priced=True, estimate=paid)
            return _page(pages, request, live, result)

        return await inside(pages, request, asked)

    return [form, ask]


Question = EligibilityRequest | CardRequest | PresenceRequest
Read = tuple[Question | None, tuple[str, ...]]


def _question(told: Form, today: date) -> Read:
    """What is asked: by a scanned card, or else a presence code, or else what was typed; or None and the faults."""
    domains = told.all_of("domains")
    if told.one.get("scanned", ""):
        return scanned_card.read(told.one, domains, today)
    if told.one.get("presence", "").strip():
        return presence.read(told.one, domains, today)
    typed = card.read(told.one, domains, today)
    return typed.question, typed.faults


def _referenced(asked: Read, text: str) -> Read:
    """The same under the site's own reference, which goes out with the question and into no page."""
    (question, faults), own = asked, reference.read(text)
    if own is None:
        return None, (*faults, "site_reference")
    return (None if question is None else msgspec.structs.replace(question, site_reference=own)), faults


def _next(
    live: SignedIn, found: EligibilityAnswer, wanted: estimate.Wanted, *, care: date, today: date
) -> Next:  # fmt: skip
    """What follows when the answer is good: the accreditation, the day and the line asked about go on, typed once."""
    if found.answer != "covered":
        return Next(None, None, unpriced=False)
    day = care.strftime("%d/%m/%Y")
    billed = {"care_date": day, "accreditation": found.accreditation or ""}
    if (line := wanted.line) is not None:
        amo = quote.percent(min(line.base, line.spent), line.rate)
        amounts = {"spent": line.spent, "base": line.base, "amo": amo}
        billed |= {f"{name}-1": quote.euros(cents) for name, cents in amounts.items()}
        billed |= {
            "family-1": line.family,
            "code-1": line.code,
            "rate-1": str(line.rate),
            "quantity-1": str(line.quantity),
        }
    asks = kind_of(live.profession) is not None
    return Next(billed if care <= today else None, {**wanted.typed, "planned": day} if asks else None, unpriced=False)


def _refused(pages: Pages, request: Asked, live: SignedIn, problem: Problem) -> Response[Any]:
    """On the same screen, unless the session ended or the account was stopped."""
    refusal = refusals.of(problem)
    if refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(pages, request, problem)
    fields = tuple(error.field.rpartition(".")[2] for error in problem.errors)
    wrong: tuple[str, ...] = tuple(name for name in (*card.FIELDS, "site_reference") if name in fields)
    wrong = ("scanned",) if problem.code == "card-unreadable" else wrong
    wrong = ("presence",) if fields == ("code",) else wrong
    return _page(pages, request, live, Result(refusal=refusal, wrong=wrong))


def _page(pages: Pages, request: Asked, live: SignedIn, result: Result | None) -> Response[Any]:
    values = {
        "result": result or Result(),
        "faults": {**scanned_card.FAULTS, **presence.FAULTS, **card.FAULTS, **reference.FAULTS, **estimate.NUMBERED},
        "estimate": estimate.fields(live.profession),
        "reason_of": quote_reasons.reason_of,
        "offered": offered(live.profession),
        "offline": pages.portal.settings.card_lists is not None,
        "today": days.today(pages.portal, live).strftime("%d/%m/%Y"),
    }
    return pages.page(request, "patient.html", values, Shown(live, status=(result or Result()).status))
