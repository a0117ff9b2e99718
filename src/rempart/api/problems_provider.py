"""Refusals of a sign-in by Pro Santé Connect, and what its portal is told: part of `problems.TABLE`."""

from __future__ import annotations

_ANEW = "Begin again from the sign-in page."
_TELL = "Begin again; if it happens twice, tell the operator: this is what an attack looks like."
PROVIDER: dict[str, tuple[int, str, str]] = {
    # code: (status, title, what to do)
    "provider-unknown": (403, "This operator's portal has no Pro Santé Connect", "Sign in with a passkey."),
    "provider-mixed-up": (401, "Another provider answered", _TELL),
    "provider-code": (401, "The provider does not take this code", "A code is good once, for a minute. " + _ANEW),
    "oversized-id-token": (401, "The provider's token is too long", _TELL),
    "malformed-id-token": (401, "The provider's token cannot be read", _TELL),
    "unsupported-algorithm": (401, "The provider's token is signed in a way that is not taken", _TELL),
    "provider-key-unknown": (
        503, "The provider signs with a key that is not registered here",
        "Sign in with a passkey. The operator registers the provider's new key.",
    ),
    "provider-signature": (401, "The provider did not sign this token", _TELL),
    "provider-issuer": (401, "The token is of another provider", _TELL),
    "provider-audience": (401, "The token was given for another program", _TELL),
    "provider-nonce": (401, "The token is not for this sign-in", _TELL),
    "provider-acr": (401, "The provider does not say that it was sure enough", "Use your e-CPS or CPS card."),
    "provider-amr": (401, "The provider does not say that a second factor was shown", "Sign in there with both."),
    "provider-role": (
        403, "The provider names no work that is known here", "Ask your hospital to correct your record."
    ),
    "provider-expired": (401, "The provider's token is too old", _ANEW),
    "provider-identity": (401, "The provider does not say, or not once, who this is", "Call the operator."),
    "malformed-userinfo": (503, "The provider's description cannot be read", "Try again, or sign in with a passkey."),
    "link-unknown": (403, "Nobody here is linked to this professional", "Ask the operator for an invitation."),
    "passkey-required": (403, "This account must have a passkey by now", "Ask the operator for an invitation."),
    "no-exercice": (403, "Pro Santé Connect tells of no place that is registered here", "Call the operator."),
}  # fmt: skip
