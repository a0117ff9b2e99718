"""What a portal needs to send somebody to Pro Santé Connect and to know them when they come back.

OpenID Connect Core 1.0 § 3.1.2.1 (code flow) with PKCE (RFC 7636, S256). The nonce is a challenge of the keeper; state
and verifier stay with the browser that began. Nothing is verified here but the state: the hub and the keeper verify.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from urllib.parse import urlencode

import msgspec

SCOPE = "openid scope_all"


@dataclass(frozen=True, slots=True)
class Registered:
    """The portal at the provider: its authorize page, our client id, where it sends people back, the level we ask."""

    authorize: str
    client_id: str
    redirect_uri: str
    acr: str = "eidas1"
    scope: str = SCOPE


class Begun(msgspec.Struct, frozen=True):
    """What the browser that began keeps, in a cookie; `challenge` is the keeper's. `joining`: it has no account yet."""

    state: str
    verifier: str
    challenge: str
    joining: bool = False

    def __repr__(self) -> str:
        return "Begun(…)"


@dataclass(frozen=True, slots=True)
class Back:
    """What a browser came back with; `issuer` "" when it brought none, `error` "" when there is none."""

    state: str
    code: str = field(repr=False)
    issuer: str = ""
    error: str = ""


def begin(challenge: str) -> Begun:
    """A fresh state and verifier around a challenge for the purpose `provider`."""
    return Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(48), challenge)


def address(registered: Registered, begun: Begun) -> str:
    """Where to send the browser."""
    asked = {
        "response_type": "code", "client_id": registered.client_id, "redirect_uri": registered.redirect_uri,
        "scope": registered.scope, "state": begun.state, "nonce": begun.challenge,
        "code_challenge": code_challenge(begun.verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    level = {"acr_values": registered.acr} if registered.acr else {}
    return f"{registered.authorize}?{urlencode(asked | level)}"


def code_challenge(verifier: str) -> str:
    """S256 of RFC 7636 § 4.2."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def same_browser(begun: Begun, back: Back) -> bool:
    """Whether who comes back is who began."""
    return bool(back.state) and hmac.compare_digest(begun.state.encode(), back.state.encode("utf-8", "replace"))
