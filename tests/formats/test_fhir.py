"""FHIR R4: what we write is valid R4, what we read comes back the same, and what we do not take is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.api import examples, fhir_examples
from rempart.api.problems import TABLE, problem
from rempart.domain.eligibility import CLOSED, COVERED, NOT_CONFIRMED, NOT_COVERED
from rempart.domain.invoice_states import STATES
from rempart.domain.rights import DOMAINS
from rempart.formats import invoice_json
from rempart.formats.fhir import claim, items, names, outcome, payments, preauth, question, states
from rempart.formats.fhir.strict import Refused
from rempart.wire.authorizations import AuthorizationRequest, QuoteLine
from rempart.wire.eligibility import DomainAnswer, EligibilityAnswer, EligibilityRequest
from rempart.wire.invoices import (
    CorrectionRequest,
    DeclaredRequest,
    InvoiceRequest,
    InvoicesRequest,
    InvoiceState,
    LineRequest,
    ParticularsRequest,
)
from rempart.wire.payments import RemittanceSummary
from rempart.wire.problem import FieldError
from support.fhir_resources import valid

Json = dict[str, Any]
SITE = examples.SITE
NOW = "2026-03-02T10:00:00.000000Z"
CENTS = st.integers(0, 10_000_000_00)
WORD = st.text("ABCDEFGH0123456789", min_size=1, max_size=8)


def asked(**changes: Any) -> EligibilityRequest:
    return msgspec.structs.replace(examples.REQUESTS["AskEligibility"], **changes)


def invoiced(**changes: Any) -> InvoiceRequest:
    return msgspec.structs.replace(examples.REQUESTS["SendInvoices"].invoices[0], **changes)


def quoted(**changes: Any) -> AuthorizationRequest:
    return msgspec.structs.replace(examples.REQUESTS["AskAuthorization"], attachments=(), **changes)


def as_quoted(line: LineRequest) -> QuoteLine:
    return QuoteLine(**{name: getattr(line, name) for name in QuoteLine.__struct_fields__})


def changed(body: bytes, path: str, value: Any) -> bytes:
    """The resource with `value` at `path`, names and places between dots."""
    made = msgspec.json.decode(body)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = made
    for step in steps:
        place = place[step]
    place[last] = value
    return msgspec.json.encode(made)


ASKED = question.write(asked(), NOW)
CLAIMED = claim.write(invoiced(), SITE)
DEEP = b'{"resourceType":"CoverageEligibilityRequest","extension":' + b"[" * 300 + b"]" * 300 + b"}"

persons = {
    "nir": st.none() | st.sampled_from([examples.NIR, "7850475925123"]),
    "rank": st.none() | st.sampled_from("123456789"),
    "birth_date": st.sampled_from(["1985-04-12", "850412", "19851300", "1985-00-00"]),
    "member": WORD,
    "convention": st.sampled_from(["", "SV"]),
    "csr": st.sampled_from(["", "116"]),
    "site_reference": st.sampled_from(["", "T2-0041"]),
}
particulars = st.builds(
    ParticularsRequest,
    item=st.sampled_from(["", "lens"]),
    side=st.sampled_from(["", "left"]),
    teeth=st.lists(st.sampled_from(["11", "48"]), max_size=3).map(tuple),
    correction=st.none() | st.builds(CorrectionRequest, st.integers(-9999, 9999), st.integers(0, 9999), st.booleans()),
    basket=st.sampled_from(["", "A"]),
    price_limit=st.none() | CENTS,
    days=st.integers(0, 400),
    reference_price=st.none() | CENTS,
    first_paid=st.none() | CENTS,
    last_delivery=st.sampled_from(["", "2024-05-06"]),
    blind=st.booleans(),
)
until = st.sampled_from(["", "2026-12-31"])
declared = st.none() | st.builds(DeclaredRequest, st.just("card"), st.just("2026-03-01"), until)
lines = st.builds(
    LineRequest,
    st.just(examples.DAY), WORD, WORD, CENTS, st.integers(0, 100), CENTS, CENTS, CENTS, st.integers(1, 9999),
    st.integers(1, 1_000_000), CENTS, st.sampled_from(["", "3"]), st.sampled_from(["", "E"]),
    st.sampled_from(["", "stay"]),
    st.lists(st.tuples(st.just("CIP"), st.just("3400996"), st.integers(1, 9)), max_size=2).map(tuple),
    st.none() | particulars.filter(lambda told: told != ParticularsRequest()),
)  # fmt: skip


@given(st.builds(asked, **persons, domains=st.lists(st.sampled_from(DOMAINS), max_size=4).map(tuple)))
def test_a_question_comes_back_as_it_was(told: EligibilityRequest) -> None:
    """Written as FHIR and read again, every field is the same; what is written is valid R4."""
    body = question.write(told, NOW)
    if told.domains:
        valid(body)
    assert question.read(body, SITE) == told


@given(
    st.builds(
        invoiced, **persons, lines=st.lists(lines, min_size=1, max_size=3).map(tuple),
        accreditation=st.none() | st.just("ABG2J04W06818G18010K"), distinct=st.booleans(),
        declared=declared,
        exemption=st.sampled_from(["", "4"]), mode=st.sampled_from(["real", "test", "demo"]),
    )
)  # fmt: skip
def test_an_invoice_comes_back_as_it_was(told: InvoiceRequest) -> None:
    """To the cent, with products, teeth and lenses; what is written is valid R4."""
    body = claim.write(told, SITE)
    valid(body)
    assert claim.read(body, SITE) == told


@given(
    st.builds(
        quoted, **persons, evidence=st.sampled_from(["typed", "machine"]), nature=st.sampled_from(["10", "30"]),
        exemption=st.sampled_from(["", "4"]),
        lines=st.lists(lines.map(as_quoted), min_size=1, max_size=3).map(tuple),
    )
)  # fmt: skip
def test_a_request_for_an_authorization_comes_back_as_it_was(told: AuthorizationRequest) -> None:
    """A quote's lines, without the shares that the hub works out; what is written is valid R4."""
    body = claim.write_request(told, SITE, "vision", NOW)
    valid(body)
    assert claim.read(body, SITE) == told


@pytest.mark.parametrize("state", ["pending", "agreed", "refused", "modified", "cancelled", "expired", "invoiced"])
def test_every_state_of_an_authorization_is_valid(state: str) -> None:
    """Queued while a case worker must decide; agreed, it holds the reference and its days."""
    told = msgspec.structs.replace(examples.ANSWERS["AskAuthorization"], state=state)
    found = valid(preauth.state(told))
    assert found["use"] == "preauthorization"
    assert found["outcome"] == ("queued" if state == "pending" else "complete")
    assert found["preAuthRef"] == told.reference


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("extension.0.valueCode", "guess", "Claim.extension('urn:rempart:ext:evidence').value"),
        ("insurance.0.preAuthRef", ["ABG2"], "Claim.insurance[0].preAuthRef"),
        ("item.0.extension.0.url", "urn:rempart:ext:amc", "Claim.item[0].extension[0].url"),
        ("item", [], "Claim.item.servicedDate"),
        ("supportingInfo", [], "Claim.supportingInfo"),
    ],
)
def test_what_a_request_for_an_authorization_may_not_hold_is_named(path: str, value: object, told: str) -> None:
    """Shares, an accreditation, attachments: they belong elsewhere or are absent."""
    found = claim.read(changed(claim.write_request(quoted(), SITE, "vision", NOW), path, value), SITE)
    assert isinstance(found, Refused)
    assert (found.code, found.errors[0].field) == ("invalid-fields", told)


def test_every_particular_has_its_place() -> None:
    """A field added to the wire's particulars would be lost on the way without this."""
    fields = {field.name for field in msgspec.structs.fields(ParticularsRequest)}
    fields |= {field.name for field in msgspec.structs.fields(CorrectionRequest)}
    told = {name.replace("-", "_") for name in items.PARTICULARS}
    assert fields - {"teeth", "correction"} == told - {"tooth"}
    assert {field.name for field in msgspec.structs.fields(DeclaredRequest)} == set(claim.DECLARED)
    wire = {field.name for field in msgspec.structs.fields(InvoiceRequest)}
    asks = {field.name for field in msgspec.structs.fields(AuthorizationRequest)}
    assert wire - {"receipt"} | asks - {"attachments"} == set(claim.WHERE) - {"birth"}
    assert {field.name for field in msgspec.structs.fields(LineRequest)} == {*items.WHERE, "particulars"}
    assert {field.name for field in msgspec.structs.fields(EligibilityRequest)} == set(question.WHERE) - {"birth"}


@pytest.mark.parametrize("name", sorted({*fhir_examples.REQUESTS, *fhir_examples.ANSWERS}))
def test_every_example_is_valid(name: str) -> None:
    """What the API's document shows is R4."""
    for table in (fhir_examples.REQUESTS, fhir_examples.ANSWERS):
        if name in table:
            valid(msgspec.json.encode(table[name]))


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_refusal_is_a_valid_outcome(code: str) -> None:
    """Each code of the API, alone and with a field, keeps its code and names the field."""
    document = problem(code, (FieldError("nir", "nir-key"),))
    found = valid(outcome.refusal(document, question.expression))
    whole, field = found["issue"]
    assert whole["details"]["coding"][0] == {"system": names.CODE, "code": code}
    assert field["expression"] == [question.expression("nir")]
    assert len(valid(outcome.refusal(problem(code)))["issue"]) == 1


ANSWERS = [
    EligibilityAnswer(NOT_CONFIRMED, "CK07MSGGMG00"),
    EligibilityAnswer(CLOSED, "CK07MSGGMG00", ended="2026-01-31"),
    EligibilityAnswer(NOT_COVERED, "CK07MSGGMG00", tuple(DomainAnswer(domain, open=False) for domain in DOMAINS)),
    EligibilityAnswer(
        COVERED, "CK07MSGGMG00",
        tuple(
            DomainAnswer(domain, open=True, start="2026-01-01", end="2149-06-06", formula="PEC1234567")
            for domain in DOMAINS
        ),
        "ABG2J 04W06 818G1 8010K", "2026-03-02", "2026-04-01", "responsible",
    ),
    EligibilityAnswer(
        COVERED, "CK07MSGGMG00",
        tuple(
            DomainAnswer(domain, open=True, start="2026-01-01", end="2149-06-06", formula="PEC1234567")
            for domain in DOMAINS
        ),
        "ABG2J 04W06 818G1 8010K", "2026-03-02", "2026-04-01", "responsible", provisional=True, ceiling=500_00,
    ),
]  # fmt: skip


def test_every_answer_to_one_question_has_the_same_length() -> None:
    """Covered for all domains or not confirmed: nobody learns the answer from its size."""
    assert len({len(question.answer(said, NOW, len(DOMAINS))) for said in ANSWERS}) == 1
    one = [msgspec.structs.replace(said, domains=said.domains[:1]) for said in ANSWERS]
    assert len({len(question.answer(said, NOW, 1)) for said in one}) == 1


@pytest.mark.parametrize("said", ANSWERS, ids=lambda said: said.answer)
def test_every_answer_is_valid_and_repeats_nothing(said: EligibilityAnswer) -> None:
    """Each kind of answer is R4; patient, insurer and coverage are masked."""
    found = valid(question.answer(said, NOW, len(DOMAINS)))
    assert found["extension"][0]["valueCode"] == said.answer
    assert found["patient"] == found["insurer"] == found["insurance"][0]["coverage"] == names.masked()
    assert found["insurance"][0].get("inforce") is {COVERED: True, NOT_CONFIRMED: None}.get(said.answer, False)
    assert len(found["insurance"][0].get("item", [])) == len(said.domains)


def test_a_newborns_answer_says_that_it_is_provisional_and_up_to_what() -> None:
    """Two extensions, exact in euro, and a sentence of its own; nobody else's answer has them."""
    told = []
    for said in ANSWERS:
        extensions = valid(question.answer(said, NOW, 13))["extension"]
        told.append({one["url"].removeprefix(names.EXTENSION): one for one in extensions})
    assert [("provisional" in one, "ceiling" in one) for one in told] == [
        (x.provisional, x.provisional) for x in ANSWERS
    ]
    newborn = told[-1]
    assert newborn["provisional"]["valueBoolean"] is True
    assert (newborn["ceiling"]["valueMoney"]["value"], newborn["ceiling"]["valueMoney"]["currency"]) == (500, "EUR")
    assert valid(question.answer(ANSWERS[-1], NOW, 13))["disposition"] == question.PROVISIONAL


def test_an_authorization_for_a_newborn_says_that_it_is_provisional() -> None:
    """The same two extensions on the ClaimResponse of a preauthorization."""
    found = msgspec.structs.replace(examples.ANSWERS["ReadAuthorization"], provisional=True, ceiling=500_00)
    told = {one["url"].removeprefix(names.EXTENSION): one for one in valid(preauth.state(found))["extension"]}
    assert (told["provisional"]["valueBoolean"], told["ceiling"]["valueMoney"]["value"]) == (True, 500)


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_an_invoice_is_valid(state: str) -> None:
    """Queued until it is decided, then complete with its amounts."""
    found = valid(states.state(msgspec.structs.replace(examples.ANSWERS["ReadInvoice"], state=state)))
    assert found["outcome"] == ("queued" if state in states.QUEUED else "complete")
    assert ("total" in found) == (found["outcome"] == "complete")
    assert found["status"] == ("cancelled" if state == "cancelled" else "active")


def test_an_invoice_of_which_only_the_receipt_is_known_is_valid() -> None:
    """Its instant is still sealed: it is said to be masked, not made up."""
    found = valid(states.state(InvoiceState(examples.INVOICE, "", "received")))
    assert found["_created"] == names.masked()


@pytest.mark.parametrize("state", sorted(payments.STATUS))
def test_every_state_of_a_payment_is_valid(state: str) -> None:
    """Ordered, executed, released, returned: notice and detail."""
    advice = examples.ANSWERS["ReadRemittance"]
    told: RemittanceSummary = msgspec.structs.replace(advice.remittance, state=state, bank_reason="AC04")
    short = valid(payments.notice(told, SITE))
    whole = valid(payments.reconciliation(msgspec.structs.replace(advice, remittance=told)))
    assert short["status"] == whole["status"] == payments.STATUS[state]
    assert short["amount"] == whole["paymentAmount"] == {"value": 4.69, "currency": "EUR"}
    details = [one["amount"]["value"] for one in whole["detail"]]
    assert details == [4.69, -2.0, 2.0]  # an invoice, a deduction, a penalty: what is transferred
    assert sum(details) == whole["paymentAmount"]["value"]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("id", "x", [("CoverageEligibilityRequest.id", "server-owned")]),
        ("meta", {"versionId": "1"}, [("CoverageEligibilityRequest.meta", "server-owned")]),
        ("outcome", "complete", [("CoverageEligibilityRequest.outcome", "server-owned")]),
        ("facility", {}, [("CoverageEligibilityRequest.facility", "unknown-field")]),
        ("item.0.diagnosis", [], [("CoverageEligibilityRequest.item[0].diagnosis", "unknown-field")]),
        ("contained.0.name", [], [("CoverageEligibilityRequest.contained[0].name", "unknown-field")]),
        ("contained.1.relationship", {}, [("CoverageEligibilityRequest.contained[1].relationship", "unknown-field")]),
        ("insurer.identifier.1850475925123", 1, [("CoverageEligibilityRequest.insurer.identifier", "unknown-field")]),
        ("patient", {"reference": "Patient/12"}, [("CoverageEligibilityRequest.patient.reference", "not-contained")]),
        ("purpose", "benefits", [("CoverageEligibilityRequest.purpose", "wrong-shape")]),
        ("contained.0.birthDate", "850412",
         [("CoverageEligibilityRequest.contained.ofType(Patient).birthDate", "birth-shape")]),
        ("extension.0.url", "urn:other", [
            ("CoverageEligibilityRequest.extension[0].url", "unknown-extension"),
            ("CoverageEligibilityRequest.extension('urn:rempart:ext:evidence').value", "unknown-evidence"),
        ]),
        ("provider", {"identifier": {"system": names.FINESS, "value": "990000010"}},
         [("CoverageEligibilityRequest.provider", "not-the-token-s-site")]),
        ("item.0.category.coding.0.system", "urn:other",
         [("CoverageEligibilityRequest.item[0].category.coding", "wrong-system")]),
        ("contained.0.identifier", [{"system": names.NIR, "value": "2"}, {"system": names.NIA, "value": "7"}],
         [("CoverageEligibilityRequest.contained.ofType(Patient).identifier", "nir-or-nia")]),
        ("resourceType", "Patient", [("CoverageEligibilityRequest", "wrong-resource")]),
    ],
)  # fmt: skip
def test_what_a_question_may_not_hold_is_named(path: str, value: object, told: list[tuple[str, str]]) -> None:
    """By its place, never by its value."""
    found = question.read(changed(ASKED, path, value), SITE)
    assert isinstance(found, Refused)
    assert [(fault.field, fault.code) for fault in found.errors] == told


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("use", "predetermination", ("use-not-offered", "Claim.use")),
        ("item.0.net.value", 13.401, ("invalid-fields", "Claim.item[0].net.value")),
        ("item.0.net.value", 1e30, ("invalid-fields", "Claim.item[0].net.value")),
        ("item.0.net.currency", "USD", ("invalid-fields", "Claim.item[0].net.currency")),
        ("total.value", 13.41, ("invalid-fields", "Claim.total")),
        ("item.0.quantity.value", 1.5, ("invalid-fields", "Claim.item[0].quantity.value")),
        ("item.0.adjudication", [], ("invalid-fields", "Claim.item[0].adjudication")),
        ("provider.identifier.value", "990000010", ("invalid-fields", "Claim.provider")),
        ("insurance.0.focal", False, ("invalid-fields", "Claim.insurance[0].focal")),
        ("insurance.0.preAuthRef", ["a", "b"], ("invalid-fields", "Claim.insurance[0].preAuthRef")),
        ("contained.1.payor.0.identifier.value", "1", ("invalid-fields", "Claim.contained.ofType(Coverage).payor")),
        ("item.0.extension", [], ("invalid-fields", "Claim.item[0].extension('urn:rempart:ext:base').value")),
        ("item.0.extension.0.valueCode", "x", ("invalid-fields", "Claim.item[0].extension[0]")),
        ("priority.coding.0.code", "stat", ("invalid-fields", "Claim.priority")),
    ],
)
def test_what_an_invoice_may_not_hold_is_named(path: str, value: object, told: tuple[str, str]) -> None:
    """Amounts finer than a cent, another site's invoice, an authorization: refused, with the place."""
    found = claim.read(changed(CLAIMED, path, value), SITE)
    assert isinstance(found, Refused)
    assert (found.code, found.errors[0].field) == told


def test_every_unknown_field_is_named_at_once() -> None:
    """Ten faults are ten names, so that one round corrects them; there is an end to it."""
    made = msgspec.json.decode(CLAIMED)
    made |= {"id": "1", "meta": {}, "diagnosis": [], "careTeam": []}
    made["item"][0] |= {"revenue": {}, "udi": []}
    found = claim.read(msgspec.json.encode(made), SITE)
    assert isinstance(found, Refused)
    assert {fault.field for fault in found.errors} == {
        "Claim.id", "Claim.meta", "Claim.diagnosis", "Claim.careTeam", "Claim.item[0].revenue", "Claim.item[0].udi",
    }  # fmt: skip
    made["item"] = [{f"{'a' * n}": 1 for n in range(1, 31)} for _ in range(10)]
    many = claim.read(msgspec.json.encode(made), SITE)
    assert isinstance(many, Refused)
    assert len(many.errors) == 50


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed-body"),
        (ASKED[:-2], "malformed-body"),
        (b'{"resourceType":"\xff"}', "malformed-body"),
        (b'{"a":' * 100_000, "malformed-body"),
        (DEEP, "invalid-fields"),
        (b"[]", "invalid-fields"),
        (b"null", "invalid-fields"),
        (ASKED.replace(b'"status":"active",', b'"status":"active","status":"active",', 1), "repeated-field"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(body: bytes, code: str) -> None:
    """Cut, not UTF-8, deep, another type, a name twice."""
    found = question.read(body, SITE)
    assert isinstance(found, Refused)
    assert found.code == code


def test_the_page_shows_what_the_code_writes() -> None:
    """Every example of docs/formats/fhir.md is one of the API's document, and none is left out but the statement."""
    page = (Path(__file__).parents[2] / "docs" / "formats" / "fhir.md").read_text("utf-8")
    shown = [msgspec.json.decode(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    told = [*fhir_examples.REQUESTS.values(), *fhir_examples.ANSWERS.values()]
    assert all(one in told for one in shown)
    assert len(shown) == len(told) - 1


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner))


def _places(value: Any, at: str = "") -> list[str]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, one in pairs for place in (f"{at}{key}", *_places(one, f"{at}{key}."))]


@given(st.sampled_from(_places(msgspec.json.decode(CLAIMED))), trees)
def test_nothing_put_anywhere_breaks_the_reading(path: str, value: Any) -> None:
    """Any tree in any place is read or refused, and a refusal repeats no text of it."""
    found = claim.read(changed(CLAIMED, path, value), SITE)
    if isinstance(found, Refused):
        assert all(fault.field.startswith("Claim") for fault in found.errors)
    else:
        body = msgspec.json.encode(InvoicesRequest((found,)))
        invoice_json.read(body, SITE)


def test_nothing_read_shows_itself() -> None:
    """A shape in a trace shows its kind, never a NIR or a member number."""
    from rempart.formats.fhir.shapes import Claim

    whole = msgspec.json.decode(CLAIMED, type=Claim)
    for one in (whole, *whole.contained, whole.contained[0].identifier[0]):
        assert examples.NIR not in f"{one!r}{one}"
        assert examples.MEMBER not in f"{one!r}{one}"
