"""Who a request comes from: the token, and the proof that its holder is the one it was made for (DPoP, certificate).

`SignIn.authenticate` reads the raw ASGI headers and memory only, for the hot path; `authenticate_or_read` asks the
database too, when this hub has not met the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rempart.application.agents import REQUIRED, Agents
from rempart.application.replay import ReplayMemory
from rempart.application.tokens import CERTIFICATE, DPOP, TokenCache, TokenFacts, digest_of
from rempart.ground.instants import MICROSECONDS
from rempart.identity import certificate, client_assertion, dpop
from rempart.wire.problem import Problem

Headers = list[tuple[bytes, bytes]]
MAX_TOKEN = 128  # bytes
AGENT = b"rempart-agent"
"""The header in which a program says, signed, who sits at it."""
ALGORITHMS = b"ES256 EdDSA Ed25519"


@dataclass(frozen=True, slots=True)
class Denied:
    """A refusal and the headers that go with it (`WWW-Authenticate`, `DPoP-Nonce`)."""

    problem: Problem
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Unmet:
    """This hub has not met the token, or not lately: the store must be asked."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class UnmetAgent:
    """The token is good, and this hub has not met who is said to sit at the program: the store must be asked."""

    facts: TokenFacts
    signed: bytes
    token: bytes


@dataclass(frozen=True, slots=True)
class SignIn:
    """What authentication needs. `authorities` None: no vendor authority is configured, certificates are refused.

    `agents` None: nobody is looked for who sits at a program, and a program that must say so is refused.
    """

    cache: TokenCache
    nonces: dpop.Nonces
    authorities: certificate.Authorities | None = None
    replay: ReplayMemory = field(default_factory=ReplayMemory)
    agents: Agents | None = None

    def authenticate(
        self, headers: Headers, method: str, url: str, instant: int, *, from_proxy: bool = False
    ) -> TokenFacts | Denied | Unmet | UnmetAgent:
        """Facts of the token, a refusal, or what is unmet. `url` as the client sees it; `instant` microseconds UTC.

        `from_proxy` says that the connection came in by the named proxy's socket: see `came_through`.
        """
        authorization, proof, certificates, signed, repeated = _credentials(headers)
        if repeated:
            return self.deny("repeated-credentials", instant)
        if certificates and not from_proxy:
            return self.deny("forged-certificate-header", instant)
        scheme, _, token = authorization.partition(b" ")
        if not 0 < len(token) <= MAX_TOKEN:
            return self.deny("token-required", instant)
        digest = digest_of(token)
        facts = self.cache.get(digest, instant)
        if facts is None:
            return Unmet(digest)
        if signed or facts.agents == REQUIRED:
            agent = self._agent(facts, signed, token, instant)
            if not isinstance(agent, TokenFacts):
                return agent  # before the proof is used up: once the store was asked, the same request passes
            facts = agent
        if facts.binding.startswith(CERTIFICATE):
            code = self._by_certificate(facts, scheme, certificates, instant)
            return facts if code is None else self.deny(code, instant)
        if scheme.lower() != b"dpop" or not facts.binding.startswith(DPOP):
            return self.deny("wrong-token-type", instant)
        asked = dpop.Asked(method, url, token, instant // MICROSECONDS)
        return self._by_proof(facts, proof, asked, instant)

    async def authenticate_or_read(
        self, headers: Headers, method: str, url: str, instant: int, *, from_proxy: bool = False
    ) -> TokenFacts | Denied:
        """As `authenticate`, reading the token from the store when it is unmet."""
        found = self.authenticate(headers, method, url, instant, from_proxy=from_proxy)
        if isinstance(found, Unmet) and await self.cache.fetch(found.digest, instant) is not None:
            found = self.authenticate(headers, method, url, instant, from_proxy=from_proxy)
        if isinstance(found, UnmetAgent) and self.agents is not None:
            code = await self.agents.look(found.facts, found.signed, found.token, instant)
            if code:
                return self.deny(code, instant)
            found = self.authenticate(headers, method, url, instant, from_proxy=from_proxy)
        return self.deny("invalid-token", instant) if isinstance(found, Unmet | UnmetAgent) else found

    def binding(
        self, headers: Headers, method: str, url: str, instant: int, *, from_proxy: bool = False
    ) -> str | dpop.Refused | certificate.Refused:
        """What a request for a token proves: `jkt:…`, else `x5t#S256:…`, "" when it proves nothing."""
        _, proof, certificates, _, repeated = _credentials(headers)
        if repeated:
            return dpop.Refused("repeated-credentials")
        if certificates and not from_proxy:
            return certificate.Refused("forged-certificate-header")
        presented = self._presented(certificates, instant, from_proxy=from_proxy)
        if isinstance(presented, certificate.Refused):
            return presented
        if proof:
            asked = dpop.Asked(method, url, None, instant // MICROSECONDS)
            # The assertion beside this proof is good once: the proof needs no memory, and strangers cannot fill ours.
            verified = dpop.verify(proof, asked, self.nonces, lambda _key, _expires: True)
            return verified if isinstance(verified, dpop.Refused) else DPOP + verified.jkt
        return "" if presented is None else CERTIFICATE + presented.thumbprint

    def fresh_nonce(self, instant: int) -> tuple[bytes, bytes]:
        """The `DPoP-Nonce` header, for every answer to a DPoP caller, whose next proof needs it (RFC 9449 § 8.2)."""
        return b"dpop-nonce", self.nonces.current(instant // MICROSECONDS).encode()

    def deny(self, code: str, instant: int, *, nonce: bool = False) -> Denied:
        """401 with its challenge, RFC 6750 and 9449 § 7.1, 9."""
        error = b"use_dpop_nonce" if nonce else _ERRORS.get(code, b"invalid_token")
        challenge = (
            b'DPoP error="' + error + b'", algs="' + ALGORITHMS + b'"' if error else b'DPoP algs="' + ALGORITHMS + b'"'
        )
        headers = (b"www-authenticate", challenge)
        problem = Problem("Sign-in refused", 401, code, detail=_DETAILS.get(code, ""))
        return Denied(problem, (headers, self.fresh_nonce(instant)))

    def _agent(
        self, facts: TokenFacts, signed: bytes, token: bytes, instant: int
    ) -> TokenFacts | Denied | UnmetAgent:  # fmt: skip
        """The facts with who sits at the program. What a gateway carries, nobody sits at."""
        if not signed:
            return facts if facts.role else self.deny("agent-required", instant)
        if self.agents is None:
            return self.deny("agent-not-taken", instant)
        name = self.agents.known(facts, signed)
        return UnmetAgent(facts, signed, token) if name is None else replace(facts, agent=name)

    def _by_proof(self, facts: TokenFacts, proof: bytes, asked: dpop.Asked, instant: int) -> TokenFacts | Denied:
        if not proof:
            return self.deny("proof-required", instant)
        verified = dpop.verify(proof, asked, self.nonces, self.replay.first)
        if isinstance(verified, dpop.Refused):
            return self.deny(verified.code, instant, nonce=verified.needs_nonce)
        if facts.binding != DPOP + verified.jkt:
            return self.deny("wrong-key", instant)
        return facts

    def _by_certificate(self, facts: TokenFacts, scheme: bytes, values: list[bytes], instant: int) -> str | None:
        if scheme.lower() != b"bearer":
            return "wrong-token-type"
        presented = self._presented(values, instant, from_proxy=True)
        if presented is None:
            return "certificate-required"
        if isinstance(presented, certificate.Refused):
            return presented.code
        return None if facts.binding == CERTIFICATE + presented.thumbprint else "wrong-certificate"

    def _presented(
        self, values: list[bytes], instant: int, *, from_proxy: bool
    ) -> certificate.Verified | certificate.Refused | None:
        if self.authorities is None:
            return certificate.Refused("certificates-not-configured") if values else None
        return self.authorities.presented(values, instant // MICROSECONDS, from_proxy=from_proxy)


def word_of(signed: bytes, keys: Mapping[str, client_assertion.Jwk], token: bytes, seconds: int) -> tuple[str, str]:
    """The word of who sits at a program and "", or "" and the code of what is wrong with it."""
    found = client_assertion.verify_agent(signed, keys, token, seconds)
    return ("", found.code) if isinstance(found, client_assertion.Refused) else (found.agent, "")


def came_through(server: tuple[str, int | None] | None, proxy_socket: str) -> bool:
    """Whether a connection came by the proxy's Unix socket: `server` is the ASGI scope's, `(path, None)` in uvicorn."""
    return bool(proxy_socket) and server is not None and server[1] is None and server[0] == proxy_socket


def _credentials(headers: Headers) -> tuple[bytes, bytes, list[bytes], bytes, bool]:
    """Authorization, DPoP, every Client-Cert, Rempart-Agent, and whether one of them but a Client-Cert came twice."""
    authorization = proof = agent = b""
    certificates: list[bytes] = []
    repeated = False
    for name, value in headers:
        if name == b"authorization":
            repeated = repeated or authorization != b""
            authorization = value
        elif name == b"dpop":
            repeated = repeated or proof != b""
            proof = value
        elif name == certificate.HEADER:
            certificates.append(value)
        elif name == AGENT:
            repeated = repeated or agent != b""
            agent = value
    return authorization, proof, certificates, agent, repeated


_PROOF_CODES = (
    "oversized-proof malformed-proof wrong-method wrong-url stale-proof missing-jti wrong-token-hash "
    "unsupported-algorithm unusable-key bad-signature replayed-proof proof-required"
)
_ERRORS = dict.fromkeys(_PROOF_CODES.split(), b"invalid_dpop_proof") | {
    "token-required": b"",
    "repeated-credentials": b"invalid_request",
    "agent-required": b"invalid_request",
    "agent-not-taken": b"invalid_request",
    "malformed-agent": b"invalid_request",
    "stale-agent": b"invalid_request",
    "agent-like-a-person": b"invalid_request",
    "agents-too-many": b"invalid_request",
    "unknown-key": b"invalid_request",
}
"""RFC 6750 and 9449 words of codes that are not simply `invalid_token`; without a token there is none (§ 3.1)."""

_DETAILS = {
    "token-required": "Send a token of POST /v1/token in the Authorization header.",
    "invalid-token": "The token is unknown, expired or revoked: ask for a new one.",
    "missing-nonce": "Repeat the request with the DPoP-Nonce of this answer in the proof.",
    "stale-nonce": "Repeat the request with the DPoP-Nonce of this answer in the proof.",
    "stale-proof": "The proof's iat is more than 60 seconds away from the hub's clock.",
    "wrong-token-type": "A token bound to a key is sent as DPoP, one bound to a certificate as Bearer.",
    "agent-required": "This program must say who sits at it: send Rempart-Agent with each request.",
    "agent-not-taken": "Rempart-Agent is for the programs of sites and vendors.",
    "malformed-agent": "Rempart-Agent is a compact JWS of type rempart-agent+jwt: see docs/guide/machine-clients.md.",
    "stale-agent": "Sign Rempart-Agent anew for each token; look at your clock.",
    "agent-like-a-person": "Choose a word that is no name, NIR or date: till-3, u17.",
    "agents-too-many": "A program has 500 words at one site: give each person one, not each visit.",
    "unknown-key": "Sign Rempart-Agent with a registered key of the client.",
    "forged-certificate-header": "Client-Cert is believed from the proxy only.",
}
