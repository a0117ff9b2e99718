"""One vendor with a mandate, and the token endpoint over simulated ports."""

from __future__ import annotations

from datetime import date

from rempart.api.signin import SignIn
from rempart.api.token import PATH, RegisteredAssertions, TokenEndpoint
from rempart.application.tokens import TokenCache, Tokens
from rempart.client import assertion
from rempart.domain.parties import Client, Mandate, Site
from rempart.ground.instants import MICROSECONDS
from rempart.identity.dpop import Nonces
from support.tokens import MemoryStore, Registry, SimulatedKeeper

BASE = "https://hub.example"
AUDIENCE = BASE + PATH
NOW = 1_772_445_600 * MICROSECONDS  # 2 March 2026, 10:00 UTC
SITE, OTHER = "752345678", "692345678"


class TokenWorld:
    """`key` is the vendor's private JWK; `endpoint` and `sign_in` are the real code."""

    def __init__(self, audience: str = AUDIENCE, base: str = BASE) -> None:
        self.key = assertion.generate_key()
        self.registry = Registry(
            {site: Site(site, "pharmacy", "operator") for site in (SITE, OTHER)},
            {"vendor": Client("vendor", "vendor", "", "pharma-soft")},
            {"vendor": {self.key["kid"]: assertion.public_key(self.key)}},
            [Mandate("vendor", SITE, date(2026, 1, 1), date(2036, 12, 31))],
        )
        self.store = MemoryStore()
        self.cache = TokenCache(self.store)
        keeper = SimulatedKeeper(self.registry, audience)
        proofs = RegisteredAssertions(self.registry, audience)
        self.tokens = Tokens(keeper, proofs, self.registry, self.store, self.cache)
        self.sign_in = SignIn(self.cache, Nonces(b"n" * 32))
        self.endpoint = TokenEndpoint(self.tokens, self.sign_in, base)
