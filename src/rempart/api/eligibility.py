"""POST /v1/eligibility, from bytes to bytes: shape, checks that need no record, the door, shared work, the answer.

What needs no record is answered at once and costs nothing: it tells nothing about anyone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec

from rempart.api import closures
from rempart.api.problems import problem
from rempart.api.state import HubState
from rempart.application.eligibility import EPOCH, Answer, Question
from rempart.application.guard import ELIGIBILITY, ESTIMATE, Caller, Wish, admit, channel_of
from rempart.application.ports import SealedAsk
from rempart.application.together import Busy, Unavailable
from rempart.domain import accreditation, presence, question
from rempart.domain.compartments import SIGNED_CARD
from rempart.domain.identifiers import Fault, parse_amc, parse_birth, parse_nir, parse_rank, parse_site_reference
from rempart.domain.member import MemberRule, canonical_member
from rempart.domain.parameters import accreditation_days
from rempart.domain.rights import DOMAINS, Period
from rempart.ground.card_code import labels as labels_of
from rempart.ground.instants import civil_date
from rempart.wire.eligibility import CardRequest, DomainAnswer, EligibilityRequest, PresenceRequest
from rempart.wire.once import repeats_a_name
from rempart.wire.problem import FieldError, Problem, encode
from rempart.wire.sealed import NAME as SEALED
from rempart.wire.sealed import Reader, Sealed

PAST_DAYS = 830  # 27 months: the oldest day of care
AHEAD_DAYS = 60
BODY_MOST = 8 * 1024  # bytes
_decode = msgspec.json.Decoder(EligibilityRequest).decode
_decode_card = msgspec.json.Decoder(CardRequest).decode
_decode_code = msgspec.json.Decoder(PresenceRequest).decode
_reader = Reader(EligibilityRequest)
_encode = msgspec.json.Encoder().encode
_DOMAINS = frozenset(DOMAINS)
BY_CARD = frozenset({ELIGIBILITY, ESTIMATE})
"""What may be asked of whose signed card was scanned."""
_CARD = b'"card"'
_CODE = b'"code"'
card_told = re.compile(rb'"card"\s*:').search  # a name: the quotes of a value that holds it have backslashes
_code_told = re.compile(rb'"code"\s*:').search


class Reply(NamedTuple):
    """`held` says that the answer came from records and leaves on the cadence."""

    status: int
    body: bytes
    held: bool


async def answer(state: HubState, caller: Caller, body: bytes | None) -> Reply:
    """One question, whole."""
    asked = read(state, caller, body)
    return await ask(state, asked) if isinstance(asked, Question) else refusal(state, asked)


def refusal(state: HubState, document: Problem) -> Reply:
    """What is told at once, because no record was read for it."""
    state.figures.refusals.add(document.code)
    return Reply(document.status, encode(document), held=False)


async def ask(state: HubState, asked: Question) -> Reply:
    """The answer to a canonical question, through the shared work."""
    future = submit(state, asked)
    await asyncio.wait((future,))
    return reply(state, asked, future)


def submit(state: HubState, asked: Question) -> asyncio.Future[Answer]:
    """The question, given to the shared work; a full queue is a future that failed."""
    try:
        return state.together.submit(asked, asked.caller.client)
    except Busy as busy:
        refused: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        refused.set_exception(busy)
        return refused


def reply(state: HubState, asked: Question, done: asyncio.Future[Answer]) -> Reply:
    """What leaves, of a future of `submit` that is done. Raises what no use case foresaw."""
    try:
        found = done.result()
    except Busy:
        return _refused(state, "busy")
    except Unavailable:
        return _refused(state, "unavailable")
    if found.refusal:
        return _refused(state, found.refusal)
    state.figures.answers.add(found.answer)
    return Reply(200, write(state, asked, found), held=True)


def _refused(state: HubState, code: str) -> Reply:
    document = problem(code)
    state.figures.answers.add("unavailable" if document.status == 503 else "refused")
    state.figures.refusals.add(document.code if document.errors else code)
    return Reply(document.status, encode(document), held=True)


def read(state: HubState, caller: Caller, body: bytes | None) -> Question | Problem:
    """The canonical question, or why there is none; no record is read. `body` is None when it was too long."""
    if body is None or len(body) > BODY_MOST:
        return problem("body-too-large")
    sealed: Sealed | None = None
    try:
        if SEALED in body:
            request, sealed = _reader.read(body)
        elif _CARD in body and card_told(body):
            found = _by_card(_decode_card(body))
            if found is None:
                return problem("card-unreadable")
            request, sealed = found
        elif _CODE in body and _code_told(body):
            return problem("repeated-field") if repeats_a_name(body) else _by_code(state, caller, _decode_code(body))
        else:
            request = _decode(body)
    except msgspec.ValidationError as error:
        return problem("invalid-fields", (FieldError(path_of(error), "wrong-shape"),))
    except (msgspec.DecodeError, UnicodeDecodeError):  # the latter for a text that is not UTF-8
        return problem("malformed-body")
    if (sealed is not None or body.count(b":") != _told(request)) and repeats_a_name(body):
        return problem("repeated-field")
    return canonical(state, caller, request, sealed=sealed)


def _by_card(told: CardRequest) -> tuple[EligibilityRequest, Sealed] | None:
    """The question with what its card says of routing, still unverified, and the card for the keeper."""
    found = labels_of(told.card)
    if found is None:
        return None
    amc, convention, csr = found
    request = EligibilityRequest(
        amc, "", "", told.care_date, told.domains, SIGNED_CARD, convention, csr, site_reference=told.site_reference
    )
    return request, Sealed("", card=told.card)


def _by_code(state: HubState, caller: Caller, told: PresenceRequest) -> Question | Problem:
    """The question of a presence code; whose it is, and so insurer and operator, is known once the code is used up."""
    instant = state.instants.next()
    site = state.facts.snapshot.sites.get(caller.site)
    if site is None:
        return problem("site-standing")
    faults: list[Fault] = []
    code = presence.parse(told.code)
    if code is None:
        faults.append(Fault("code", "presence-code-shape"))
    care = _care(told.care_date, civil_date(instant, site.zone), faults, AHEAD_DAYS)
    reference = _keep(parse_site_reference(told.site_reference), faults) if told.site_reference else ""
    _domains_told(told.domains, faults)
    if faults or code is None:
        return problem("invalid-fields", tuple(FieldError(fault.field, fault.code) for fault in faults))
    wish = Wish("api", ELIGIBILITY, "", presence.EVIDENCE, instant)
    refusal = admit(state.facts.snapshot, caller, wish)
    if refusal:
        return closures.refusal(state, refusal, caller, wish)
    site_cap, client_cap = state.caps(site, presence.EVIDENCE, caller.kind, halved=caller.probation > instant)
    return Question(
        instant, caller, "", "", "", None, "", "", 0, care, tuple(dict.fromkeys(told.domains)), presence.EVIDENCE,
        reference, site_cap, client_cap, accreditation_days(site.profession), channel=channel_of(caller, "api"),
        code=code, further_cap=state.further_cap(caller, site, presence.EVIDENCE, instant),
    )  # fmt: skip


def _domains_told(domains: tuple[str, ...], faults: list[Fault]) -> None:
    if not domains or not _DOMAINS.issuperset(domains) or len(domains) > len(DOMAINS):
        faults.append(Fault("domains", "unknown-domain"))


def _told(request: EligibilityRequest) -> int:
    """How many fields were told for certain: with as many colons in the body, none is told twice."""
    optional = bool(request.convention) + bool(request.csr) + bool(request.site_reference)
    return 6 + optional + (request.nir is not None) + (request.rank is not None)


def path_of(error: msgspec.ValidationError) -> str:
    """Where a body has the wrong shape; the message may quote an unknown field's name, so only `$.path` is kept."""
    text = str(error)
    at = text.rfind("`$")
    return text[at + 1 : -1].removeprefix("$.").removeprefix("$") if at >= 0 else ""


def canonical(
    state: HubState,
    caller: Caller,
    request: EligibilityRequest,
    *,
    purpose: str = ELIGIBILITY,
    ahead: int = AHEAD_DAYS,
    sealed: Sealed | None = None,
    days: Sequence[date] = (),
) -> Question | Problem:
    """The question in canonical form and routed, admitted by the door; or what is wrong first, all fields told.

    `ahead`: days from today to the day of care, at most. `sealed` stands for the identity, then the keeper's to check;
    `days` of care when there are several.
    """
    instant = state.instants.next()
    site = state.facts.snapshot.sites.get(caller.site)
    if site is None:
        return problem("site-standing")
    faults: list[Fault] = []
    amc = _keep(parse_amc(request.amc_number), faults)
    birth = _keep(parse_birth(request.birth_date), faults) if sealed is None else ""
    rank = _keep(parse_rank(request.rank), faults) if request.rank is not None else "1"
    nir = _nir(request.nir, faults)
    care = _care(request.care_date, civil_date(instant, site.zone), faults, ahead)
    reference = _keep(parse_site_reference(request.site_reference), faults) if request.site_reference else ""
    _domains_told(request.domains, faults)
    if faults:
        return problem("invalid-fields", tuple(FieldError(fault.field, fault.code) for fault in faults))
    if nir is None and request.evidence == "typed" and sealed is None:
        return problem("nir-required")
    if request.evidence == SIGNED_CARD and (sealed is None or purpose not in BY_CARD):
        return problem("evidence")
    route = state.facts.route(amc, request.convention, request.csr, care)
    if route is None:
        return problem("unknown-amc-number")
    rule = state.facts.rules.get(route.insurer)
    if rule is None:
        return problem("handled-elsewhere")
    for day in days or (care,):
        if uncovered := state.facts.contracts.refusal(site, route.insurer, day):
            return problem(uncovered)
    member = canonical_member(request.member, rule) if sealed is None else ""
    if isinstance(member, Fault):
        return problem("invalid-fields", (FieldError(member.field, member.code),))
    wish = Wish("api", purpose, route.insurer, request.evidence, instant, route.operator)
    refusal = admit(state.facts.snapshot, caller, wish)
    if refusal:
        return closures.refusal(state, refusal, caller, wish)
    site_cap, client_cap = state.caps(site, request.evidence, caller.kind, halved=caller.probation > instant)
    cost = 1 + (request.nir is None) + (request.rank is None)
    return Question(
        instant, caller, route.operator, route.insurer, member, nir, birth, rank, cost, care,
        tuple(dict.fromkeys(request.domains)), request.evidence, reference, site_cap, client_cap,
        accreditation_days(site.profession), channel=channel_of(caller, "api"),
        sealed=None if sealed is None else sealed_ask(sealed, (amc, request.convention, request.csr), rule,
                                                      days=days or (care,), evidence=request.evidence),
        further_cap=state.further_cap(caller, site, request.evidence, instant),
    )  # fmt: skip


def sealed_ask(
    sealed: Sealed, labels: tuple[str, str, str], rule: MemberRule, *, days: Iterable[date], evidence: str = ""
) -> SealedAsk:
    """What the keeper is given with a JWE: the labels as the request has them, the insurer's rule, the days of care."""
    since = tuple(sorted({day.toordinal() - EPOCH for day in days}))
    return SealedAsk(
        sealed.jwe, labels, rule, since, nir_needed=evidence == "typed", by_card=evidence == SIGNED_CARD,
        card=sealed.card,
    )  # fmt: skip


def _keep(value: str | Fault, faults: list[Fault]) -> str:
    if isinstance(value, Fault):
        faults.append(value)
        return ""
    return value


def _nir(text: str | None, faults: list[Fault]) -> str | None:
    if text is None:
        return None
    parsed = parse_nir(text)
    if isinstance(parsed, Fault):
        faults.append(parsed)
        return None
    return parsed[0]


def _care(text: str, today: date, faults: list[Fault], ahead: int) -> date:
    try:
        care = date.fromisoformat(text)
    except ValueError:
        faults.append(Fault("care_date", "impossible-date"))
        return today
    days = (care - today).days
    if days < -PAST_DAYS or days > ahead:
        faults.append(Fault("care_date", "care-date-out-of-range"))
    return care


def write(state: HubState, asked: Question, found: Answer) -> bytes:
    """The answer as JSON of a length that depends on the question alone: `wire.EligibilityAnswer`, field by field.

    Written by hand because structs and their encoding took four times as long; each text is from a closed alphabet,
    or was encoded with its domain. A test compares it with the struct.
    """
    said = found.eligibility
    domains = _domains(said.periods, asked.domains) if found.answer != "not-confirmed" else "[]"
    number = accreditation.printed(found.accreditation) if found.accreditation else ""
    first = found.first_day.isoformat() if found.first_day else ""
    last = found.last_day.isoformat() if found.last_day else ""
    ended = said.ended.isoformat() if said.ended else ""
    text = (
        f'{{"answer":"{found.answer}","question":"{question.identifier(asked.instant, state.hub)}","domains":{domains},'
        f'"accreditation":"{number}","accreditation_from":"{first}","accreditation_to":"{last}","kind":"{found.kind}",'
        f'"ended":"{ended}",{_provisional(found.ceiling)},"padding":"'
    )
    return (text.ljust(510 + 128 * len(asked.domains)) + '"}').encode()


def _provisional(ceiling: int) -> str:
    return f'"provisional":true,"ceiling":{ceiling}' if ceiling else '"provisional":false,"ceiling":0'


@lru_cache(maxsize=8192)
def _domains(periods: tuple[Period, ...], asked: tuple[str, ...]) -> str:
    by_domain = {period.domain: period for period in periods}
    return _encode([_domain(domain, by_domain) for domain in asked]).decode()


def _domain(domain: str, periods: dict[str, Period]) -> DomainAnswer:
    period = periods.get(domain)
    if period is None:
        return DomainAnswer(domain, open=False)
    return DomainAnswer(
        domain, open=True, start=period.start.isoformat(), end=period.end.isoformat(), formula=period.formula
    )
