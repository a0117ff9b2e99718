"""`/v1/sign-in/provider`: how a person signs in by Pro Santé Connect through an operator's portal.

The portal sends what the browser came back with; the hub exchanges it, and the keeper verifies what comes of it.
Carries a DPoP proof of the portal's key, as `rempart.wire.sign_in`.
"""

from __future__ import annotations

import msgspec

from rempart.wire.sign_in import SessionAnswer


class ProviderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`challenge` was the nonce, `verifier` is PKCE's; `issuer` is the answer's `iss`, "" when it had none."""

    operator: str
    challenge: str
    code: str
    verifier: str
    issuer: str = ""


class Workplace(msgspec.Struct, frozen=True):
    """A site where one may work now, as the provider tells of it: trade name, profession and mode may be empty."""

    site: str
    name: str = ""
    profession: str = ""
    mode: str = ""


class ProviderAnswer(msgspec.Struct, frozen=True):
    """A session, on probation; `workplaces` are its sites, to choose among."""

    session: SessionAnswer
    workplaces: tuple[Workplace, ...]
