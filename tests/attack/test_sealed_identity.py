"""A sealed identity captured, altered or lured: what a network, another client or a hub taken over gets of it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.client import assertion, calls
from rempart.client.calls import Call
from rempart.client.exchange import Account, Lost, NoAnswerError, Patience, Received, Send, Session, run
from rempart.client.sandbox import CARDS, invoice, question
from rempart.sealing.attachments import MAGIC
from rempart.sealing.identity_frames import KeySetItem
from rempart.sealing.identity_jwe import MOST, WINDOW, kid_of, opened, parse, unweb, web
from rempart.sealing.keeper_keys import KeySet, PublicKey, pinned, signed, verified
from rempart.wire.authorizations import Attachment, AuthorizationRequest, QuoteLine
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.problem import Problem
from rempart.wire.sealed import SealedInvoicesRequest, comparable
from support.keepers import INSURER, OTHER_SITE, World, make_world
from support.sealing import CARE, EPOCH, derive, item, jwe, keys

HUB, NOW = "https://hub.example", 1_795_341_600
KEY = assertion.generate_key("EdDSA")
ASK = calls.eligibility(question(CARDS[0], date(2026, 11, 22)))
COVERED = msgspec.json.encode(EligibilityAnswer("covered", "Q"))
TOKEN = Received(200, {}, b'{"access_token":"t","token_type":"DPoP","expires_in":900,"site":"990000002"}')


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A filled keeper, in this process."""
    made = make_world(tmp_path)
    yield made
    made.parts.close()


def test_another_client_cannot_replay_what_it_captured(world: World) -> None:
    """Neither for the same site nor for its own: the identity was sealed in another's name."""
    text = jwe(world)
    assert derive(world, world.sign_in("carrier").grant, item(text)).refusal == "identity-not-yours"
    assert derive(world, world.sign_in().grant, item(jwe(world, site=OTHER_SITE))).refusal == "identity-not-yours"
    assert derive(world, world.sign_in().grant, item(text)).refusal == ""


def test_nobody_can_replay_it_after_its_window(world: World) -> None:
    """Not even who made it: a hub that keeps what passes cannot ask again tomorrow."""
    text = jwe(world)
    world.parts.clock._base += (WINDOW + 1) * 1_000_000
    assert derive(world, world.sign_in().grant, item(text)).refusal == "identity-stale"


def test_it_cannot_be_turned_to_another_use(world: World) -> None:
    """Not to another purpose, insurer, convention, CSR or day of care."""
    grant, text = world.sign_in().grant, jwe(world)
    assert derive(world, grant, item(text), "estimate").refusal == "identity-not-yours"
    for changed in (
        {"labels": ("0099000000", "", "")}, {"labels": (INSURER, "RO", "")}, {"labels": (INSURER, "", "99")},
        {"days": (CARE.toordinal() - EPOCH - 1,)},
    ):  # fmt: skip
        assert derive(world, grant, item(text, **changed)).refusal == "identity-labels"


@pytest.mark.parametrize(
    "text",
    [
        "", "a" * (MOST + 1), "a.b.c", "....", web(b'{"alg":"none"}') + "..." + web(b"{}") + ".",
        web(b'{"alg":"dir","enc":"A256GCM"}') + "..AA.AA.AA",
    ],
)  # fmt: skip
def test_what_is_no_jwe_of_the_format_is_one_refusal(world: World, text: str) -> None:
    """Oversize, unsecured, of another algorithm, cut short: the same code, nothing counted."""
    before = dict(world.parts.meter.figures())
    assert derive(world, world.sign_in().grant, item(text)).refusal == "identity-unreadable"
    assert dict(world.parts.meter.figures()) == before


def test_a_swapped_key_id_opens_nothing(world: World) -> None:
    """The kid is under the seal: another of the keeper's keys does not open it, a foreign one is told apart."""
    parts = jwe(world).split(".")
    world.parts.identity_keys.begin()
    for kid, refusal in ((keys(world).keys[0].kid, "identity-unreadable"), ("A" * 43, "identity-key-unknown")):
        header = json.loads(unweb(parts[0].encode())) | {"kid": kid}
        text = ".".join((web(json.dumps(header, separators=(",", ":")).encode()), *parts[1:]))
        assert derive(world, world.sign_in().grant, item(text)).refusal == refusal


class Taken:
    """A hub in wrong hands, scripted: its own keys or the keeper's, and a memory of all that it was sent."""

    def __init__(self, *answers: Received, keys_by: Ed25519PrivateKey | None = None, now: float = NOW) -> None:
        self.keeper, self.own = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.signer = Ed25519PrivateKey.generate()
        self.keys_by = keys_by or self.signer
        self.answers = list(answers)
        self.sent: list[Send] = []
        self.fetched: list[str] = []
        self.now = now
        self.session = Session(
            Account(HUB, "software", "990000002", KEY, keeper=vkey(self.signer)), Patience(), clock=lambda: self.now
        )

    def exchange(self, send: Send) -> Received | Lost:
        if send.path == "/v1/token":
            return TOKEN
        if send.path.endswith("/keeper-keys") or "/keys?" in send.path:
            self.fetched.append(send.path)
            private = self.keeper if self.keys_by is self.signer else self.own
            holder = "keeper" if send.path.endswith("/keeper-keys") else "0099000000"
            return Received(200, {}, document(holder, private, self.keys_by))
        self.sent.append(send)
        return self.answers.pop(0)

    def perform(self, call: Call[Any]) -> Any:
        return run(self.session.perform(call), self.exchange, lambda _: None)


def vkey(signer: Ed25519PrivateKey) -> str:
    raw = b"\x01" + signer.public_key().public_bytes_raw()
    number = hashlib.sha256(b"log.example\n" + raw).hexdigest()[:8]
    return f"log.example+{number}+{base64.b64encode(raw).decode()}"


def document(holder: str, private: X25519PrivateKey, signer: Ed25519PrivateKey, at: int = NOW) -> bytes:
    raw = private.public_key().public_bytes_raw()
    return signed(holder, [PublicKey(x=web(raw), kid=kid_of(raw), nbf=at, exp=at + 86_400)], signer, at)


def no(code: str) -> Received:
    return Received(422, {}, msgspec.json.encode(Problem(code, 422, code)))


def test_a_hub_that_gives_its_own_keys_is_found_out() -> None:
    """The client stops before anything is sealed or sent."""
    hub = Taken(keys_by=Ed25519PrivateKey.generate())
    with pytest.raises(NoAnswerError, match="keys-not-signed"):
        hub.perform(ASK)
    assert hub.sent == []


def test_a_hub_that_gives_old_keys_is_found_out() -> None:
    """A document is good for a day: retired keys cannot be served for ever."""
    hub = Taken(now=NOW + 2 * 86_400)
    with pytest.raises(NoAnswerError, match="keys-stale"):
        hub.perform(ASK)
    assert hub.sent == []


def test_a_hub_that_passes_an_insurers_key_for_the_keepers_is_found_out(world: World) -> None:
    """Each document names its holder under the signature."""
    pin = pinned(world.parts.checkpoints.verifier_key())
    of_insurer = world.parts.identity_keys.publish([KeySetItem(INSURER)])[0].document
    assert verified(of_insurer, pin, "keeper", world.now() // 10**6) == "keys-of-another"
    assert isinstance(verified(of_insurer, pin, "", world.now() // 10**6), KeySet)


def test_the_hub_is_sent_nothing_that_the_card_says() -> None:
    """The keeper alone opens it, and finds the card as printed, for this client, site and day."""
    hub = Taken(Received(200, {}, COVERED))
    assert hub.perform(ASK).answer == "covered"
    (sent,) = hub.sent
    for word in (CARDS[0].member, CARDS[0].nir, CARDS[0].birth_date, CARDS[0].birth_date.replace("-", "")):
        assert word is not None
        assert word.encode() not in sent.body
    parsed = parse(json.loads(sent.body)["identity_jwe"])
    assert parsed is not None
    found = opened(parsed, hub.keeper)
    assert found is not None
    assert (found.member, found.nir, found.client, found.site) == (
        CARDS[0].member,
        CARDS[0].nir,
        "software",
        "990000002",
    )
    assert found.care_dates == ("2026-11-22",)
    assert opened(parsed, hub.own) is None


def test_changed_keys_are_fetched_and_used_once() -> None:
    """On `identity-key-unknown` the client fetches, seals and sends again, once; a second time it is the answer."""
    hub = Taken(no("identity-key-unknown"), Received(200, {}, COVERED))
    assert hub.perform(ASK).answer == "covered"
    assert hub.fetched == ["/v1/keeper-keys"] * 2
    first, again = (json.loads(sent.body)["identity_jwe"] for sent in hub.sent)
    assert first != again
    hub = Taken(no("identity-key-unknown"), no("identity-key-unknown"))
    assert hub.perform(ASK).code == "identity-key-unknown"
    assert len(hub.sent) == 2


def test_keys_are_kept_for_an_hour() -> None:
    """Not fetched for each request."""
    hub = Taken(*[Received(200, {}, COVERED)] * 3)
    hub.perform(ASK)
    hub.perform(ASK)
    assert len(hub.fetched) == 1
    hub.now += 3_601
    hub.perform(ASK)
    assert len(hub.fetched) == 2


def test_a_mark_is_worth_nothing_to_who_lacks_the_clients_key() -> None:
    """Equal for one content under one key, so that a repetition is known; else different, so it links nothing."""
    sent = invoice(CARDS[0], "300000001", date(2026, 11, 22))
    receipt = Received(202, {}, b'{"file":"F","invoices":[]}')
    hub = Taken(*[receipt] * 4)
    other = msgspec.structs.replace(sent, member="10000002")
    for told, key in ((sent, "one"), (sent, "one"), (sent, "two"), (other, "one")):
        hub.perform(calls.invoices((told,), key))
    same = [comparable(each.body, SealedInvoicesRequest) for each in hub.sent]
    assert same[0] == same[1]
    assert len({each.body for each in hub.sent}) == 4
    assert len(set(same)) == 3


def test_attachments_leave_sealed_to_their_insurer() -> None:
    """A prescription goes as bytes that only the insurer opens; the hub sees its length, rounded up."""
    hub = Taken(Received(201, {}, b'{"authorization":"a","state":"pending","requested":"","planned_date":""}'))
    card = CARDS[0]
    line = QuoteLine("PA", "optics", 100, 60, 20_000)
    asked = AuthorizationRequest(
        card.amc_number, card.member, card.birth_date, "machine", "2026-12-01", (line,), nir=card.nir,
        attachments=(Attachment("prescription", b"%PDF invented prescription"),),
    )  # fmt: skip
    hub.perform(calls.authorization(asked, "one"))
    (sent,) = hub.sent
    assert b"invented" not in sent.body
    told = json.loads(sent.body)
    content = msgspec.json.decode(msgspec.json.encode(told["attachments"][0]), type=Attachment).content
    assert content.startswith(MAGIC)
    assert "/v1/insurers/0099000000/keys?convention=&csr=" in hub.fetched


def test_telling_in_clear_is_a_visible_choice() -> None:
    """Without the keeper's key there is no account, unless its maker says so."""
    with pytest.raises(ValueError, match="keeper's key is missing"):
        Account(HUB, "software", "990000002", KEY)
    with pytest.raises(ValueError, match="verifier key"):
        Account(HUB, "software", "990000002", KEY, keeper="nonsense")
    clear = Session(Account(HUB, "software", "990000002", KEY, identity="clear"), Patience())
    flow = clear.perform(ASK)
    assert next(flow).path == "/v1/token"
