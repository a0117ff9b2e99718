"""What the API's document says of people's sign-in."""

from __future__ import annotations

from rempart.api.schema_base import ALWAYS, SIGNED, Words

_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields", *ALWAYS)
_PORTAL = ("unknown-portal", "portal-key-unknown", "clock-apart")
_CHALLENGE = ("challenge-invalid", "challenge-expired", "challenge-spent")
_STANDING = ("turn", "account-revoked", "client-standing", "site-standing", "no-mandate", "accountable-gone")

PEOPLE: dict[str, Words] = {
    "AskChallenge": Words(
        "What is the browser to sign?",
        "For an operator's portal, which proves itself with the DPoP proof of its registered key. The challenge is the"
        " keeper's, and good once.",
        ("turn", "turn-site", *_PORTAL, *_BODY), secured=False, proof=True, body="ChallengeRequest",
    ),
    "EnrolPasskey": Words(
        "Register a passkey under an invitation",
        "The code is good once, for seven days, for one site. The keeper verifies what the browser made"
        " against the host name and origin in the operator's record. There is no password.",
        ("turn", "invitation-unknown", "passkey-refused", "passkey-exists", *_CHALLENGE, *_PORTAL, *_BODY),
        secured=False, proof=True, body="EnrolRequest",
    ),
    "SignInByPasskey": Words(
        "Sign in with a passkey",
        "Gives a session that is bound to the portal's key: send its token as Authorization: DPoP with a proof, as"
        " programs do. Where the account works at several sites, choose one by a renewal.",
        (
            "unknown-passkey", "passkey-refused", "passkey-revoked", "passkey-cloned", *_STANDING, *_CHALLENGE,
            *_PORTAL, *_BODY,
        ),
        secured=False, proof=True, body="PasskeyRequest",
    ),
    "RenewSession": Words(
        "Go on with a session, perhaps at another site",
        "The same token for another quarter of an hour, until the shift ends; then one signs in again.",
        (
            "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "purpose", "session-over",
            "session-idle", "other-binding", "clock-apart", *_STANDING, *SIGNED,
        ),
        body="RenewRequest",
    ),
    "EndSession": Words(
        "Sign out", "The session is worth nothing from the next request on.", ("purpose", *SIGNED),
    ),
}  # fmt: skip
TAG = ("sign-in", "People", "How a person signs in at an operator's portal: with a passkey, never with a password.")

PEOPLE_FIELDS: dict[str, dict[str, str]] = {
    "ChallengeRequest": {
        "operator": "Whose portal it is.",
        "purpose": (
            "`enrol` for a new passkey, `sign-in` for a session, `add-passkey` and `approve` in one, `provider` as the"
            " nonce of Pro Santé Connect."
        ),
        "site": "While the portal reopens in waves: the site's billing number, or what a desk's invitation names.",
    },
    "ChallengeAnswer": {
        "challenge": "What the browser signs, base64url; good once.",
        "rp_id": "The host name to which passkeys of this operator are bound.",
        "expires_in": "Seconds.",
    },
    "EnrolRequest": {
        "operator": "Whose portal it is.",
        "invitation": "The code, as typed.",
        "site": "What the code was given for: a site's billing number, an insurer's number, or the operator.",
        "challenge": "As it was given.",
        "client_data": "clientDataJSON of the browser's answer, base64url.",
        "attestation": "attestationObject of the browser's answer, base64url.",
    },
    "EnrolAnswer": {"account": "Whose passkey it is now: an id, not a name."},
    "PasskeyRequest": {
        "operator": "Whose portal it is.",
        "challenge": "As it was given.",
        "credential": "rawId of the browser's answer, base64url.",
        "client_data": "clientDataJSON of the browser's answer, base64url.",
        "authenticator_data": "authenticatorData of the browser's answer, base64url.",
        "signature": "signature of the browser's answer, base64url.",
        "site": "The site to work at; left out, the only one, or chosen later by a renewal.",
        "device": "Browser, system and perhaps city, firefox/windows@Rennes, for the person's own list of sessions.",
    },
    "RenewRequest": {"site": "Another of the session's sites; left out, the one there is."},
    "SessionAnswer": {
        "token": "Opaque; kept by the browser alone, and worth nothing without the portal's key.",
        "account": "Who signed in: an id, not a name.",
        "role": "At a site professional, staff or manager; or one of a desk.",
        "site": "Where; empty while one of `sites` has to be chosen, and at a desk.",
        "sites": "Where the account works today.",
        "profession": "The site's.",
        "expires_in": "Seconds until it must be renewed.",
        "ends_in": "Seconds until the shift ends and one signs in again.",
        "insurer": "The insurer whose desk it is; empty for everybody else.",
        "exports_from": "After a recovery, from when papers of payments can be taken away, UTC; empty: now.",
        "zone": "The site's, an IANA name such as Indian/Reunion: its days are read there; empty at a desk.",
    },
}
