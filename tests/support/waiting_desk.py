"""A hub's waiting room in memory, for the portal alone: a closed portal, a room with its key, what was left."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.sealing.waiting_jwe import WaitingKey, public_of, signed
from rempart.wire.problem import ClosureTold, Problem
from rempart.wire.waiting_room import Alternative, LeaveReceipt, LeaveRequest, LeftState, OpenRoom, WaitingRoom

ROOM = "portal:horizon@1794990000000000"
CLOSED = ClosureTold(
    "portal:horizon", "closed", "2026-11-18T08:00:00Z", "Fermé pour un exercice.", "Closed for a drill.",
    "2026-11-18T12:00:00Z", 9_000,
)  # fmt: skip
RULES = (
    b'{"format":"rempart-stand-in/1","insurer":"0099000000","sequence":1,"from":"2026-01-01","to":"2026-12-31","rules":['
    b'{"evidence":"paper","most":15000},{"evidence":"card","most":7700,"professions":["hospital"]}]}\nsignature\n'
)


@dataclass
class WaitingDesk:
    """`room` None: nothing is closed. `kinds` that can be left, `refusal` of the next."""

    room: str | None = ROOM
    kinds: tuple[str, ...] = ("invoice", "authorization")
    refusal: str = ""
    left: tuple[LeftState, ...] = ()
    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    log_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    asked: list[LeaveRequest] = field(default_factory=list)
    pin: str = ""

    def __post_init__(self) -> None:
        raw = b"\x01" + self.log_key.public_key().public_bytes_raw()
        mark = hashlib.sha256(b"horizon\n" + raw).hexdigest()[:8]
        self.pin = f"horizon+{mark}+{base64.b64encode(raw).decode()}"

    @property
    def public(self) -> WaitingKey:
        return public_of(self.private.public_key())

    def told(self) -> WaitingRoom:
        """What GET answers."""
        if self.room is None:
            return WaitingRoom(None, (), (), self.left, 0, 20)
        key = signed(self.room, self.private.public_key(), self.log_key).decode()
        rooms = tuple(OpenRoom(kind, self.room, key) for kind in self.kinds)  # type: ignore[arg-type]  # one of two
        ways = (Alternative("Votre logiciel continue.", "Your software goes on."),)
        waiting = sum(each.state == "waiting" for each in self.left)
        return WaitingRoom(CLOSED, ways, rooms, self.left, waiting, 20)

    def __call__(self, _: SignedIn, call: Call[Any]) -> object | None:
        if call.path.endswith("/stand-in"):
            return RULES if "0099000000" in call.path else Problem("Absent", 404, "not-found")
        if call.path != "/v1/waiting-room":
            return None
        if call.method == "GET":
            return self.told()
        if self.refusal:
            return Problem("No", 409, self.refusal)
        asked = msgspec.json.decode(call.body, type=LeaveRequest)
        self.asked.append(asked)
        state = LeftState(f"7K2M9X4C{len(self.asked):02d}", asked.kind, "2026-11-18T09:30:00Z", "waiting")
        self.left = (state, *self.left)
        return LeaveReceipt(state.receipt, state.received, len(self.left), 20)
