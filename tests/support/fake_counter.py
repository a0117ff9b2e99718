"""Workstations and locums at the fake doors: the workstation's own signature is verified, as the keeper does."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import Pin, SignedIn
from rempart.identity import station_key
from rempart.sealing import stations
from rempart.wire.own_site import OwnMember, OwnSite, QuestionCounts
from rempart.wire.problem import Problem
from rempart.wire.stations import (
    DelegationRequest,
    SeatAnswer,
    SeatRequest,
    StationEnrolled,
    StationList,
    StationRequest,
    StationState,
)
from support.fake_doors import FakeDoors, no

UNTIL = "2099-11-18T18:01:00Z"
LOCUM = "a7k2m9x4c1v8b3n5"


@dataclass
class FakeCounter:
    """Answers of `/v1/stations…`, `/v1/delegations…` and of the sign-in by PIN; `told` is what was asked for."""

    doors: FakeDoors
    keys: dict[str, bytes] = field(default_factory=dict)
    sites: dict[str, str] = field(default_factory=dict)  # of workstations
    seats: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)  # seat → station, account, proof
    members: list[OwnMember] = field(default_factory=list)
    refusal: str = ""
    told: list[tuple[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.doors.desks.append(self)
        self.doors.pins = self.switch

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        """A desk of `FakeDoors`."""
        if call.path == "/v1/own-site":
            return OwnSite(session.site, session.profession, (), tuple(self.members))
        if call.path.startswith("/v1/questions/counts"):
            return QuestionCounts("2026-11-18", ())
        if not call.path.startswith(("/v1/stations", "/v1/delegations")):
            return None
        if call.method == "GET":
            return StationList(tuple(
                StationState(name, "2026-11-02", session.account, sum(each[0] == name for each in self.seats.values()))
                for name in self.keys
            ))  # fmt: skip
        if self.refusal:
            return no(self.refusal)
        return self._changed(session, call)

    def switch(self, challenge: str, shown: Pin) -> SignedIn | Problem:
        """A session for who gives the PIN of a seat."""
        seat = self.seats.get(shown.seat)
        message = stations.to_switch(_raw(challenge), bytes.fromhex(shown.seat), _raw(shown.proof))
        if not station_key.signed(self.keys.get(shown.station, b""), message, _raw(shown.signature)):
            return no("station-refused")
        if self.refusal or seat is None:
            return no(self.refusal or "seat-unknown")
        if seat[2] != _raw(shown.proof):
            return no("pin-refused")
        return self.doors.sign_in_as(seat[1], self.sites[shown.station])

    def _changed(self, session: SignedIn, call: Call[Any]) -> object:
        parts = call.path.split("/")
        if call.path == "/v1/stations":
            asked = msgspec.json.decode(call.body, type=StationRequest)
            self.told.append(("enrol", asked))
            name = secrets.token_hex(16)
            self.keys[name], self.sites[name] = _raw(asked.key), session.site
            return StationEnrolled(name)
        if call.path == "/v1/delegations":
            wish = msgspec.json.decode(call.body, type=DelegationRequest)
            self.told.append(("delegate", wish))
            self.members.append(
                OwnMember(wish.account, "account", "professional", wish.first, wish.last, delegated=True)
            )
            return b""
        if parts[-1] == "seats":
            return self._sat(session, parts[3], msgspec.json.decode(call.body, type=SeatRequest))
        self.told.append(("end", parts[3]))
        self.keys.pop(parts[3], None)
        self.members = [each for each in self.members if each.member != parts[3]]
        return b""

    def _sat(self, session: SignedIn, station: str, asked: SeatRequest) -> object:
        message = stations.to_sit(_raw(asked.challenge), session.account, _raw(asked.proof))
        if not station_key.signed(self.keys.get(station, b""), message, _raw(asked.signature)):
            return no("station-refused")
        seat = secrets.token_hex(8)
        self.seats[seat] = (station, session.account, _raw(asked.proof))
        return SeatAnswer(seat, UNTIL)


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
