"""The programs that sign in for the country's sites, as an operator registers them; demo keys from the seed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.simulation.country import Country
from rempart.simulation.day import CONCENTRATED, CONCENTRATOR, UNMANDATED


@dataclass(frozen=True, slots=True)
class Registration:
    """One client: its kind, the billing numbers it may act for, and its private JWK (its public part is registered)."""

    client: str
    kind: Literal["site", "concentrator"]
    sites: tuple[str, ...]
    private_jwk: dict[str, str]

    def __repr__(self) -> str:
        return f"Registration({self.client})"

    @property
    def public_jwk(self) -> dict[str, str]:
        return {name: value for name, value in self.private_jwk.items() if name != "d"}


def registrations(country: Country) -> Iterator[Registration]:
    """Every client of the country: one per site, and the concentrator with its mandates."""
    for site in country.all_sites():
        yield Registration(site.client, "site", (site.number,), demo_jwk(site.secret))
    mandates = tuple(country.site(index).number for index in CONCENTRATED if index != UNMANDATED)
    yield Registration(CONCENTRATOR, "concentrator", mandates, demo_jwk(country.chance.bytes_of("concentrator", 1)))


def registration_of(country: Country, site: int) -> Registration:
    """The client of one site."""
    found = country.site(site)
    return Registration(found.client, "site", (found.number,), demo_jwk(found.secret))


def demo_jwk(secret: bytes) -> dict[str, str]:
    """A private Ed25519 JWK with its RFC 7638 thumbprint as `kid`. Whoever knows the seed has it: demo only."""
    raw = hashlib.blake2b(secret, digest_size=32, person=b"demo-client-key").digest()
    public = _encode(Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw())
    thumbprint = _encode(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}'.encode()).digest())
    return {"kty": "OKP", "crv": "Ed25519", "x": public, "d": _encode(raw), "kid": thumbprint}


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
