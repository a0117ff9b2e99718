"""`/v1/stations…` and `/v1/delegations…`: workstations that people share, and locums.

Bytes are base64url without padding unless said otherwise; names are hexadecimal. No name of a person is anywhere here.
"""

from __future__ import annotations

import msgspec

from rempart.wire.account import PasskeyProof


class StationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A browser's P-256 public key, 65 bytes; `challenge` is the keeper's and the action's hash, `signed` signs it."""

    key: str
    challenge: str
    signed: PasskeyProof


class StationEnrolled(msgspec.Struct, frozen=True):
    """`station`: 32 hexadecimal characters that name the workstation."""

    station: str


class StationState(msgspec.Struct, frozen=True):
    """`made`: a day; `by`: the account that enrolled it; `seated`: people who may come in there by a PIN now."""

    station: str
    made: str
    by: str
    seated: int


class StationList(msgspec.Struct, frozen=True):
    """The site's workstations, in the order they were made."""

    stations: tuple[StationState, ...]


class SeatRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`proof` is what the workstation made of a PIN, 32 bytes; `signature` its own, 64 bytes."""

    challenge: str
    proof: str
    signature: str


class SeatAnswer(msgspec.Struct, frozen=True):
    """`seat`: 16 hexadecimal characters; good until `until`, when the shift ends."""

    seat: str
    until: str


class PinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes back by a PIN. `device`: as `wire.sign_in.told_device` takes it."""

    operator: str
    station: str
    seat: str
    challenge: str
    proof: str
    signature: str
    device: str = ""


class DelegationCodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The days, both included, for whoever gives the code; `challenge` is the keeper's and the action's hash."""

    first: str
    last: str
    challenge: str
    signed: PasskeyProof


class DelegationCode(msgspec.Struct, frozen=True):
    """`code` is told once: 8 characters, good once, until `expires`."""

    code: str
    expires: str


class DelegationClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A manager's code, however it was typed."""

    code: str


class DelegationTaken(msgspec.Struct, frozen=True):
    """Where the locum works now, from the first to the last day."""

    site: str
    first: str
    last: str


class DelegationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A locum's account and days, both included; `challenge` is the keeper's and the action's hash."""

    account: str
    first: str
    last: str
    challenge: str
    signed: PasskeyProof
