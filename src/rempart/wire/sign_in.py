"""`/v1/sign-in/…` and `/v1/session/…`: how a person signs in with a passkey through an operator's portal.

Bytes are base64url without padding, as browsers' WebAuthn gives them. Every request carries a DPoP proof of the
portal's key: a session is worth something with that key only. Nothing here is a password.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

MOST = 16 * 1024  # bytes of a body
BROWSERS = ("firefox", "chrome", "edge", "safari", "opera", "samsung", "other")
SYSTEMS = ("windows", "macos", "linux", "android", "ios", "chromeos", "other")
DEVICES = frozenset(f"{browser}/{system}" for browser in BROWSERS for system in SYSTEMS)
"""What a portal may tell of a device, from the browser's own word; anything else is kept as nothing."""
_CITY = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’()-]){0,38}")
SITE_ROLES = ("professional", "staff", "manager")
INSURER_ROLES = ("case-worker", "insurer-manager")
OPERATOR_ROLES = ("agent", "support", "security", "data-protection")
"""A person's roles: at the counter of sites, at an insurer's desk, at the operator's own."""
Purpose = Literal["enrol", "sign-in", "provider", "add-passkey", "approve", "station"]


def told_device(text: str) -> str:
    """One of `DEVICES`, and where the portal knows it `@` and a city; what is neither is left out. At most 60."""
    device, _, city = text.partition("@")
    if device not in DEVICES:
        return ""
    return f"{device}@{city}" if named_city(city) else device


def named_city(text: str) -> str:
    """The text where it can be a city's name: letters of any alphabet, spaces and what joins them; else ""."""
    return text if _CITY.fullmatch(text) else ""


class ChallengeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser is to sign, for one operator's portal.

    `site` is asked for while the portal reopens in waves: where the person works, or what a desk's invitation names.
    """

    operator: str
    purpose: Purpose
    site: str = ""


class ChallengeAnswer(msgspec.Struct, frozen=True):
    """`challenge` is the keeper's and good once, for `expires_in` seconds; `rp_id` is the operator's host name."""

    challenge: str
    rp_id: str
    expires_in: int


class EnrolRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new passkey under an invitation: its code, the place it names, what the browser made.

    `site`: the site's billing number; of a desk's invitation the insurer's number, or the operator's id.
    """

    operator: str
    invitation: str
    site: str
    challenge: str
    client_data: str
    attestation: str


class EnrolAnswer(msgspec.Struct, frozen=True):
    """The account that has this passkey now."""

    account: str


class PasskeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser signed. `site` may be left out: then it is the only one, or is chosen by a renewal.

    `device`: as `told_device` takes it, for the person's own list of sessions.
    """

    operator: str
    challenge: str
    credential: str
    client_data: str
    authenticator_data: str
    signature: str
    site: str = ""
    device: str = ""


class RenewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`site` chooses among the account's sites; empty keeps the one there is."""

    site: str = ""


class SessionAnswer(msgspec.Struct, frozen=True):
    """`token` is opaque, bound to the portal's key, and good for `expires_in` seconds unless renewed.

    `site` is empty while it has to be chosen among `sites`; `profession` is the site's. `ends_in`: seconds to the end
    of the shift, after which one signs in again. A desk's session has no site: `insurer` is the one whose desk it is,
    empty at the operator's own. `exports_from`: after a recovery, from when papers of payments can be taken away, UTC.
    `zone`: the IANA name of the site's, by which its days are read; empty without a site.
    """

    token: str
    account: str
    role: str
    site: str
    sites: tuple[str, ...]
    profession: str
    expires_in: int
    ends_in: int
    insurer: str = ""
    exports_from: str = ""
    zone: str = ""
