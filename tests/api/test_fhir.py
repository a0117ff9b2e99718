"""FHIR beside JSON on a running hub: the same decision, the same trace, and nobody to look up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rempart.formats.fhir import claim, names, payments, question
from rempart.simulation.authorizations import QUOTES, quotes
from rempart.simulation.caller import eligibility_request
from rempart.simulation.day import events
from rempart.simulation.events import Ask
from rempart.simulation.http import Response
from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.payments import RemittanceAdvice, RemittanceList
from rempart.wire.problem import Problem
from support import fhir_resources
from support.houses import FIRST_DAY, Town, decided, request_of, town
from support.hub_world import HubWorld
from support.money import SECOND, SITES, MoneyWorld
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres
Json = dict[str, Any]
ASK, SEND = "/fhir/CoverageEligibilityRequest/$submit", "/fhir/Claim/$submit"
TRACE = (
    "select account, client, site, operator, insurer, purpose, evidence, template, outcome, encode(tag, 'hex')"
    " from rempart.disclosure order by id"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("fhir") / "h", 300) as made:
        yield made


def valid(answer: Response | Problem) -> Json:
    """The resource of an answer, once fhir.resources took it."""
    assert isinstance(answer, Response)
    assert answer.headers["content-type"] == names.MEDIA_TYPE
    return fhir_resources.valid(answer.body)


def code(found: Json) -> str:
    """The first code of an OperationOutcome."""
    assert found["resourceType"] == "OperationOutcome"
    return str(found["issue"][0]["details"]["coding"][0]["code"])


def _said(name: str, found: Json) -> Any:
    """The value of one of our extensions, None when it is not told."""
    values = [one for one in found.get("extension", []) if one["url"] == names.EXTENSION + name]
    return next((value for one in values for key, value in one.items() if key != "url"), None)


def _of_json(told: EligibilityAnswer) -> Json:
    domains = [(one.domain, one.open, one.start, one.end, one.formula) for one in told.domains]
    days = (told.accreditation_from, told.accreditation_to)
    return {
        "answer": told.answer, "domains": domains, "accredited": bool(told.accreditation),
        "days": days if told.accreditation else ("", told.ended), "kind": told.kind,
    }  # fmt: skip


def _of_fhir(told: Json) -> Json:
    (insurance,) = told["insurance"]
    domains = []
    for item in insurance.get("item", []):
        days = _said("open", item) or {"start": "", "end": ""}
        which = item["category"]["coding"][0]["code"]
        domains.append((which, not item["excluded"], days["start"], days["end"], item.get("name", "")))
    period = insurance.get("benefitPeriod", {})
    return {
        "answer": _said("answer", told), "domains": domains, "accredited": "preAuthRef" in told,
        "days": (period.get("start", ""), period.get("end", "")), "kind": _said("kind", told) or "",
    }  # fmt: skip


def _questions(served: Town) -> list[tuple[int, EligibilityRequest]]:
    """Of every kind of a day's question a few: sound, mistyped, unknown, someone else's card."""
    kinds: dict[tuple[str, str], list[Ask]] = {}
    for event in events(served.country, FIRST_DAY, visits=300):
        if isinstance(event, Ask):
            kinds.setdefault((event.what, event.expected), []).append(event)
    assert {"covered", "not-confirmed"} <= {expected for _, expected in kinds}
    found = [(ask.site, eligibility_request(ask)) for asks in kinds.values() for ask in asks[:3]]
    site, one = found[0]
    wrong = (
        {"nir": "285047592512346"}, {"birth_date": "1985-13-40"}, {"care_date": "2020-01-01"}, {"domains": ("NONE",)},
        {"amc_number": "0011111111"}, {"nir": None, "evidence": "typed"}, {"member": "é"}, {"rank": "0"},
    )  # fmt: skip
    return [*found, *((site, msgspec.structs.replace(one, **values)) for values in wrong)]


def test_json_and_fhir_give_the_same_decision_and_leave_the_same_trace(served: Town) -> None:
    """For covered, unknown, mistyped and impossible cards: answer, domains, dates, refusals, and the log's lines."""
    seen: set[str] = set()

    async def run() -> None:
        for site, asked in _questions(served):
            caller = served.caller(site)
            await caller.eligibility(asked)  # from here on both ask about someone the site has met, or has not
            before = len(served.sql(TRACE))
            json = await caller.eligibility(asked)
            answer = await caller.call("POST", ASK, question.write(asked, FIRST_DAY.isoformat()), {})
            await caller.close()
            found = valid(answer)
            lines = served.sql(TRACE)[before:]
            if isinstance(json, Problem):
                assert (answer.status, code(found)) == (json.status, json.code)
                told = [(issue["expression"][0], issue["details"]["coding"][0]["code"]) for issue in found["issue"][1:]]
                assert told == [(question.expression(one.field), one.code) for one in json.errors]
                assert lines == []
                seen.add(json.code)
            else:
                assert answer.status == 200
                assert _of_fhir(found) == _of_json(json)
                assert len(lines) == 2
                assert lines[0] == lines[1]
                seen.add(json.answer)
            for secret in (asked.nir, asked.member, asked.birth_date):
                assert not secret or len(secret) < 5 or secret.encode() not in answer.body

    asyncio.run(run())
    assert {"covered", "not-confirmed", "invalid-fields", "unknown-amc-number", "nir-required"} <= seen


def test_a_stranger_costs_the_same_budget_in_fhir_as_in_json(served: Town) -> None:
    """Two sites that met nobody ask about the same people, one in each language: same answers, same spending."""
    sites = list(served.country.all_sites())
    one, other = next(
        pair for pair in combinations(sites, 2) if len({site.profession for site in pair}) == 1
    )  # an accreditation's days follow the profession
    asks = [pair for pair in _questions(served) if pair[0] not in {one.index, other.index}]
    people = list({asked.member: asked for _, asked in asks if asked.evidence != "known"}.values())[:12]
    before = _spent(served, one.number), _spent(served, other.number)

    async def run() -> tuple[list[Json], list[Json]]:
        json, fhir = served.caller(one.index), served.caller(other.index)
        first, second = [], []
        for asked in people:
            told = await json.eligibility(asked)
            answer = await fhir.call("POST", ASK, question.write(asked, FIRST_DAY.isoformat()), {})
            if not isinstance(told, Problem):  # of a card that is refused the test above tells
                first.append(_of_json(told))
                second.append(_of_fhir(valid(answer)))
        await json.close()
        await fhir.close()
        return first, second

    first, second = asyncio.run(run())
    assert first == second
    assert len({one["answer"] for one in first}) == 2
    after = _spent(served, one.number), _spent(served, other.number)
    json_cost, fhir_cost = (
        tuple(b - a for a, b in zip(*pair, strict=True)) for pair in zip(before, after, strict=True)
    )
    assert json_cost == fhir_cost
    assert sum(json_cost[:2]) > 0


def _spent(served: Town, site: str) -> tuple[int, ...]:
    """What a site has spent today on strangers: typed cards, read by a machine, and of both this hour."""
    rows = served.sql(
        "select typed, machine, hour_typed, hour_machine from rempart.budget where scope = %s", f"site:{site}"
    )
    return rows[0] if rows else (0, 0, 0, 0)


def test_every_answer_to_one_shape_of_question_has_one_length(served: Town) -> None:
    """Covered or not confirmed: the size of a FHIR answer says nothing."""

    async def run() -> set[tuple[int, int]]:
        found = set()
        for site, asked in _questions(served):
            caller = served.caller(site)
            answer = await caller.call("POST", ASK, question.write(asked, FIRST_DAY.isoformat()), {})
            await caller.close()
            assert isinstance(answer, Response)
            if answer.status == 200:
                found.add((len(asked.domains), len(answer.body)))
        return found

    found = asyncio.run(run())
    assert len(found) == len({domains for domains, _ in found})


def test_an_invoice_sent_in_fhir_is_decided_as_in_json(served: Town) -> None:
    """Two sites' bills, one in each language, end alike; the ClaimResponse says what the invoice's state says."""
    index = {site.number: site.index for site in served.country.all_sites()}
    bills = [(index[bill.invoice.site], bill) for bill in served.bills(visits=200)]
    site, bill = next((s, b) for s, b in bills if served.country.site(s).profession == "pharmacy")

    async def run() -> None:
        caller, number = served.caller(site), served.country.site(site).number
        sent = request_of(bill, "810000001", distinct=True)
        body = claim.write(sent, number)
        answer = await caller.call("POST", SEND, body, {"Idempotency-Key": "fhir-one"})
        taken = valid(answer)
        assert (answer.status, taken["outcome"], taken["use"]) == (200, "queued", "claim")
        again = await caller.call("POST", SEND, body, {"Idempotency-Key": "fhir-one"})
        assert valid(again)["id"] == taken["id"]
        assert again.headers["idempotent-replayed"] == "true"
        other = claim.write(msgspec.structs.replace(sent, number="810000002"), number)
        reused = await caller.call("POST", SEND, other, {"Idempotency-Key": "fhir-one"})
        assert (reused.status, code(valid(reused))) == (409, "idempotency-key-reused")
        state = await decided(caller, taken["id"])
        assert (state.state, state.number) == ("accepted", "810000001")
        found = valid(await caller.call("GET", f"/fhir/ClaimResponse/{taken['id']}", b"", {}))
        amounts = {one["category"]["coding"][0]["code"]: one["amount"]["value"] for one in found["total"]}
        assert {name: round(value * 100) for name, value in amounts.items()} == {
            "submitted": state.spent, "amo": state.amo, "benefit": state.amc, "patient": state.patient,
        }  # fmt: skip
        assert _said("state", found) == "accepted"
        json = await caller.invoices((request_of(bill, "810000003", distinct=True),), "json-one")
        assert not isinstance(json, Problem)
        twin = await decided(caller, json.invoices[0].invoice)
        same = [(one.state, one.reason, one.amc, one.amo, one.lines) for one in (state, twin)]
        assert same[0] == same[1]
        for secret in (sent.nir, sent.member):
            assert not secret or secret.encode() not in answer.body
        await caller.close()

    asyncio.run(run())


def test_what_is_wrong_with_an_invoice_is_named_by_its_place(served: Town) -> None:
    """Faults that only the invoice's own reader sees come back as expressions of the Claim."""
    bill = served.bills(visits=200)[0]
    site = next(one.index for one in served.country.all_sites() if one.number == bill.invoice.site)

    async def run() -> None:
        caller = served.caller(site)
        sent = request_of(bill, "810000010")
        line = msgspec.structs.replace(sent.lines[0], care_date="2026-13-40", rate=101)
        body = claim.write(
            msgspec.structs.replace(sent, number="0", nir="285047592512346", lines=(line,)), bill.invoice.site
        )
        answer = await caller.call("POST", SEND, body, {"Idempotency-Key": "fhir-wrong"})
        await caller.close()
        found = valid(answer)
        assert (answer.status, code(found)) == (422, "invalid-fields")
        assert {issue["expression"][0] for issue in found["issue"][1:]} == {
            "Claim.identifier.value", "Claim.contained.ofType(Patient).identifier.value",
            "Claim.item[0].servicedDate", "Claim.item[0].extension('urn:rempart:ext:rate').value",
        }  # fmt: skip
        late = claim.write(sent, bill.invoice.site).replace(b'"use":"claim"', b'"use":"predetermination"')
        caller = served.caller(site)
        asked = await caller.call("POST", SEND, late, {"Idempotency-Key": "fhir-estimate"})
        await caller.close()
        assert (asked.status, code(valid(asked))) == (422, "use-not-offered")

    asyncio.run(run())


def test_a_quote_asked_for_in_fhir_is_ruled_on_as_in_json(served: Town) -> None:
    """Same state, reason and amounts; the ClaimResponse is read again by its site and by no other."""
    found = [next(quotes(served.country, FIRST_DAY, profession=each)) for each in QUOTES]

    async def run() -> None:
        for number, one in enumerate(found):
            caller, site = served.caller(one.site), served.country.site(one.site).number
            json = await caller.authorization(one.request, f"json-{number}")
            assert not isinstance(json, Problem)
            cancelled = await caller.cancel_authorization(json.authorization)  # what it holds must not stand in the way
            assert not isinstance(cancelled, Problem) or json.state != "agreed", cancelled
            body = claim.write_request(one.request, site, "vision", FIRST_DAY.isoformat())
            answer = await caller.call("POST", SEND, body, {"Idempotency-Key": f"fhir-{number}"})
            told = valid(answer)
            again = await caller.call("POST", SEND, body, {"Idempotency-Key": f"fhir-{number}"})
            assert valid(again) == told
            assert again.headers["idempotent-replayed"] == "true"
            assert (_said("state", told), _said("reason", told) or "") == (json.state, json.reason)
            assert ("preAuthRef" in told) == bool(json.reference)
            read = valid(await caller.call("GET", f"/fhir/ClaimResponse/{told['id']}", b"", {}))
            assert (read["use"], read["outcome"]) == ("preauthorization", told["outcome"])
            if told["outcome"] == "complete":
                benefit = read["total"][2]
                assert round(benefit["amount"]["value"] * 100) == json.amc
            await caller.close()
            other = served.caller(next(site.index for site in served.country.all_sites() if site.index != one.site))
            absent = await other.call("GET", f"/fhir/ClaimResponse/{told['id']}", b"", {})
            await other.close()
            assert (absent.status, code(valid(absent))) == (404, "not-found")
            assert one.request.nir is not None
            assert one.request.nir.encode() not in answer.body

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/fhir/Patient", 404),
        ("GET", "/fhir/Patient/1", 404),
        ("GET", "/fhir/Patient?identifier=285047592512345", 404),
        ("POST", "/fhir/Patient/_search", 404),
        ("POST", "/fhir/Patient", 404),
        ("GET", "/fhir/Coverage?subscriber-id=12345678", 404),
        ("GET", "/fhir/Claim?patient.identifier=285047592512345", 404),
        ("GET", "/fhir/ClaimResponse?patient=1", 404),
        ("GET", "/fhir/CoverageEligibilityResponse/1", 404),
        ("POST", "/fhir", 404),
        ("GET", ASK, 405),
        ("DELETE", "/fhir/ClaimResponse/019caddd-6600-7a1e-8c33-5d2f00000001", 405),
    ],
)
def test_nobody_can_be_searched_or_read(hub_world: HubWorld, method: str, path: str, expected: int) -> None:
    """What would find or read a person, or list anything, is not there, and says so as an OperationOutcome."""

    async def run() -> Response | Problem:
        caller = hub_world.caller(hub_world.site_client)
        try:
            return await caller.call(method, path, b"", {})
        finally:
            await caller.close()

    answer = asyncio.run(run())
    assert answer.status == expected
    if path != "/fhir":
        found = valid(answer)
        assert code(found) == ("unknown-route" if expected == 404 else "method-not-allowed")
        assert b"285047592512345" not in msgspec.json.encode(found)


def test_the_capability_statement_offers_no_search(hub_world: HubWorld) -> None:
    """Operations and reads only; every resource it names answers, and no Patient is among them."""
    found = valid(asyncio.run(hub_world.bare("GET", "/fhir/metadata", b"", {})))
    (rest,) = found["rest"]
    told = {one["type"]: one for one in rest["resource"]}
    assert set(told) == {
        "CoverageEligibilityRequest", "Claim", "ClaimResponse", "PaymentNotice", "PaymentReconciliation",
    }  # fmt: skip
    assert {act["code"] for one in told.values() for act in one.get("interaction", [])} == {"read"}
    assert not any("searchParam" in one for one in (rest, *told.values()))
    assert "interaction" not in rest


def test_a_refused_sign_in_is_an_outcome_that_keeps_its_headers(hub_world: HubWorld) -> None:
    """401 in FHIR says the scheme as in JSON; a missing key is 400, a body too long 413."""
    json = asyncio.run(hub_world.bare("POST", "/v1/eligibility", b"{}", {}))
    answer = asyncio.run(hub_world.bare("POST", ASK, b"{}", {}))
    assert code(valid(answer)) == "token-required"
    assert answer.headers["www-authenticate"] == json.headers["www-authenticate"]
    assert answer.headers["cache-control"] == "no-store"

    async def run(path: str, body: bytes) -> tuple[int, str]:
        caller = hub_world.caller(hub_world.site_client)
        try:
            found = await caller.call("POST", path, body, {})
        finally:
            await caller.close()
        return found.status, code(valid(found))

    assert asyncio.run(run(SEND, b"{}")) == (400, "idempotency-key-required")
    assert asyncio.run(run(ASK, b" " * 40_000)) == (413, "body-too-large")
    assert asyncio.run(run(ASK, b"{")) == (400, "malformed-body")


def test_a_site_reads_its_payments_in_fhir_and_no_other_sites(money: MoneyWorld) -> None:
    """Detail and notice say what the JSON says, to the cent; another site's remittance looks absent."""
    sign_in(money)
    money.decide(SITES[0], 1_000)
    money.decide(SITES[0], 234, SECOND)
    money.decide(SITES[0], state="rejected")
    money.decide(SITES[1], 500)
    money.pay()
    other = money.one("select remittance from rempart.remittance where site = %s", SITES[1])

    async def use(reader: Reader) -> tuple[Any, ...]:
        (one,) = msgspec.json.decode((await reader.get("/v1/remittances")).content, type=RemittanceList).remittances
        kinds = ("PaymentReconciliation", "PaymentNotice")
        mine = [await reader.get(f"/fhir/{kind}/{one.remittance}") for kind in kinds]
        theirs = [(await reader.get(f"/fhir/{kind}/{other}")).status_code for kind in kinds]
        return one, await reader.get(f"/v1/remittances/{one.remittance}"), mine, theirs

    one, advice, (whole, short), theirs = as_site(money, SITES[0], use)
    told = msgspec.json.decode(advice.content, type=RemittanceAdvice)
    assert whole.content == payments.reconciliation(told)
    assert short.content == payments.notice(one, SITES[0])
    found = msgspec.json.decode(whole.content)
    assert sum(round(line["amount"]["value"] * 100) for line in found["detail"]) == one.amount == 1_234
    assert "rights-closed" in found["processNote"][0]["text"]
    assert theirs == [404, 404]
