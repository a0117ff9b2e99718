r"""What a shared workstation signs, and how it is named.

    sit    = "rempart/1/station/sit\n"    ‖ challenge (40) ‖ account (16 characters) ‖ proof (32)
    switch = "rempart/1/station/switch\n" ‖ challenge (40) ‖ seat (8) ‖ proof (32)

Every part has a fixed length, so one message is read in one way. `proof` is HMAC-SHA-256 of the PIN under a key that
the browser keeps and does not give out, over the seat's own salt: docs/formats/stations.md.
"""

from __future__ import annotations

import hashlib

from .prf import prefixed

CHALLENGE_BYTES, PROOF_BYTES, SEAT_BYTES, NAME_BYTES, KEY_BYTES, SIGNATURE_BYTES = 40, 32, 8, 16, 65, 64


def to_sit(challenge: bytes, account: str, proof: bytes) -> bytes:
    """What a workstation signs when somebody chooses a PIN there."""
    return b"rempart/1/station/sit\n" + challenge + account.encode("ascii") + proof


def to_switch(challenge: bytes, seat: bytes, proof: bytes) -> bytes:
    """What a workstation signs when somebody comes back by a PIN."""
    return b"rempart/1/station/switch\n" + challenge + seat + proof


def name_of(operator: str, key: bytes) -> bytes:
    """16 bytes that name a workstation; with its operator, so that no portal takes another's."""
    return hashlib.blake2b(prefixed(operator.encode()) + key, digest_size=16, person=b"rempart/station").digest()
