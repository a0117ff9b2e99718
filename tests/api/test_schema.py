"""The API's document: complete, true to the decoders, its examples sound; its page plain, closed and whole."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import msgspec
import pytest

from rempart.api import examples, failures
from rempart.api.account_routes import account_routes
from rempart.api.app import described
from rempart.api.authorization_routes import authorization_routes
from rempart.api.batch_routes import batch_routes
from rempart.api.desk_joins import desk_join_routes
from rempart.api.desk_log import desk_log_routes
from rempart.api.enrolment_routes import enrolment_routes
from rempart.api.estimates import estimate_routes
from rempart.api.exports import desk_export_routes, export_routes
from rempart.api.fhir import fhir_routes
from rempart.api.file_list import file_list_routes
from rempart.api.hospital_routes import hospital_routes
from rempart.api.insurer_desk import insurer_desk_routes
from rempart.api.insurer_desk_reading import insurer_reading_routes
from rempart.api.insurer_rejections import insurer_rejection_routes
from rempart.api.insurer_release import insurer_release_routes
from rempart.api.insurer_routes import insurer_routes
from rempart.api.invoice_list import invoice_list_routes
from rempart.api.invoice_routes import invoice_routes
from rempart.api.keeper_keys import keeper_key_routes
from rempart.api.log_routes import log_routes
from rempart.api.mandates import mandate_routes
from rempart.api.notices import notice_routes
from rempart.api.operator_compartments import operator_compartment_routes
from rempart.api.operator_desk import operator_desk_routes
from rempart.api.optics import optics_routes
from rempart.api.own_bank import own_bank_routes
from rempart.api.own_records import own_records_routes
from rempart.api.own_site import own_site_routes
from rempart.api.payments import payment_routes
from rempart.api.presence import presence_routes
from rempart.api.problems import TABLE
from rempart.api.provider_routes import provider_routes
from rempart.api.receipt_keys import receipt_key_routes
from rempart.api.record_check import record_check_routes
from rempart.api.routes import eligibility_route
from rempart.api.schema_fields import FIELDS
from rempart.api.schema_page import page
from rempart.api.schema_token import AGENT_SIGN_IN, TOKEN
from rempart.api.schema_words import OPERATIONS, SIGN_IN, TAGS
from rempart.api.settlements import settlement_routes
from rempart.api.sign_in_routes import sign_in_routes
from rempart.api.stand_in import stand_in_routes
from rempart.api.station_routes import station_routes
from rempart.api.status import status_routes
from rempart.api.support import support_routes
from rempart.api.token import token_routes
from rempart.api.waiting_room import waiting_room_routes
from rempart.api.webhooks import webhook_routes
from rempart.domain.identifiers import Fault, parse_amc, parse_birth, parse_nir, parse_site
from rempart.domain.reasons import REASONS
from rempart.formats import invoice_json
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.once import repeats_a_name
from rempart.wire.token import read_revoke_form, read_token_form

SOURCE = Path(failures.__file__).parents[1]
Json = dict[str, Any]


@cache
def document() -> Json:
    """The document of every route, made without a hub: handlers are described, not run."""
    hub = SimpleNamespace(
        audience="http://hub.example", file_most_bytes=10, client_certificate=SimpleNamespace(proxy_socket=None)
    )
    paths = SimpleNamespace(messages=None)
    state: Any = SimpleNamespace(settings=SimpleNamespace(hub=hub, paths=paths))
    nothing: Any = None
    desk: Any = SimpleNamespace(state=state)
    people: Any = SimpleNamespace(state=state)
    routes = [*token_routes(nothing, nothing), *invoice_routes(desk), *payment_routes(desk), *log_routes(nothing)]
    routes += keeper_key_routes(nothing)
    routes += [*invoice_list_routes(desk), *file_list_routes(desk)]
    routes += status_routes(state, nothing)
    routes += support_routes(nothing)
    routes += [*sign_in_routes(people), *account_routes(people, nothing), *provider_routes(people, nothing)]
    routes += [*own_bank_routes(people, nothing), *mandate_routes(people, nothing), *station_routes(people, nothing)]
    routes += hospital_routes(people, nothing)
    routes += enrolment_routes(people, nothing)
    routes += [*stand_in_routes(nothing), *record_check_routes(nothing, nothing, nothing)]
    routes += presence_routes(nothing, nothing)
    asking: Any = SimpleNamespace(desk=desk, cadence=nothing)
    routes += [*own_records_routes(asking), *webhook_routes(desk), *notice_routes(desk)]
    routes += [*own_site_routes(desk), *receipt_key_routes(desk)]
    routes += [*operator_desk_routes(asking, nothing, nothing), *operator_compartment_routes(asking, nothing)]
    routes += waiting_room_routes(asking)
    routes += [*export_routes(desk, nothing), *desk_export_routes(asking, nothing)]
    routes += [*insurer_desk_routes(asking), *insurer_reading_routes(asking), *insurer_rejection_routes(asking)]
    routes += [*desk_join_routes(asking, nothing), *desk_log_routes(asking, nothing)]
    routes += insurer_release_routes(asking, nothing)
    routes += settlement_routes(asking)
    routes += [*batch_routes(desk, nothing), *estimate_routes(asking), *optics_routes(asking)]
    routes += [*authorization_routes(asking), *fhir_routes(asking), *insurer_routes(asking)]
    return described([eligibility_route(state, nothing, nothing, "/v1/eligibility"), *routes])


def operations() -> list[Json]:
    return [operation for path in document()["paths"].values() for operation in path.values()]


def check(value: object, schema: Json) -> None:
    """`value` against a schema of the document."""
    whole = {**schema, "components": document()["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def test_every_operation_and_field_has_its_words() -> None:
    """The tables of words name what exists, all of it and nothing else."""
    assert {one["operationId"] for one in operations()} == set(OPERATIONS)
    assert {tag for one in operations() for tag in one["tags"]} == {name for name, _, _ in TAGS}
    schemas = document()["components"]["schemas"]
    assert {name: set(words) for name, words in FIELDS.items()} == {
        name: set(schema["properties"]) for name, schema in schemas.items()
    }


def test_every_code_that_the_source_refuses_with_is_documented() -> None:
    """A code written in a refusal of the sign-in or the API appears in the tables of codes."""
    known = {*TABLE, *SIGN_IN, *AGENT_SIGN_IN, *TOKEN}
    own = SOURCE / "identity" / "passkey.py"  # its codes stay with the keeper, which tells the hub others
    files = [*SOURCE.glob("identity/*.py"), *SOURCE.glob("api/*.py"), SOURCE / "application" / "tokens.py"]
    pattern = re.compile(r'(?:Refused|Refusal|deny|refused|problem)\(\s*"([a-z]+(?:-[a-z]+)+)"')
    found = {code for file in files if file != own for code in pattern.findall(file.read_text("utf-8"))}
    assert len(found) > 40
    assert found <= known
    keeper = set(
        re.findall(r'GrantResult\("([a-z-]+)"|return "([a-z-]+)"', (SOURCE / "keeper" / "grants.py").read_text())
    )
    assert {a or b for a, b in keeper} - known <= {"no-grant", "grant-expired", "grant-revoked", "purpose-not-granted"}


def test_a_query_that_may_be_wrong_is_documented() -> None:
    """Whoever reads a parameter of an address may find it wrong, and says so with 422."""
    queried = [each for each in operations() if any(one["in"] == "query" for one in each.get("parameters", ()))]
    assert len(queried) > 5
    assert [each["operationId"] for each in queried if "422" not in each["responses"]] == []


def test_every_example_fits_its_schema() -> None:
    """Requests, answers, parameters and problem documents are what the document says they are."""
    seen = 0
    for operation in operations():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for body in bodies for media in body.get("content", {}).values()):
            shown = [media["example"]] if "example" in media else []
            for value in (*shown, *(one["value"] for one in media.get("examples", {}).values())):
                check(value, media["schema"])
                seen += 1
        for parameter in operation.get("parameters", ()):
            check(parameter["example"], parameter["schema"])
    assert seen > 400
    json_bodies = {one["operationId"] for one in operations() if _takes_json(one)}
    assert json_bodies | {"IssueToken", "RevokeToken"} == set(examples.REQUESTS)


def _takes_json(operation: Json) -> bool:
    return "application/json" in operation.get("requestBody", {}).get("content", {})


def test_the_examples_of_requests_pass_the_real_decoders() -> None:
    """What a vendor copies from the document is taken by the code that reads it."""
    question = msgspec.json.encode(examples.omit(examples.REQUESTS["AskEligibility"]))
    request = msgspec.json.decode(question, type=EligibilityRequest)
    assert not repeats_a_name(question)
    parsed = (parse_amc(request.amc_number), parse_birth(request.birth_date), parse_site(examples.SITE))
    assert all(isinstance(one, str) for one in parsed)
    assert parse_nir(request.nir or "") == (examples.NIR[:13], ())
    assert "920" <= examples.NIR[7:10] <= "989"
    (taken,) = invoice_json.read(msgspec.json.encode(examples.omit(examples.REQUESTS["SendInvoices"])), examples.SITE)
    assert isinstance(taken, invoice_json.Taken)
    from rempart.api.schema_document import form

    assert (
        read_token_form(form(examples.omit(examples.REQUESTS["IssueToken"])).encode())
        == examples.REQUESTS["IssueToken"]
    )
    assert (
        read_revoke_form(form(examples.omit(examples.REQUESTS["RevokeToken"])).encode())
        == examples.REQUESTS["RevokeToken"]
    )


def test_who_needs_a_token_is_said() -> None:
    """Every operation says whether it needs a token; the schemes it names exist."""
    schemes = document()["components"]["securitySchemes"]
    for operation in operations():
        needed = operation["security"]
        assert bool(needed) == OPERATIONS[operation["operationId"]].secured
        assert {name for one in needed for name in one} <= set(schemes)
        name = operation["operationId"]
        proved = OPERATIONS[name].proof or name in {"IssueToken", "RevokeToken"}
        assert ("401" in operation["responses"]) == (bool(needed) or proved)


class _Reader(HTMLParser):
    """Ids, links and anything a strict policy would stop."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in {"href", "src"}:
                self.links.append(value or "")
            elif name == "style" or name.startswith("on"):
                self.forbidden.append(f"{tag} {name}")
        if tag in {"script", "style", "iframe", "img", "form"}:
            self.forbidden.append(tag)


def test_the_page_is_whole_and_asks_nothing_of_anyone() -> None:
    """Links lead into the page or to the hub; no script, no inline style; every operation and reason is there."""
    text = page(document())
    reader = _Reader()
    reader.feed(text)
    assert not reader.forbidden
    assert len(reader.ids) == len(set(reader.ids))
    inside = {link.removeprefix("#") for link in reader.links if link.startswith("#")}
    assert inside <= set(reader.ids)
    assert {link for link in reader.links if not link.startswith("#")} == {"/schema/style.css", "/schema/openapi.json"}
    assert set(OPERATIONS) <= set(reader.ids)
    assert all(f"<code>{reason.code}</code>" in text for reason in REASONS)


def test_what_stands_in_the_document_is_escaped() -> None:
    """A sentence with markup stays a sentence."""
    made = msgspec.json.decode(msgspec.json.encode(document()))
    made["info"]["description"] = "<script>alert(1)</script>"
    assert "<script>" not in page(made)


@pytest.mark.parametrize(
    ("body", "repeated"),
    [
        (b'{"a":1,"b":2}', False),
        (b'{"a":1,"a":2}', True),
        (b'{"a":":::"}', False),
        (b'{"a":":","\\u0061":1}', True),
        (b'{"x":[{"a":1},{"a":2}]}', False),
        (b'{"x":[{"a":1,"a":2}]}', True),
        (b'{"a":{"a":{"a":1}}}', False),
    ],
)
def test_a_name_given_twice_is_seen(body: bytes, *, repeated: bool) -> None:
    """At any depth and however it is written; colons inside texts do not mislead."""
    assert repeats_a_name(body) is repeated


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"invoices":[', "malformed-body"),
        (b'{"invoices":[{"number":"\xff"}]}', "malformed-body"),
        (b'{"invoices":[],"invoices":[]}', "repeated-field"),
        (b'{"invoices":[],"colour":1}', "wrong-shape"),
        (b'{"invoices":' + b"[" * 5000, "wrong-shape"),
    ],
)
def test_a_body_of_invoices_that_cannot_be_read_is_refused_whole(body: bytes, code: str) -> None:
    """Cut, not UTF-8, a name twice, an unknown name, too deep: one code, and no value of it."""
    found = invoice_json.read(body, examples.SITE)
    assert isinstance(found, Fault)
    assert found.code == code
