"""The key to which a page seals attachments, for a portal: fetched from the hub, verified against the pinned keeper's.

So no hub hands on a key of its own. What a page seals begins with `SEALED`; the format: docs/formats/identity-jwe.md.
"""

from __future__ import annotations

from typing import NamedTuple

from rempart.client.calls import Call
from rempart.client.identity import insurer_path
from rempart.sealing.keeper_keys import pinned, verified
from rempart.wire.sealed import ATTACHMENT as SEALED

__all__ = ["SEALED", "PaperKey", "insurer_keys", "paper_key"]


class PaperKey(NamedTuple):
    """`insurer`: 10 digits, to whom a document is bound; `x`: its X25519 public key, base64url."""

    insurer: str
    x: str


def insurer_keys(amc_number: str, convention: str, csr: str) -> Call[bytes]:
    """The signed keys of the insurer whom these labels of a card name; `not-found` when there is none."""
    return Call("GET", insurer_path(amc_number, convention, csr), bytes, headers=())


def paper_key(document: bytes, keeper: str, now: int) -> PaperKey | None:
    """The newest key that lives; None when the keeper did not sign it. `keeper` as pinned, `now` seconds since 1970."""
    found = verified(document, pinned(keeper), "", now)
    if isinstance(found, str):
        return None
    live = next((key for key in found.keys if key.nbf - 300 <= now < key.exp), None)
    return None if live is None else PaperKey(found.holder, live.x)
