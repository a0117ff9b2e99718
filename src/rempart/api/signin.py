"""Who a request comes from: the token, and the proof that its holder is the one it was made for (DPoP, certificate).

`SignIn.authenticate` reads the raw ASGI headers and memory only, for the hot path; `authenticate_or_read` asks the
database too, when this hub has not met the token.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rempart.application.replay import ReplayMemory
from rempart.application.tokens import CERTIFICATE, DPOP, TokenCache, TokenFacts, digest_of
from rempart.ground.instants import MICROSECONDS
from rempart.identity import certificate, dpop
from rempart.wire.problem import Problem

Headers = list[tuple[bytes, bytes]]
MAX_TOKEN = 128  # bytes
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
class SignIn:
    """What authentication needs. `authorities` None: no vendor authority is configured, certificates are refused."""

    cache: TokenCache
    nonces: dpop.Nonces
    authorities: certificate.Authorities | None = None
    replay: ReplayMemory = field(default_factory=ReplayMemory)

    def authenticate(
        self, headers: Headers, method: str, url: str, instant: int, *, from_proxy: bool = False
    ) -> TokenFacts | Denied | Unmet:
        """Facts of the token, a refusal, or `Unmet`. `url` as the client sees it; `instant` microseconds UTC.

        `from_proxy` says that the connection came in by the named proxy's socket: see `came_through`.
        """
        authorization, proof, certificates, repeated = _credentials(headers)
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
        if not isinstance(found, Unmet):
            return found
        if await self.cache.fetch(found.digest, instant) is not None:
            found = self.authenticate(headers, method, url, instant, from_proxy=from_proxy)
        return self.deny("invalid-token", instant) if isinstance(found, Unmet) else found

    def binding(
        self, headers: Headers, method: str, url: str, instant: int, *, from_proxy: bool = False
    ) -> str | dpop.Refused | certificate.Refused:
        """What a request for a token proves: `jkt:…`, else `x5t#S256:…`, "" when it proves nothing."""
        _, proof, certificates, repeated = _credentials(headers)
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


def came_through(server: tuple[str, int | None] | None, proxy_socket: str) -> bool:
    """Whether a connection came by the proxy's Unix socket: `server` is the ASGI scope's, `(path, None)` in uvicorn."""
    return bool(proxy_socket) and server is not None and server[1] is None and server[0] == proxy_socket


def _credentials(headers: Headers) -> tuple[bytes, bytes, list[bytes], bool]:
    """Authorization, DPoP, every Client-Cert, and whether one of the first two came twice."""
    authorization = proof = b""
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
    return authorization, proof, certificates, repeated


_PROOF_CODES = (
    "oversized-proof malformed-proof wrong-method wrong-url stale-proof missing-jti wrong-token-hash "
    "unsupported-algorithm unusable-key bad-signature replayed-proof proof-required"
)
_ERRORS = dict.fromkeys(_PROOF_CODES.split(), b"invalid_dpop_proof") | {
    "token-required": b"",
    "repeated-credentials": b"invalid_request",
}
"""RFC 6750 and 9449 words of codes that are not simply `invalid_token`; without a token there is none (§ 3.1)."""

_DETAILS = {
    "token-required": "Send a token of POST /v1/token in the Authorization header.",
    "invalid-token": "The token is unknown, expired or revoked: ask for a new one.",
    "missing-nonce": "Repeat the request with the DPoP-Nonce of this answer in the proof.",
    "stale-nonce": "Repeat the request with the DPoP-Nonce of this answer in the proof.",
    "stale-proof": "The proof's iat is more than 60 seconds away from the hub's clock.",
    "wrong-token-type": "A token bound to a key is sent as DPoP, one bound to a certificate as Bearer.",
    "forged-certificate-header": "Client-Cert is believed from the proxy only.",
}
