"""What the client repeats and what it never does, against a scripted hub: no socket, no clock, no waiting."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.client import assertion, calls
from rempart.client.calls import Call, Ended
from rempart.client.exchange import Account, Lost, NoAnswerError, Patience, Received, Send, Session, run
from rempart.client.recording import unverified
from rempart.client.sandbox import CARDS, question
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.invoices import InvoicesReceipt
from rempart.wire.problem import Problem

HUB, NOW = "https://hub.example", 1_772_445_600.0
KEY = assertion.generate_key("EdDSA")
INVOICE = str(uuid4())
LOST = Lost(sent=True)
UNREACHED = Lost(sent=False)
ASK = calls.eligibility(question(CARDS[0], date(2026, 11, 22)))
SEND = calls.invoices((), "one-key")
CANCEL = calls.cancel_invoice(INVOICE)
COVERED = msgspec.json.encode(EligibilityAnswer("covered", "Q"))
RECEIPT = msgspec.json.encode(InvoicesReceipt("F", ()))


def said(status: int, body: bytes | dict[str, Any] = b"{}", **headers: str) -> Received:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Received(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def no(status: int, code: str, **headers: str) -> Received:
    return said(status, {"title": code, "status": status, "code": code}, **headers)


TOKEN = said(200, {"access_token": "a-token", "token_type": "DPoP", "expires_in": 900, "site": "990000002"})


class Scripted:
    """Answers from a list, and remembers what was sent and how long was waited. Tokens are given unless `tokens`."""

    def __init__(self, *script: Received | Lost, tokens: list[Received | Lost] | None = None) -> None:
        self.script, self.tokens = list(script), tokens
        self.sent: list[Send] = []
        self.asked_tokens: list[Send] = []
        self.waits: list[float] = []
        self.now = NOW
        account = Account(HUB, "software", "990000002", KEY, identity="clear")
        self.session = Session(account, Patience(), clock=lambda: self.now, chance=lambda: 1.0)

    def exchange(self, send: Send) -> Received | Lost:
        if send.path == "/v1/token":
            self.asked_tokens.append(send)
            return self.tokens.pop(0) if self.tokens is not None else TOKEN
        self.sent.append(send)
        return self.script.pop(0)

    def perform(self, call: Call[Any]) -> Any:
        return run(self.session.perform(call), self.exchange, self.waits.append)


def test_an_answer_comes_back_typed() -> None:
    """And a no comes back as the hub's problem, not as an exception."""
    hub = Scripted(said(200, COVERED), no(429, "site-budget"))
    assert hub.perform(ASK).answer == "covered"
    refused = hub.perform(ASK)
    assert isinstance(refused, Problem)
    assert refused.code == "site-budget"
    assert hub.waits == []


def test_a_lost_question_is_not_asked_again() -> None:
    """Asking is counted and logged: a person decides."""
    hub = Scripted(LOST)
    with pytest.raises(NoAnswerError) as caught:
        hub.perform(ASK)
    assert (caught.value.code, caught.value.sent, len(hub.sent)) == ("no-answer", True, 1)


def test_a_question_that_the_hub_did_not_answer_is_asked_again() -> None:
    """`busy` and `unavailable` say that nothing was answered; what never left may always go again."""
    hub = Scripted(no(503, "busy"), no(503, "unavailable"), UNREACHED, said(200, COVERED))
    assert hub.perform(ASK).answer == "covered"
    assert hub.waits == [0.25, 0.5, 1.0]


def test_a_closed_part_is_told_at_once() -> None:
    """The site works by its insurer's stand-in rule; hammering opens nothing."""
    hub = Scripted(no(503, "compartment"))
    assert hub.perform(ASK).code == "compartment"


def test_lost_invoices_are_sent_again_under_the_same_key_with_the_same_bytes() -> None:
    """A proxy's page, a time-out, the hub's failure: then the receipt."""
    hub = Scripted(LOST, said(502, b"<html>"), no(500, "internal-error"), said(202, RECEIPT))
    assert hub.perform(SEND).file == "F"
    assert len({(each.body, dict(each.headers)["Idempotency-Key"]) for each in hub.sent}) == 1
    proofs = [unverified(dict(each.headers)["DPoP"])[1]["jti"] for each in hub.sent]
    assert len(set(proofs)) == 4


def test_patience_ends() -> None:
    """After four attempts the caller hears that the invoices may have been taken."""
    hub = Scripted(LOST, UNREACHED, UNREACHED, UNREACHED)
    with pytest.raises(NoAnswerError) as caught:
        hub.perform(SEND)
    assert (caught.value.code, caught.value.sent) == ("no-answer", True)
    hub = Scripted(*[UNREACHED] * 4)
    with pytest.raises(NoAnswerError) as caught:
        hub.perform(SEND)
    assert (caught.value.code, caught.value.sent) == ("not-reached", False)


def test_the_last_no_of_the_hub_is_told() -> None:
    """`unavailable` four times is a problem with a sentence, not an exception."""
    assert Scripted(*[no(503, "unavailable")] * 4).perform(SEND).code == "unavailable"


@pytest.mark.parametrize(("state", "ended"), [("cancelled", True), ("taken-back", True), ("accepted", False)])
def test_a_cancelling_whose_answer_got_lost_is_looked_up(state: str, *, ended: bool) -> None:
    """The repetition is refused because the first was taken: the invoice's state tells it from a true refusal."""
    hub = Scripted(LOST, no(409, "not-cancellable"), said(200, {"state": state}))
    found = hub.perform(CANCEL)
    assert found == Ended(state) if ended else found.code == "not-cancellable"
    assert hub.sent[-1].path == f"/v1/invoices/{INVOICE}"


def test_a_refused_cancelling_is_not_looked_up() -> None:
    """Nothing was lost: the hub's no is the answer."""
    hub = Scripted(no(409, "not-cancellable"))
    assert hub.perform(CANCEL).code == "not-cancellable"
    assert len(hub.sent) == 1


@pytest.mark.parametrize("answer", [LOST, no(503, "unavailable"), no(500, "internal-error")])
def test_what_is_not_idempotent_is_sent_once(answer: Received | Lost) -> None:
    """A dispute, a word that an invoice is another one."""
    for call in (calls.dispute(INVOICE), calls.say_distinct(INVOICE)):
        hub = Scripted(answer)
        with suppress(NoAnswerError):
            hub.perform(call)
        assert len(hub.sent) == 1


def test_a_nonce_is_learnt_and_the_request_repeated_once() -> None:
    """At the token and at the call; the next request uses it without being told."""
    nonce = no(401, "missing-nonce", www_authenticate='DPoP error="use_dpop_nonce"', dpop_nonce="n-2")
    first = said(
        400, {"error": "use_dpop_nonce", "title": "", "status": 400, "code": "missing-nonce"}, dpop_nonce="n-1"
    )
    hub = Scripted(nonce, said(200, COVERED), said(200, COVERED), tokens=[first, TOKEN])
    hub.perform(ASK)
    hub.perform(ASK)
    used = [unverified(dict(each.headers)["DPoP"])[1].get("nonce") for each in (*hub.asked_tokens, *hub.sent)]
    assert used == [None, "n-1", "n-1", "n-2", "n-2"]
    assert hub.waits == []


def test_a_token_that_ended_early_is_replaced() -> None:
    """The refused request was not looked at, so even a question goes again; the token is kept until its end."""
    hub = Scripted(no(401, "invalid-token"), said(200, COVERED), said(200, COVERED), said(200, COVERED))
    hub.perform(ASK)
    hub.perform(ASK)
    assert len(hub.asked_tokens) == 2
    hub.now += 871
    hub.perform(ASK)
    assert len(hub.asked_tokens) == 3


def test_a_lost_token_loses_no_question() -> None:
    """Nothing of the question had left: it is asked when the token comes."""
    hub = Scripted(said(200, COVERED), tokens=[LOST, said(503, b""), TOKEN])
    assert hub.perform(ASK).answer == "covered"
    assert len(hub.sent) == 1


def test_a_refused_sign_in_is_the_answer() -> None:
    """An unknown key is told, not tried again."""
    hub = Scripted(tokens=[no(401, "unknown-key")])
    assert hub.perform(ASK).code == "unknown-key"


def test_retry_after_is_heard_within_reason() -> None:
    """Whole seconds, up to the longest pause; a date or nonsense is not read."""
    for told, pause in (("2", 2.0), ("9999", 8.0), ("Mon, 02 Mar 2026", 0.25), ("-1", 0.25)):
        hub = Scripted(no(503, "busy", retry_after=told), said(200, COVERED))
        hub.perform(ASK)
        assert hub.waits == [pause]


def test_an_answer_of_another_shape_is_no_answer() -> None:
    """It may have been taken; nothing is guessed."""
    with pytest.raises(NoAnswerError, match="answer-not-understood"):
        Scripted(said(200, b'{"answer":1}')).perform(ASK)


def test_redirects_are_not_followed() -> None:
    """A token goes to no other address."""
    hub = Scripted(said(307, b"", location="https://other.example/"))
    assert hub.perform(ASK).code == "no-problem-document"
    assert len(hub.sent) == 1


@pytest.mark.parametrize("address", ["http://hub.example", "ftp://hub.example", "hub.example", ""])
def test_plain_http_is_for_this_machine_only(address: str) -> None:
    """Anything else must be https."""
    Account("http://127.0.0.1:8480", "software", "990000002", KEY, identity="clear")
    if address:
        with pytest.raises(ValueError, match="https"):
            Account(address, "software", "990000002", KEY, identity="clear")


def test_nothing_secret_is_shown() -> None:
    """No key, card or token in what a debugger or log line would print."""
    hub = Scripted(said(200, COVERED))
    hub.perform(ASK)
    shown = repr((hub.session.account, ASK, hub.sent[0], said(200, COVERED)))
    for secret in (KEY["d"], CARDS[0].member, CARDS[0].nir or "", "a-token", "covered"):
        assert secret not in shown


def test_no_path_is_made_of_what_is_no_id() -> None:
    """An id is a UUID, a key is printable."""
    for make in (calls.invoice_state, calls.cancel_invoice, calls.remittance_pdf, calls.authorization_state):
        with pytest.raises(ValueError, match="UUID"):
            make("../v1/token")
    for key in ("", "a b", "é", "a\r\nX: y", "k" * 129):
        with pytest.raises(ValueError, match="idempotency"):
            calls.invoices((), key)


@given(
    script=st.lists(
        st.sampled_from([LOST, UNREACHED, no(503, "busy"), no(500, "internal-error"), said(502), no(429, "meter")]),
        min_size=4, max_size=4,
    )
)  # fmt: skip
def test_a_question_is_never_sent_again_after_it_may_have_been_answered(script: list[Received | Lost]) -> None:
    """Whatever the hub and the network do: the last thing sent is the first that may have been taken."""
    hub = Scripted(*script)
    with suppress(NoAnswerError):
        hub.perform(ASK)
    tried = script[: len(hub.sent)]
    assert not any(may_be_taken(each) for each in tried[:-1])


def may_be_taken(each: Received | Lost) -> bool:
    return each.sent if isinstance(each, Lost) else each.status in {500, 502}


def test_who_sits_at_the_program_goes_with_each_call() -> None:
    """For calls that begin after it was said; signed for the token; nobody said, nothing sent."""
    hub = Scripted(*[said(200, COVERED)] * 3, no(401, "invalid-token"), said(200, COVERED))
    hub.perform(ASK)
    for word in ("u17", "u17", "u18"):
        hub.session.agent = word
        hub.perform(ASK)
    told = [dict(each.headers).get("Rempart-Agent") for each in hub.sent]
    assert told[0] is None
    assert told[1] == told[2] != told[3]
    header, claims = unverified(str(told[4]))
    assert header["typ"] == "rempart-agent+jwt"
    assert claims["agent"] == "u18"
