"""Shared workstations and locums as calls, and what a manager's passkey signs of them."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from rempart.client.calls import Call, Repeat
from rempart.sealing import actions
from rempart.wire.account import PasskeyProof
from rempart.wire.stations import (
    DelegationClaim,
    DelegationCode,
    DelegationCodeRequest,
    DelegationRequest,
    DelegationTaken,
    SeatAnswer,
    SeatRequest,
    StationEnrolled,
    StationList,
    StationRequest,
)

_STATION = re.compile(r"[0-9a-f]{32}")
_ACCOUNT = re.compile(r"a[0-9a-z]{15}")


def stations() -> Call[StationList]:
    """The site's workstations."""
    return Call("GET", "/v1/stations", StationList)


def enrol(key: str, challenge: str, signed: PasskeyProof) -> Call[StationEnrolled]:
    """One more; `challenge` as `to_enrol` made it."""
    body = msgspec.json.encode(StationRequest(key, challenge, signed))
    return Call("POST", "/v1/stations", StationEnrolled, body, repeat=Repeat.NEVER)


def end_station(station: str) -> Call[bytes]:
    """Ends one, and what was opened there by a PIN. Raises ValueError for what is no name."""
    return Call("POST", f"/v1/stations/{_named(_STATION, station)}/end", bytes)


def sit(station: str, request: SeatRequest) -> Call[SeatAnswer]:
    """A PIN for this shift. The challenge is good once: not repeated when its answer got lost."""
    path = f"/v1/stations/{_named(_STATION, station)}/seats"
    return Call("POST", path, SeatAnswer, msgspec.json.encode(request), repeat=Repeat.NEVER)


def delegate(request: DelegationRequest) -> Call[bytes]:
    """A locum; `challenge` as `to_delegate` made it."""
    return Call("POST", "/v1/delegations", bytes, msgspec.json.encode(request), repeat=Repeat.NEVER)


def give_code(request: DelegationCodeRequest) -> Call[DelegationCode]:
    """A code for a locum; `challenge` as `to_give_code` made it."""
    return Call("POST", "/v1/delegation-codes", DelegationCode, msgspec.json.encode(request), repeat=Repeat.NEVER)


def take(code: str) -> Call[DelegationTaken]:
    """Gives a manager's code: once."""
    body = msgspec.json.encode(DelegationClaim(code))
    return Call("POST", "/v1/delegations/take", DelegationTaken, body, repeat=Repeat.NEVER)


def end_delegation(account: str) -> Call[bytes]:
    """Ends it early. Raises ValueError for what is no account."""
    return Call("POST", f"/v1/delegations/{_named(_ACCOUNT, account)}/end", bytes)


def to_enrol(challenge: str, operator: str, site: str, key: str) -> str:
    """What the manager's passkey signs: the keeper's challenge (purpose `approve`), then the action's hash.

    `key` base64url as the browser told it. Raises ValueError.
    """
    return _with(challenge, "station", operator, site, _raw(key).hex())


def to_delegate(challenge: str, operator: str, site: str, account: str, *, days: tuple[str, str]) -> str:
    """The same for a locum's account and days (ISO 8601). Raises ValueError."""
    return _with(challenge, "delegate", operator, site, account, *days)


def to_give_code(challenge: str, operator: str, site: str, *, days: tuple[str, str]) -> str:
    """The same for a code on these days (ISO 8601). Raises ValueError."""
    return _with(challenge, "delegate-code", operator, site, *days)


def _with(challenge: str, kind: str, *fields: str) -> str:
    action = actions.written(kind, *fields)
    if action is None:
        raise ValueError("no such action")
    return urlsafe_b64encode(_raw(challenge) + action.digest()).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _named(shape: re.Pattern[str], text: str) -> str:
    if not shape.fullmatch(text):
        raise ValueError("not a name of ours")
    return text
