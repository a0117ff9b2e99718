"""The keeper's protocol about exports: what a person signed before a file that tells many invoices.

See `actions` for what is signed and `frames` for the protocol; docs/formats/sessions.md, Dangerous actions.
"""

from __future__ import annotations

from .action_frames import ActionResult, Signing
from .item import Item


class ExportItem(Item, frozen=True):
    """A signature for one document (`what` and its id) of so many `invoices`, to be taken by the account `taker`.

    `first` is the taker's own approval when somebody else signs, b"" when the taker does.
    """

    what: str
    document: str
    invoices: int
    taker: str
    first: bytes
    asked: Signing


ASK: dict[str, tuple[type[Item], type[Item]]] = {"sign_export": (ExportItem, ActionResult)}
"""What `ask` answers of it; part of `frames.OPERATIONS`."""
