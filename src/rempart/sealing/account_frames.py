"""The keeper's protocol about people who sign in through an operator's portal. See `frames`; docs/formats/sessions.md.

A binding is `jkt:` and the RFC 7638 thumbprint of the portal's DPoP key; instants are microseconds UTC.
"""

from __future__ import annotations

from .item import Item

ENROL = "enrol"
SIGN_IN = "sign-in"
PURPOSES = (ENROL, SIGN_IN)
ROLES = ("professional", "staff", "manager")


class ChallengeItem(Item, frozen=True):
    """What for: `enrol` or `sign-in`. Only this portal, with this key, may use what comes back."""

    purpose: str
    operator: str
    binding: str
    instant: int


class ChallengeResult(Item, frozen=True):
    """`challenge` is 40 bytes, good once until `expires`; `rp_id` is what a browser is told beside it."""

    refusal: str = ""
    challenge: bytes = b""
    rp_id: str = ""
    expires: int = 0


class EnrolItem(Item, frozen=True):
    """A new passkey under an invitation: its code as typed, the site it must be for, and what the browser made."""

    operator: str
    binding: str
    code: str
    site: str
    challenge: bytes
    client_data: bytes
    attestation: bytes
    instant: int

    def __repr__(self) -> str:
        return "EnrolItem(…)"


class EnrolResult(Item, frozen=True):
    """Whose passkey it is now, and its credential id."""

    refusal: str = ""
    account: str = ""
    credential: bytes = b""


class PasskeyItem(Item, frozen=True):
    """What a browser signed with a passkey. `site` may be "": then it is the only one, or chosen by a renewal."""

    operator: str
    binding: str
    challenge: bytes
    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    site: str
    instant: int

    def __repr__(self) -> str:
        return "PasskeyItem(…)"


class RenewItem(Item, frozen=True):
    """A session's last grant. `site` "" keeps the site, another one changes to it."""

    grant: bytes
    site: str
    binding: str
    instant: int

    def __repr__(self) -> str:
        return "RenewItem(…)"


class SessionResult(Item, frozen=True):
    """`sites` are those with a mandate in force; `site` is "" while one has to be chosen. `until` ends the shift."""

    refusal: str = ""
    grant: bytes = b""
    account: str = ""
    operator: str = ""
    site: str = ""
    sites: tuple[str, ...] = ()
    role: str = ""
    expires: int = 0
    until: int = 0


class PortalItem(Item, frozen=True):
    """Adds or replaces an operator's portal.

    `rp_id` is its host name, `origins` the web origins it may speak from, `keys` thumbprints of its DPoP keys; without
    keys it is closed.
    """

    operator: str
    rp_id: str
    origins: tuple[str, ...]
    keys: tuple[str, ...]


class InviteItem(Item, frozen=True):
    """An account's invitation to make a passkey, by the hash of its code (`sealing.invitations`); `expires` excluded.

    Registers the account when it is new. It may act for the site by a mandate only.
    """

    account: str
    operator: str
    site: str
    role: str  # professional | staff | manager
    code_hash: bytes
    expires: int


class RevokePasskey(Item, frozen=True):
    """That passkey opens nothing any more, and sessions that it opened end."""

    account: str
    credential: bytes
