"""What the operator's own mail would take away: the newest message to an account, of a house of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from rempart.bootstrap.house import House


def of(house: House, account: str) -> dict[str, str]:
    """The newest one, as it lies in the folder."""
    (*_, newest) = sorted(house.settings.paths.messages.glob(f"{account}-*.json"))
    return msgspec.json.decode(newest.read_bytes(), type=dict[str, str])
