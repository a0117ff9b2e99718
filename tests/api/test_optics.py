"""POST /v1/optics/messages on a running hub: who may say what, and nothing sent there breaks it."""

from __future__ import annotations

import asyncio
import random
import time

import msgspec
import pytest

from rempart.api import optics_examples
from rempart.formats import optics_messages as om
from rempart.formats.optics_messages import asked
from rempart.formats.optics_messages.elements import ANSWERED
from rempart.simulation.http import Response
from rempart.wire.problem import Problem
from support.hub_world import HubWorld, code_of

pytestmark = pytest.mark.postgres
PATH = "/v1/optics/messages"
XML = {"Content-Type": "application/xml"}
SAMPLES = {**optics_examples.REQUESTS, **optics_examples.ANSWERS}
FUZZED = 250


def said(world: HubWorld, bodies: list[bytes], headers: dict[str, str] = XML, who: str = "site") -> list[Response]:
    """The answers to these bodies from one caller."""
    registrations = {"site": world.site_client, "concentrator": world.concentrator, "insurer": world.insurer}

    async def run() -> list[Response]:
        caller = world.caller(registrations[who])
        found = []
        try:
            for body in bodies:
                got = await caller.call("POST", PATH, body, headers)
                assert not isinstance(got, Problem), got
                found.append(got)
        finally:
            await caller.close()
        return found

    return asyncio.run(run())


def message(got: Response) -> om.Message:
    """The message of an answer, whatever it says."""
    assert got.headers["content-type"].startswith("application/xml")
    assert got.headers["cache-control"] == "no-store"
    found = om.read(got.body)
    assert isinstance(found, om.Message), got.body
    assert (found.name == "refusal") == (got.status >= 400)
    if found.name == "refusal":
        assert found.values["status"] == got.status
    return found


NO_PURPOSE, NO_SITE = (403, "purpose"), (403, "site-standing")
TABLE = {
    "query": {"concentrator": NO_PURPOSE},
    "request": {"concentrator": NO_PURPOSE},
    "state": {"concentrator": (404, "not-found")},
    "cancel": {"concentrator": NO_PURPOSE},
    "invoice": {"concentrator": (200, "")},
}


@pytest.mark.parametrize("name", TABLE)
def test_each_message_is_for_whom_its_json_route_is(hub_world: HubWorld, name: str) -> None:
    """A concentrator carries invoices and reads its sites' states; it asks nothing. An insurer's client has no site."""
    body = optics_examples.REQUESTS[name].encode()
    if name in {"query", "request"}:
        who = hub_world.quote()
        question = msgspec.structs.replace(hub_world.question(), domains=(asked.DOMAIN,))
        body = asked.write_question("T-1", question) if name == "query" else asked.write_request("T-2", who)
    (got,) = said(hub_world, [body], who="concentrator")
    assert code_of(got) == TABLE[name]["concentrator"]
    message(got)
    (got,) = said(hub_world, [body], who="insurer")
    assert code_of(got) == NO_SITE


def test_an_unknown_person_is_told_nothing_of_rights(hub_world: HubWorld) -> None:
    """No rights are loaded: a query is not confirmed, a request is refused as not confirmed, each of its own length."""
    question = msgspec.structs.replace(hub_world.question(), domains=(asked.DOMAIN,))
    query, request = said(
        hub_world, [asked.write_question("U-1", question), asked.write_request("U-2", hub_world.quote())]
    )
    assert message(query).values["answer"] == "not-confirmed"
    assert len(query.body) == 1536
    assert (message(request).values["state"], message(request).values["reason"]) == ("refused", "not-confirmed")


def test_without_a_token_the_refusal_is_a_message(hub_world: HubWorld) -> None:
    """A caller that is not signed in is told so in XML, with the header that sign-in needs."""
    got = asyncio.run(hub_world.bare("POST", PATH, optics_examples.REQUESTS["query"].encode(), XML))
    assert message(got).values["code"] == "token-required"
    assert "www-authenticate" in got.headers
    assert asyncio.run(hub_world.bare("GET", PATH, b"", {})).status == 405


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("application/xml", True), ("text/xml; charset=UTF-8", True), ('application/xml; charset="utf-8"', True),
        ("application/xml; charset=iso-8859-1", False), ("application/json", False), ("text/plain", False),
        ("multipart/form-data; boundary=x", False),
    ],
)  # fmt: skip
def test_only_xml_in_utf_8_is_taken(hub_world: HubWorld, kind: str, *, taken: bool) -> None:
    """Any other content type is refused before the body is looked at."""
    (got,) = said(hub_world, [b"<"], {"Content-Type": kind})
    assert code_of(got) == ((400, "malformed-body") if taken else (415, "wrong-media-type"))


@pytest.mark.parametrize("name", [each.name for each in ANSWERED])
def test_what_only_the_hub_says_is_not_taken(hub_world: HubWorld, name: str) -> None:
    """An answer sent as a question is refused, however sound."""
    body = SAMPLES.get(name, "").encode() or om.write(name, {"status": 404, "code": "not-found", "title": "Absent"})
    (got,) = said(hub_world, [body])
    assert message(got).values["fault"] == [{"line": 2, "code": "message-not-handled"}]


def test_bombs_and_giants_are_refused_in_no_time(hub_world: HubWorld) -> None:
    """Entities, depth, a million elements, four megabytes and more: a refusal each, and the hub goes on."""
    text = optics_examples.REQUESTS["query"]
    bomb = "<!DOCTYPE query [" + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)) + "]>"
    bodies = [
        text.replace("?>", f"?>{bomb}").encode(), b"<a>" * 500_000, b"<a>" + b"<b/>" * 500_000,
        text.replace("12345678", "1" * 3_000_000).encode(), b"<a>" + b" " * (om.MOST_BYTES - 3),
    ]  # fmt: skip
    started = time.process_time()
    codes = [code_of(got) for got in said(hub_world, bodies)]
    assert codes == [(400, "malformed-body")] * 3 + [(422, "invalid-fields"), (400, "malformed-body")]
    assert time.process_time() - started < 10
    (got,) = said(hub_world, [b"<a>" + b" " * om.MOST_BYTES])
    assert code_of(got) == (413, "body-too-large")
    (sound,) = said(hub_world, [optics_examples.REQUESTS["state"].encode()])
    assert code_of(sound) == (404, "not-found")


def test_damaged_messages_never_break_the_hub(hub_world: HubWorld) -> None:
    """Messages cut, overwritten and spliced at chance: each gets an answer of the set, none is a fault of ours."""
    chance = random.Random(20261122)
    bodies = [_damaged(chance) for _ in range(FUZZED)]
    found = said(hub_world, bodies)
    assert {got.status for got in found} <= {200, 400, 403, 404, 409, 422, 429}
    for got in found:
        message(got)


def _damaged(chance: random.Random) -> bytes:
    body = bytearray(chance.choice(list(SAMPLES.values())).encode())
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(body)), chance.randint(0, 30)
        other = chance.choice(list(SAMPLES.values())).encode()
        start = chance.randrange(len(other))
        pieces = (chance.randbytes(5), other[start : start + 60], b"<", b"&#x10FFFF;", b"-", b"99999999999", b"")
        body[at : at + length] = chance.choice(pieces)
    return bytes(body)


def test_values_at_the_edges_of_their_types_never_break_the_hub(hub_world: HubWorld) -> None:
    """Impossible days, lunar births, longest texts, largest amounts: their shape passes, the use case judges them."""
    base = optics_examples.REQUESTS
    bodies = [
        base["request"].replace("<plannedDate>2026-03-02", f"<plannedDate>{day}")
        for day in ("0000-00-00", "9999-12-31", "0001-01-01", "2026-02-30")
    ]
    bodies += [base["query"].replace("1985-04-12", birth) for birth in ("0000-00-00", "19711399", "999999")]
    bodies += [base["query"].replace("12345678", "\u00e9" * 20), base["query"].replace("12345678", "\U0001f453" * 20)]
    bodies += [base["invoice"].replace(">12000<", ">1000000000<"), base["invoice"].replace("000000041", "0")]
    bodies += [base["state"].replace(_ID, "ffffffff-ffff-ffff-ffff-ffffffffffff")]
    numbered = [body.replace("<id>M-", f"<id>E-{number}-") for number, body in enumerate(bodies)]
    found = said(hub_world, [body.encode() for body in numbered])
    assert {got.status for got in found} <= {200, 404, 422}
    for got in found:
        message(got)


def test_a_refused_message_leaves_its_id_free(hub_world: HubWorld) -> None:
    """An invoice that cannot be taken is no deposit: corrected, it is taken under the same id."""
    right = optics_examples.REQUESTS["invoice"].replace("M-0005", "F-0005")
    wrong = right.replace("<number>000000041", "<number>000")
    refused, taken, other = said(
        hub_world, [wrong.encode(), right.encode(), right.replace("041</n", "042</n").encode()]
    )
    assert message(refused).values["fault"] == [
        {"line": 5, "element": "invoice/number", "code": "invoice-number-malformed"}
    ]
    assert message(taken).name == "receipt"
    assert code_of(other) == (409, "idempotency-key-reused")


_ID = "019caddd-6600-7a1e-8c33-5d2f0000000a"
