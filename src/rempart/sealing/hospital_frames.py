"""The keeper about people whom a hospital's own OpenID provider vouches for. See docs/operations/hospitals.md.

What comes back is a session as a passkey opens one (`account_frames.SessionResult`). Instants are microseconds UTC.
"""

from __future__ import annotations

from .account_frames import SessionResult
from .item import Item


class HospitalItem(Item, frozen=True):
    """An id_token over a challenge of ours (purpose `provider`), whose base64url is its nonce."""

    operator: str
    binding: str
    hospital: str
    challenge: bytes
    id_token: bytes
    instant: int

    def __repr__(self) -> str:
        return "HospitalItem(…)"


class RegisterHospital(Item, frozen=True):
    """Adds or replaces a hospital's provider at an operator's portal.

    `name`: a word of small letters, digits and hyphens; `acr`, `amr`: what must be told of how the person signed in, at
    least one of them; `roles`: value of `claim` → role at `sites`; `keys` are public JWKs by `kid`; none: closed.
    """

    operator: str
    name: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    amr: tuple[str, ...]
    claim: str
    roles: dict[str, str]
    sites: tuple[str, ...]
    keys: dict[str, dict[str, str]]


HOSPITALS: dict[str, tuple[type[Item], type[Item]]] = {"hospital": (HospitalItem, SessionResult)}
"""What the `ask` socket answers of them."""
