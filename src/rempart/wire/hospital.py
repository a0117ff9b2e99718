"""`/v1/sign-in/hospital`: how somebody of a hospital signs in by the hospital's own OpenID provider.

The portal sends what the browser came back with; the hub exchanges it, and the keeper verifies what comes of it.
Carries a DPoP proof of the portal's key, as `rempart.wire.sign_in`.
"""

from __future__ import annotations

import msgspec


class HospitalRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`hospital` is its word at the operator; `challenge` was the nonce, `verifier` is PKCE's.

    `issuer` is the answer's `iss`, "" when it had none; `device`: as `wire.sign_in.told_device` takes it.
    """

    operator: str
    hospital: str
    challenge: str
    code: str
    verifier: str
    issuer: str = ""
    device: str = ""
