"""`POST /v1/token` and its revocation over HTTP, as a vendor's program meets them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from rempart.api.signin import Denied
from rempart.api.token import PATH, REVOKE_PATH, token_routes
from rempart.application.tokens import TokenFacts, digest_of
from rempart.client import assertion
from rempart.client.dpop import DpopKey
from rempart.ground.instants import MICROSECONDS
from support.token_world import AUDIENCE, BASE, NOW, SITE, TokenWorld

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

SECONDS = NOW // MICROSECONDS


class Caller:
    """A vendor's program at the other end of HTTP."""

    def __init__(self, world: TokenWorld, http: TestClient[Litestar]) -> None:
        self.world, self.http = world, http
        self.key = DpopKey.generate()

    def form(self, **changes: str | None) -> dict[str, str]:
        good: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_assertion_type": assertion.ASSERTION_TYPE,
            "client_assertion": assertion.sign(self.world.key, "vendor", AUDIENCE, SECONDS),
            "site": SITE,
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def ask(self, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        proved = {"DPoP": self.key.proof("POST", BASE + PATH, SECONDS)} if headers is None else headers
        answer = self.http.post(PATH, data=form or self.form(), headers=proved)
        self.key.nonce = answer.headers["dpop-nonce"]
        return answer

    def token(self) -> str:
        self.ask()
        answer = self.ask()
        assert answer.status_code == 200
        return str(answer.json()["access_token"])


@pytest.fixture
def caller() -> Iterator[Caller]:
    world = TokenWorld()
    with TestClient(Litestar(token_routes(world.endpoint, lambda: NOW))) as http:
        yield Caller(world, http)


def told(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["error"], body["code"]


def test_a_vendor_gets_a_token_at_the_second_try(caller: Caller) -> None:
    """The first answer hands out the nonce, the second the token, bound to the key of the proof."""
    assert told(caller.ask()) == (400, "use_dpop_nonce", "missing-nonce")
    answer = caller.ask()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "site"}
    assert (body["token_type"], body["expires_in"], body["site"]) == ("DPoP", 900, SITE)
    stored, _ = caller.world.store.rows[digest_of(body["access_token"].encode())]
    assert stored.binding == "jkt:" + caller.key.thumbprint


def test_the_token_signs_in_and_is_gone_when_revoked(caller: Caller) -> None:
    """From the token endpoint to a request to its end."""
    token = caller.token()

    def request() -> TokenFacts | Denied:
        url = BASE + "/v1/eligibility"
        proof = caller.key.proof("POST", url, SECONDS, token=token).encode()
        headers = [(b"authorization", b"DPoP " + token.encode()), (b"dpop", proof)]
        return asyncio.run(caller.world.sign_in.authenticate_or_read(headers, "POST", url, NOW))

    assert isinstance(request(), TokenFacts)
    form = caller.form(grant_type=None, site=None, token=token)
    answer = caller.http.post(REVOKE_PATH, data=form)
    assert (answer.status_code, answer.content) == (200, b"")
    after = request()
    assert isinstance(after, Denied)
    assert after.problem.code == "invalid-token"
    assert told(caller.http.post(REVOKE_PATH, data=form)) == (401, "invalid_client", "replayed-assertion")


FORMS_AT_FAULT: dict[str, tuple[dict[str, str | None], tuple[int, str, str]]] = {
    "another grant": ({"grant_type": "password"}, (400, "unsupported_grant_type", "unsupported-grant-type")),
    "another proof": ({"client_assertion_type": "x"}, (400, "invalid_request", "unsupported-assertion-type")),
    "no site": ({"site": None}, (400, "invalid_request", "missing-field")),
    "empty site": ({"site": ""}, (400, "invalid_request", "missing-field")),
    "a field more": ({"scope": "all"}, (400, "invalid_request", "unknown-field")),
    "site without mandate": ({"site": "692345678"}, (403, "unauthorized_client", "no-mandate")),
    "no such site": ({"site": "000000000"}, (403, "unauthorized_client", "no-mandate")),
    "an assertion for another site": (
        {"site": "692345678", "client_assertion": ""},
        (403, "unauthorized_client", "other-site"),
    ),
    "garbage": ({"client_assertion": "a.b.c"}, (401, "invalid_client", "malformed-assertion")),
    "not ASCII": ({"client_assertion": "é"}, (401, "invalid_client", "malformed-assertion")),
}


@pytest.mark.parametrize(("change", "expected"), FORMS_AT_FAULT.values(), ids=FORMS_AT_FAULT)
def test_a_form_at_fault_refuses(caller: Caller, change: dict[str, str | None], expected: tuple[int, str, str]) -> None:
    """Each fault has its status, its OAuth word and its own code."""
    caller.ask()
    if change.get("client_assertion") == "":
        change = {
            **change,
            "client_assertion": assertion.sign(caller.world.key, "vendor", AUDIENCE, SECONDS, site=SITE),
        }
    assert told(caller.ask(caller.form(**change))) == expected


def test_a_fault_names_its_field_and_never_its_content(caller: Caller) -> None:
    """What was sent does not come back."""
    answer = caller.http.post(PATH, data={**caller.form(site=None), "client_assertion": "secret-of-mine"})
    assert answer.json()["errors"] == [{"field": "site", "code": "missing-field"}]
    assert "secret-of-mine" not in answer.text


@pytest.mark.parametrize("body", [b"", b"grant_type", b"\xff\xfe", b"a=1&a=2", b"&" * 100, b"site=1&site=2", b"{}"])
def test_a_body_that_is_no_form_is_refused(caller: Caller, body: bytes) -> None:
    """Whatever bytes come, the answer is a 400."""
    answer = caller.http.post(PATH, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400


def test_an_endless_body_is_refused(caller: Caller) -> None:
    """Sixteen kilobytes are enough for any honest form."""
    assert caller.http.post(PATH, content=b"a" * 20_000).status_code == 413


def test_no_proof_no_token(caller: Caller) -> None:
    """A token without binding is never issued, and a forged certificate header is none."""
    assert told(caller.ask(headers={})) == (400, "invalid_request", "binding-required")
    forged = {"Client-Cert": ":AAAA:"}
    assert told(caller.ask(headers=forged))[2] in {"forged-certificate-header", "certificates-not-configured"}
    bad = {"DPoP": "a.b.c"}
    assert told(caller.ask(headers=bad)) == (400, "invalid_dpop_proof", "malformed-proof")


def test_both_calls_are_documented(caller: Caller) -> None:
    """The OpenAPI document shows the form and the answers."""
    schema: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(caller.http.app.openapi_schema.to_schema()))
    for path, fields in ((PATH, 4), (REVOKE_PATH, 3)):
        operation = schema["paths"][path]["post"]
        form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        assert len(form["required"]) == fields
        assert {"200", "400", "401", "403", "413"} <= set(operation["responses"])
