"""Who sits at a program: signed by its registered key, for its token alone, and no person's name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from rempart.api.signin import Denied, Headers, SignIn, UnmetAgent, word_of
from rempart.application import agents
from rempart.application.agents import Agents
from rempart.application.tokens import TokenCache, TokenFacts, digest_of
from rempart.client import assertion
from rempart.client.dpop import DpopKey
from rempart.ground.instants import MICROSECONDS
from rempart.identity.dpop import Nonces
from support.tokens import MemoryStore

SECONDS = 1_772_445_600  # 2 March 2026, 10:00 UTC
NOW = SECONDS * MICROSECONDS
URL = "https://hub.example/v1/eligibility"
NONCES = Nonces(b"n" * 32)
TOKEN = "an-opaque-token-of-some-length-for-the-test"
KEY, FOREIGN = assertion.generate_key(), assertion.generate_key("EdDSA")


class Names:
    """The registered key of one client, and names by word."""

    def __init__(self) -> None:
        self.given: dict[tuple[str, str, str], str] = {}
        self.looked = 0

    async def keys(self, client: str, instant: int) -> Mapping[str, Mapping[str, Any]]:
        assert instant == NOW
        self.looked += 1
        return {KEY["kid"]: assertion.public_key(KEY)} if client == "till" else {}

    async def named(self, of: tuple[str, str, str], name: str, *, instant: int, most: int) -> str:
        assert instant == NOW
        return self.given.setdefault(of, name) if len(self.given) < most or of in self.given else ""


class World:
    def __init__(self) -> None:
        self.proofs, self.names = DpopKey.generate(), Names()
        self.proofs.nonce = NONCES.current(SECONDS)
        self.cache = TokenCache(MemoryStore())
        self.sign_in = SignIn(self.cache, NONCES, agents=Agents(self.names, word_of))
        self.facts = TokenFacts(
            digest_of(TOKEN.encode()), "till", "site", "752345678", "", b"grant", b"g" * 16,
            "jkt:" + self.proofs.thumbprint, NOW + 900 * MICROSECONDS,
        )  # fmt: skip
        self.holds()

    def holds(self, **changes: Any) -> None:
        self.cache.put(replace(self.facts, **changes), NOW)

    def headers(self, *words: str) -> Headers:
        proof = self.proofs.proof("POST", URL, SECONDS, token=TOKEN).encode()
        sent = [(b"authorization", b"DPoP " + TOKEN.encode()), (b"dpop", proof)]
        return sent + [(b"rempart-agent", word.encode()) for word in words]

    def asks(self, *words: str) -> TokenFacts | str:
        found = asyncio.run(self.sign_in.authenticate_or_read(self.headers(*words), "POST", URL, NOW))
        return found.problem.code if isinstance(found, Denied) else found


@pytest.fixture
def world() -> World:
    return World()


def word(agent: str = "u17", token: str = TOKEN, at: int = SECONDS, key: Mapping[str, str] = KEY) -> str:
    return assertion.sign_agent(key, agent, token, at)


def test_a_signed_word_names_who_sits_there_and_is_looked_up_once(world: World) -> None:
    """The name in the log is drawn, the same for the same word, and tells nothing of it."""
    signed = word()
    assert isinstance(world.sign_in.authenticate(world.headers(signed), "POST", URL, NOW), UnmetAgent)
    first, again, other = world.asks(signed), world.asks(signed), world.asks(word("u18"))
    assert isinstance(first, TokenFacts)
    assert isinstance(other, TokenFacts)
    assert first == again == world.sign_in.authenticate(world.headers(signed), "POST", URL, NOW)
    assert first.agent.startswith("agent-")
    assert len({first.agent, other.agent}) == 2
    assert world.names.looked == 2


@pytest.mark.parametrize(
    ("signed", "code"),
    [
        (word(key=FOREIGN), "unknown-key"), (word(token="another"), "wrong-token-hash"),
        (word(at=SECONDS - 1_001), "stale-agent"), (word(at=SECONDS + 31), "stale-agent"),
        (word(key=dict(FOREIGN) | {"kid": KEY["kid"]}), "bad-signature"), ("a.b", "malformed-agent"),
        (word()[:-4] + "AAAA", "bad-signature"), ("x" * 2_000, "malformed-agent"),
        (assertion.sign(KEY, "till", "u17", SECONDS), "malformed-agent"),
        (word("DUPONT"), "agent-like-a-person"), (word("1 85 05 78 006 084 36"), "agent-like-a-person"),
        (word(""), "agent-like-a-person"), (word("u" * 20 + "1"), "agent-like-a-person"),
    ],
)  # fmt: skip
def test_a_word_that_is_not_this_programs_for_this_token_is_refused(world: World, signed: str, code: str) -> None:
    """Another key's, another token's, an old one, an assertion in its place, and whatever looks like a person."""
    assert world.asks(signed) == code
    assert world.names.given == {}


def test_where_it_is_required_nothing_is_asked_without_it(world: World) -> None:
    """What a gateway carries has nobody at it; a person's account and an insurer's agent say nothing of the kind."""
    assert isinstance(world.asks(), TokenFacts)
    world.holds(agents="required")
    assert world.asks() == "agent-required"
    assert isinstance(world.asks(word()), TokenFacts)
    world.holds(agents="required", role="files")
    assert isinstance(world.asks(), TokenFacts)
    world.holds(kind="account")
    assert world.asks(word("u19")) == "agent-not-taken"


def test_two_words_in_one_request_are_none(world: World) -> None:
    """Nobody chooses between them."""
    assert world.asks(word(), word("u18")) == "repeated-credentials"


def test_a_program_has_a_bounded_number_of_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are people, not visits."""
    monkeypatch.setattr(agents, "MOST", 1)
    assert isinstance(world.asks(word()), TokenFacts)
    assert world.asks(word("u18")) == "agents-too-many"


def test_the_proof_is_used_up_once_however_often_the_word_is_looked_at(world: World) -> None:
    """A request whose word was unknown passes; sent again, its proof is not taken."""
    headers = world.headers(word())
    found = asyncio.run(world.sign_in.authenticate_or_read(headers, "POST", URL, NOW))
    assert isinstance(found, TokenFacts)
    again = asyncio.run(world.sign_in.authenticate_or_read(headers, "POST", URL, NOW))
    assert isinstance(again, Denied)
    assert again.problem.code == "replayed-proof"
