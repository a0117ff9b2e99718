"""A workstation in software, as `static/station.js` makes one: one key signs, one turns a PIN into a proof."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rempart.ground.instants import day_from_number
from rempart.keeper.locums import Locums
from rempart.keeper.stations import Stations
from rempart.sealing import actions, stations
from rempart.sealing.account_frames import APPROVE, STATION, SessionResult
from rempart.sealing.station_frames import (
    DelegateItem,
    EndDelegationItem,
    EndStationItem,
    EnrolStationItem,
    SeatResult,
    SitItem,
    StationResult,
    SwitchItem,
)
from support.authenticator import Authenticator
from support.keepers import SITE
from support.people import KEY, Door, changed_item, part


@dataclass
class Workstation:
    """A browser's two keys; `name` once it is enrolled, `salts` by seat."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    name: bytes = b""
    salts: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, message: bytes) -> bytes:
        first, second = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return first.to_bytes(32, "big") + second.to_bytes(32, "big")

    def proof(self, pin: str, salt: bytes) -> bytes:
        return hmac.digest(self.secret, b"rempart/1/station/pin\n" + salt + pin.encode(), "sha256")


@dataclass
class Counter:
    """A door with a workstation beside it."""

    door: Door
    station: Workstation = field(default_factory=Workstation)

    @property
    def stations(self) -> Stations:
        return self.door.world.parts.at_sites.stations

    @property
    def locums(self) -> Locums:
        return self.door.world.parts.at_sites.locums

    def enrol(self, grant: bytes, by: Authenticator, **changed: Any) -> StationResult:
        shown = changed.pop("shown", self.station.point)
        action = actions.Action("station", ("horizon", changed.pop("site", SITE), shown.hex())).digest()
        challenge = self.door.challenge(APPROVE) + action
        item = EnrolStationItem(grant, KEY, self.station.point, challenge, part(by, challenge), self.door.at)
        found = self.stations.enrol([changed_item(item, **changed)])[0]
        self.station.name = found.station or self.station.name
        return found

    def end(self, grant: bytes) -> str:
        return self.stations.end([EndStationItem(grant, KEY, self.station.name, self.door.at)])[0].refusal

    def sit(self, grant: bytes, account: str, pin: str, **changed: Any) -> SeatResult:
        salt, challenge = secrets.token_bytes(16), changed.pop("challenge", None) or self.door.challenge(STATION)
        proof = self.station.proof(pin, salt)
        signature = changed.pop("by", self.station).sign(stations.to_sit(challenge, account, proof))
        item = SitItem(grant, KEY, self.station.name, challenge, proof, signature, self.door.at)
        found = self.stations.sit([changed_item(item, **changed)])[0]
        self.station.salts[found.seat] = salt
        return found

    def switch(self, seat: bytes, pin: str, **changed: Any) -> SessionResult:
        challenge = changed.pop("challenge", None) or self.door.challenge(STATION)
        proof = self.station.proof(pin, self.station.salts.get(seat, bytes(16)))
        signature = changed.pop("by", self.station).sign(stations.to_switch(challenge, seat, proof))
        item = SwitchItem("horizon", KEY, self.station.name, seat, challenge, proof, signature, self.door.at)
        return self.stations.switch([changed_item(item, **changed)])[0]

    def delegate(self, grant: bytes, by: Authenticator, account: str, **changed: Any) -> str:
        day = 86_400_000_000
        today = self.door.at // day
        first, last = changed.pop("first", today), changed.pop("last", today + 9)
        said = _iso(first), _iso(last)
        shown = changed.pop("shown", account)
        action = actions.Action("delegate", ("horizon", SITE, shown, *said)).digest()
        said = changed.pop("said", said)
        bounds = first * day - 3_600_000_000, (last + 1) * day - 3_600_000_000
        challenge = self.door.challenge(APPROVE) + action
        item = DelegateItem(
            grant, KEY, account, said[0], said[1], bounds[0], bounds[1], challenge, part(by, challenge), self.door.at,
        )  # fmt: skip
        return self.locums.delegate([changed_item(item, **changed)])[0].refusal

    def end_delegation(self, grant: bytes, account: str) -> str:
        return self.locums.end([EndDelegationItem(grant, KEY, account, self.door.at)])[0].refusal


def _iso(number: int) -> str:
    return day_from_number(number).isoformat()
