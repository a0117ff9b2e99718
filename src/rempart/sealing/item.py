"""What every struct between the keeper and its clients is: an array of its fields, in order."""

from __future__ import annotations

import msgspec


class Item(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Base of every item and result on the wire between keeper and its clients."""
