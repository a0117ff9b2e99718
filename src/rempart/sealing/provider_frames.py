"""The keeper's protocol about people who come by Pro Santé Connect. See `frames`; docs/formats/pro-sante-connect.md.

What comes back is a session as a passkey opens one (`account_frames.SessionResult`). Instants are microseconds UTC.
"""

from __future__ import annotations

from .item import Item


class ProviderItem(Item, frozen=True):
    """An id_token over a challenge of ours, whose base64url is its nonce.

    `sites`: billing numbers of the places that userinfo names; `anywhere`: one of its activities names no place. They
    narrow down what the keeper has registered, and never add to it.
    """

    operator: str
    binding: str
    challenge: bytes
    id_token: bytes
    sites: tuple[str, ...]
    anywhere: bool
    instant: int

    def __repr__(self) -> str:
        return "ProviderItem(…)"


class RegisterProvider(Item, frozen=True):
    """Adds or replaces the provider of an operator's portal: `keys` are its public JWKs by `kid`; none: closed."""

    operator: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    keys: dict[str, dict[str, str]]


class LinkItem(Item, frozen=True):
    """Who PS_IdNat `national_id` names is that account, at that site; or who `person` names, by a name of the keeper.

    Until `until` such a person signs in though the account has no passkey yet.
    """

    operator: str
    national_id: str
    account: str
    site: str
    role: str
    until: int
    person: bytes = b""

    def __repr__(self) -> str:
        return "LinkItem(…)"


class UnlinkItem(Item, frozen=True):
    """Nobody comes in as that account by the provider any more, and sessions opened so end."""

    operator: str
    account: str
