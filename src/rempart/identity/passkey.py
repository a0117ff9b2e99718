"""A passkey's registration and assertion, verified: Web Authentication Level 3 § 7.1 and § 7.2 (W3C, 2026).

Here stand the choices, each with its own code; then `webauthn` 3 verifies the whole again. Held to: user present and
verified; the exact challenge, type, origin and relying-party id; no frame of another origin; ES256 (P-256), EdDSA
(Ed25519), RS256 (2048 to 4096 bits); no certificate of the authenticator's maker, which nobody asked for. Left to the
caller: that a challenge is used once, and whose credential it is. Left out: extensions, token binding, the user handle
(the credential's id alone says whose it is), and what backup flags tell. To import this costs a quarter of a second.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn.authentication.verify_authentication_response import verify_authentication_response
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationObject,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    RegistrationCredential,
)
from webauthn.registration.verify_registration_response import verify_registration_response

MAX_CLIENT_DATA = 4096  # bytes
MAX_ATTESTATION = 8192  # bytes
MAX_AUTHENTICATOR_DATA = 1024  # bytes
MAX_CREDENTIAL = 1023  # bytes, § 7.1
MAX_SIGNATURE = 1024  # bytes
RSA_BITS = (2048, 4096)
MAX_EXPONENT = 1 << 32
ALGORITHMS = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
_USER_PRESENT, _USER_VERIFIED = 0x01, 0x04
# What the library and cryptography raise on bytes that are no passkey's: its parsers index and convert unguarded.
_FAULTS = (
    WebAuthnException, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, LookupError, AttributeError,
    OverflowError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whose passkeys: `rp_id` a host name, `origins` the exact origins from which its pages may ask."""

    rp_id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey: `key` is its COSE public key, `counter` what its authenticator counts (0: it does not count)."""

    credential: bytes
    key: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class Signed:
    """What a browser gives for an assertion: clientDataJSON, authenticatorData, signature."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is stable, kebab-case, and says nothing of the value that was presented."""

    code: str


class _ClientData(msgspec.Struct, frozen=True, rename={"cross": "crossOrigin", "top": "topOrigin"}):
    """CollectedClientData, § 5.8.1; members that are not named are let through, as § 5.8.1.1 asks."""

    type: str
    challenge: str
    origin: str
    cross: bool = False
    top: str | None = None


def verify_registration(
    party: RelyingParty, challenge: bytes, client_data: bytes, attestation: bytes
) -> Registered | Refused:
    """The passkey in the answer to `navigator.credentials.create()`, § 7.1.

    Codes: oversized-passkey, malformed-passkey, wrong-type, other-challenge, other-origin, cross-origin, other-rp,
    user-not-present, user-not-verified, attestation-not-asked, unsupported-key, bad-signature.
    """
    if len(client_data) > MAX_CLIENT_DATA or len(attestation) > MAX_ATTESTATION:
        return Refused("oversized-passkey")
    code = _client_data_fault(party, challenge, client_data, "webauthn.create")
    if code:
        return Refused(code)
    try:
        parsed = parse_attestation_object(attestation)
        code = _authenticator_fault(party, *_flags_of(parsed)) or _attestation_fault(parsed)
    except _FAULTS:
        code = "malformed-passkey"
    return Refused(code) if code else _registered(party, challenge, client_data, attestation)


def verify_assertion(party: RelyingParty, challenge: bytes, passkey: Registered, signed: Signed) -> int | Refused:
    """The authenticator's counter after the answer to `navigator.credentials.get()`, § 7.2; `passkey` as stored.

    Codes: oversized-passkey, malformed-passkey, wrong-type, other-challenge, other-origin, cross-origin, other-rp,
    user-not-present, user-not-verified, bad-signature, counter-back (§ 6.1.1: a counter that does not go up).
    """
    data = signed.authenticator_data
    if len(signed.client_data) > MAX_CLIENT_DATA or len(data) > MAX_AUTHENTICATOR_DATA:
        return Refused("oversized-passkey")
    if len(data) < 37 or len(signed.signature) > MAX_SIGNATURE:
        return Refused("malformed-passkey")
    code = _client_data_fault(party, challenge, signed.client_data, "webauthn.get")
    code = code or _authenticator_fault(party, data[:32], data[32])
    if code:
        return Refused(code)
    counter = _verified_counter(party, challenge, passkey, signed)
    if isinstance(counter, int) and (counter or passkey.counter) and counter <= passkey.counter:
        return Refused("counter-back")  # after the signature: nobody else may raise this alarm
    return counter


def _client_data_fault(party: RelyingParty, challenge: bytes, client_data: bytes, wanted: str) -> str:
    try:
        said = msgspec.json.decode(client_data, type=_ClientData)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "malformed-passkey"
    if said.type != wanted:
        return "wrong-type"
    if said.challenge != urlsafe_b64encode(challenge).rstrip(b"=").decode():
        return "other-challenge"
    if said.origin not in party.origins:
        return "other-origin"
    return "cross-origin" if said.cross or said.top is not None else ""


def _authenticator_fault(party: RelyingParty, rp_id_hash: bytes, flags: int) -> str:
    if rp_id_hash != hashlib.sha256(party.rp_id.encode()).digest():
        return "other-rp"
    if not flags & _USER_PRESENT:
        return "user-not-present"
    return "" if flags & _USER_VERIFIED else "user-not-verified"


def _flags_of(parsed: AttestationObject) -> tuple[bytes, int]:
    flags = parsed.auth_data.flags
    return parsed.auth_data.rp_id_hash, _USER_PRESENT * flags.up | _USER_VERIFIED * flags.uv


def _attestation_fault(parsed: AttestationObject) -> str:
    """None was asked for; a browser then gives `none`, or `packed` signed with the passkey itself (§ 5.1.3)."""
    told = parsed.att_stmt
    if parsed.fmt != "none" and (parsed.fmt != "packed" or told.x5c is not None):
        return "attestation-not-asked"
    credential = parsed.auth_data.attested_credential_data
    if credential is None or not 0 < len(credential.credential_id) <= MAX_CREDENTIAL:
        return "malformed-passkey"
    return "" if _usable(credential.credential_public_key) else "unsupported-key"


def _usable(cose: bytes) -> bool:
    """Whether a COSE key is of a kind that is accepted, a point of its curve, and long enough."""
    decoded = decode_credential_public_key(cose)
    if decoded.alg not in ALGORITHMS:
        return False
    key = decoded_public_key_to_cryptography(decoded)
    if isinstance(key, EllipticCurvePublicKey):
        return isinstance(key.curve, SECP256R1)
    if isinstance(key, RSAPublicKey):
        short = key.public_numbers().e < MAX_EXPONENT  # a long one makes each signature cost milliseconds
        return short and RSA_BITS[0] <= key.key_size <= RSA_BITS[1]
    return isinstance(key, Ed25519PublicKey)


def _registered(party: RelyingParty, challenge: bytes, client_data: bytes, attestation: bytes) -> Registered | Refused:
    try:
        found = verify_registration_response(
            credential=RegistrationCredential(
                id="", raw_id=b"", response=AuthenticatorAttestationResponse(client_data, attestation)
            ),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    except _FAULTS:
        return Refused("bad-signature")
    return Registered(found.credential_id, found.credential_public_key, found.sign_count)


def _verified_counter(party: RelyingParty, challenge: bytes, passkey: Registered, signed: Signed) -> int | Refused:
    response = AuthenticatorAssertionResponse(signed.client_data, signed.authenticator_data, signed.signature)
    try:
        found = verify_authentication_response(
            credential=AuthenticationCredential(id="", raw_id=b"", response=response),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            credential_public_key=passkey.key,
            credential_current_sign_count=0,  # ours to compare: the library's refusals are told by their words alone
            require_user_verification=True,
        )
    except _FAULTS:
        return Refused("bad-signature")
    return found.new_sign_count
