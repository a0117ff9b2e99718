"""The waiting room for a portal: its key, verified against the pinned one of the keeper.

So no hub hands on a key of its own.
"""

from __future__ import annotations

from rempart.sealing import waiting_jwe
from rempart.sealing.keeper_keys import pinned
from rempart.sealing.waiting_jwe import WaitingKey
from rempart.wire.waiting_room import OpenRoom

__all__ = ["WaitingKey", "room_key"]


def room_key(room: OpenRoom, keeper: str) -> WaitingKey | None:
    """The key to which a page seals; None when the keeper did not sign it. `keeper` "": nobody pinned the keeper's."""
    return waiting_jwe.verified(room.key.encode(), room.room, pinned(keeper) if keeper else None)
