"""The conformance kit finds each fault it names in a recording that is otherwise right, and judges no real card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.client import assertion
from rempart.client import conformance as kit
from rempart.client.dpop import DpopKey
from rempart.client.recording import Exchange, read_har, write_har
from rempart.client.sandbox import CARDS, invoice, question, reference_of
from rempart.sealing.identity_jwe import Presented, seal
from rempart.wire.sealed import Sealed, closed

HUB, DAY, NOW = "http://127.0.0.1:8480", date(2026, 11, 22), 1_795_330_800
KEEPER = X25519PrivateKey.generate().public_key().public_bytes_raw()
KEY, PROOFS = assertion.generate_key("EdDSA"), DpopKey.generate("EdDSA")
ID = "01a20210-cea8-79ff-b377-15e100000001"
Exchanges = tuple[Exchange, ...]


def made(
    method: str, path: str, body: bytes = b"", *, status: int = 200, answer: Any = None, key: str = ""
) -> Exchange:
    """One exchange as good software has it, one second after the other."""
    made.at += 1  # type: ignore[attr-defined]  # a counter of the function's own
    at: float = made.at  # type: ignore[attr-defined]  # same
    token = "" if path == kit.TOKEN else "a-token"
    headers = {"dpop": PROOFS.proof(method, HUB + path.partition("?")[0], int(at), token=token)}
    if token:
        headers["authorization"] = f"DPoP {token}"
    if key:
        headers["idempotency-key"] = key
    return Exchange(at, method, HUB + path, headers, body, status, {}, msgspec.json.encode(answer or {}))


made.at = float(NOW)  # type: ignore[attr-defined]  # same


def sealed(request: Any, mark: str = "") -> Any:
    """As good software sends it: the identity for the keeper alone."""
    told = Presented(
        client="software", site="990000002", purpose="eligibility", made=NOW, id="only-once-and-never-again",
        amc_number=request.amc_number, member=request.member, birth_date=request.birth_date, care_dates=(str(DAY),),
        nir=request.nir, rank=request.rank,
    )  # fmt: skip
    return closed(request, Sealed(seal(told, KEEPER), mark))


def token() -> Exchange:
    signed = assertion.sign(KEY, "software", HUB + kit.TOKEN, NOW, site="990000002")
    return made("POST", kit.TOKEN, f"client_assertion={signed}&site=990000002".encode(), answer={"access_token": "a"})


def good() -> Exchanges:
    """One of everything."""
    keys, signed_in = replace(made("GET", "/v1/keeper-keys"), headers={}), token()
    refused = replace(
        made("POST", kit.QUESTION, msgspec.json.encode(sealed(question(CARDS[0], DAY, "CARD-99"))), status=401),
        answer_headers={"www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n"},
    )
    PROOFS.nonce = "n"
    asked = [
        made("POST", kit.QUESTION, msgspec.json.encode(sealed(question(card, DAY, reference_of(card)))), answer={
            "answer": card.answer, "code": card.answer, "accreditation": "ABCDE FGHJK LMNPQ RSTUV",
        }) for card in CARDS
    ]  # fmt: skip
    PROOFS.nonce = ""
    bill = invoice(CARDS[0], "100000001", DAY, accreditation="ABCDEFGHJKLMNPQRSTUV")
    receipt = {"file": ID, "invoices": [{"invoice": ID}]}
    sent = [msgspec.json.encode({"invoices": [sealed(bill, "a-mark")]}) for _ in range(2)]
    billed = [made("POST", kit.INVOICES, each, status=202, answer=receipt, key="one") for each in sent]
    return (
        keys, signed_in, refused, *asked, *billed,
        made("GET", f"{kit.INVOICES}/{ID}", answer={"state": "rejected"}),
        made("POST", f"{kit.INVOICES}/{ID}/cancel"),
        made("GET", "/v1/remittances?before=2026-11-01"),
    )  # fmt: skip


def verdicts(exchanges: Exchanges) -> dict[str, str]:
    return {each.code: each.verdict for each in kit.judge(exchanges)}


def change(exchanges: Exchanges, where: Callable[[Exchange], bool], **fields: Any) -> Exchanges:
    """The last exchange of that kind, changed."""
    last = max(number for number, each in enumerate(exchanges) if where(each))
    return tuple(replace(each, **fields) if number == last else each for number, each in enumerate(exchanges))


def sends(each: Exchange) -> bool:
    return each.path == kit.INVOICES


def test_good_software_passes_everything() -> None:
    """Also when its recording went through a HAR file."""
    exchanges = good()
    assert set(verdicts(exchanges).values()) == {"pass"}
    again = read_har(write_har(exchanges), HUB)
    assert again == exchanges


def test_a_walk_with_nothing_in_it_shows_nothing() -> None:
    """Nothing passes by not being done."""
    assert set(verdicts(()).values()) == {"unseen"}


def early_look(at: float) -> Exchanges:
    """A batch sent, and read a second before it is ready."""
    ready = datetime.fromtimestamp(at + 600, UTC).isoformat()
    told = {"batch": ID, "items": 1, "ready_from": ready}
    sent = made("POST", "/v1/eligibility/batches", b"{}", status=202, answer=told, key="batch")
    look = made("GET", f"/v1/eligibility/batches/{ID}", answer=told | {"state": "waiting"})
    return sent, replace(look, at=at + 599)


FAULTS: dict[str, Callable[[Exchanges], Exchanges]] = {
    "token-granted": lambda e: change(e, lambda x: x.path == kit.TOKEN, status=401),
    "token-with-proof": lambda e: change(e, lambda x: x.path == kit.TOKEN, headers={}),
    "assertion-fresh": lambda e: (*e, replace(e[1], at=e[1].at + 5000)),
    "token-kept": lambda e: (*e, token()),
    "proof-fresh": lambda e: (*e, replace(e[-1], at=e[-1].at + 1)),
    "proof-fits": lambda e: change(e, sends, url=HUB.replace("127.0.0.1", "localhost") + kit.INVOICES),
    "agent-signed": lambda e: change(e, sends, headers={
        "authorization": "DPoP a", "rempart-agent": assertion.sign_agent(KEY, "DUPONT", "a", NOW)}),
    "nonce-followed": lambda e: change(e, lambda x: x.status == 401, answer_headers={
        "www-authenticate": "use_dpop_nonce", "dpop-nonce": "another"}),
    "keys-fetched": lambda e: e[1:],
    "identity-sealed": lambda e: change(e, lambda x: x.path == kit.QUESTION, body=msgspec.json.encode(
        question(CARDS[0], DAY))),
    "sealed-once": lambda e: (*e, replace(e[3], body=e[3].body.replace(b"PHAR", b"OPTI"))),
    "cards-asked": lambda e: tuple(x for x in e if x.told.get("site_reference") != "CARD-12"),
    "question-once": lambda e: (
        *e, replace(e[3], status=0, at=e[-1].at + 1), replace(e[3], at=e[-1].at + 2)),
    "key-present": lambda e: change(e, sends, headers={}),
    "key-means-one-body": lambda e: change(e, sends, body=b'{"invoices":[]}'),
    "repeats-under-its-key": lambda e: change(e, sends, headers={"idempotency-key": "two"}),
    "accreditation-carried": lambda e: tuple(replace(x, body=b"{}") if sends(x) else x for x in e),
    "outcome-read": lambda e: tuple(x for x in e if ID not in x.path or x.method == "POST"),
    "rejection-read": lambda e: change(e, lambda x: ID in x.path and x.method == "GET", answer=b'{"state":"paid"}'),
    "cancels": lambda e: change(e, lambda x: x.path.endswith("/cancel"), status=409),
    "money-read": lambda e: change(e, lambda x: x.path == "/v1/remittances", status=404),
    "backs-off": lambda e: (*e, replace(e[-1], status=429), replace(e[-1], at=e[-1].at + 0.1)),
    "batch-waited": lambda e: (*e, *early_look(e[-1].at)),
    "address-clean": lambda e: change(e, sends, url=HUB + "/v1/invoices?member=AC%201234%205678"),
}  # fmt: skip


@pytest.mark.parametrize("code", [requirement.code for requirement in kit.REQUIREMENTS])
def test_each_fault_is_found(code: str) -> None:
    """One fault put in, and its requirement fails."""
    assert verdicts(FAULTS[code](good()))[code] == "fail"


@pytest.mark.parametrize(("word", "token", "verdict"), [("u17", "a", "pass"), ("u17", "b", "fail"), ("", "a", "fail")])
def test_who_sits_at_the_program_is_signed_for_the_token_it_comes_with(word: str, token: str, verdict: str) -> None:
    """A word of another token, or none, is a fault; that software says nobody is none."""
    headers = {"authorization": "DPoP a", "rempart-agent": assertion.sign_agent(KEY, word, token, NOW)}
    assert verdicts(change(good(), sends, headers=headers))["agent-signed"] == verdict


def test_a_failure_says_where_and_what_to_do_and_shows_no_card() -> None:
    """The table can be sent to anybody."""
    faulty = FAULTS["address-clean"](FAULTS["key-present"](good()))
    told = [each for each in kit.judge(faulty) if each.verdict == "fail"]
    assert told
    assert all(each.todo and each.seen for each in told)
    shown = repr((told, faulty))
    assert not any(word in shown for card in CARDS for word in (card.nir, "AC 1234 5678") if word)


def test_real_cards_are_not_judged() -> None:
    """An insurer's number that is not of the invented range, at any depth."""
    assert kit.of_the_sandbox(good())
    real = made("POST", kit.INVOICES, b'{"invoices":[{"amc_number":"0000401166"}]}')
    assert not kit.of_the_sandbox((*good(), real))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "recording-malformed"), (b"[]", "recording-malformed"), (b'{"log":{}}', "recording-malformed"),
        (b'{"log":{"entries":[{"request":{"url":"http://127.0.0.1:8480/v1/token"}}]}}', "recording-malformed"),
        (b'{"log":{"entries":[]}}', "recording-empty"),
        (b'{"log":{"entries":[{"request":{"url":"http://127.0.0.1:84800/v1/token"}}]}}', "recording-empty"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_told_by_code(content: bytes, code: str) -> None:
    """No file of another format, of another hub, or of nothing."""
    assert read_har(content, HUB) == code
