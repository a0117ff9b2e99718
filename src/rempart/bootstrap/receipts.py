"""Receipts of card checks as the worker verifies them: signers from the database, revoked cards from signed lists.

The lists lie in the folder `worker.card_lists`, as `rempart card` writes them: `ID.pub` and `ID.base` of an operator,
`ID.delta`, and each day's delta kept as `ID.AAAA-MM-JJ.delta`, by which a receipt is held to the list that it names.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rempart.domain.card_receipt import OTHER_SITE, UNREADABLE, Receipt, held_to
from rempart.formats.card import Filter, read_filter
from rempart.formats.card import receipt as receipts
from rempart.ground.instants import MICROSECONDS, civil_date
from rempart.storage import receipts as stored
from rempart.storage.door import Database

AGAIN: Final = 60 * 1_000_000_000  # nanoseconds after which the folder is looked at again
MOST_BYTES: Final = 16 * 1024 * 1024  # of one file


@dataclass(slots=True)
class CardLists:
    """The operators' lists of revoked cards, read again when a file has changed. Without a folder none is known."""

    folder: Path | None
    _filters: dict[str, tuple[Filter, ...]] = field(default_factory=dict)
    _next: dict[str, int] = field(default_factory=dict)
    _read: dict[Path, tuple[int, Filter | None]] = field(default_factory=dict)

    def of(self, operator: str) -> tuple[Filter, ...]:
        """Every list of the operator that its key signed."""
        now = time.monotonic_ns()
        if self.folder is not None and now >= self._next.get(operator, 0):
            self._next[operator] = now + AGAIN
            self._filters[operator] = tuple(self._found(self.folder, operator))
        return self._filters.get(operator, ())

    def _found(self, folder: Path, operator: str) -> list[Filter]:
        try:
            key = base64.b64decode((folder / f"{operator}.pub").read_bytes().strip(), validate=True)
            paths = sorted(each for kind in ("base", "delta") for each in folder.glob(f"{operator}.*{kind}"))
            found = [self._filter(each, key) for each in paths]
        except (OSError, binascii.Error, ValueError):
            return []
        return [each for each in found if each is not None]

    def _filter(self, path: Path, key: bytes) -> Filter | None:
        changed = path.stat().st_mtime_ns
        if self._read.get(path, (0, None))[0] != changed:
            with path.open("rb") as file:
                found = read_filter(file.read(MOST_BYTES), key)
            self._read[path] = changed, found if isinstance(found, Filter) else None
        return self._read[path][1]


class SignedReceipts:
    """The `Receipts` port over one lane's connection."""

    def __init__(self, database: Database, lists: CardLists) -> None:
        self._database = database
        self._lists = lists

    async def verified(self, cited: Sequence[tuple[str, str, str]]) -> Sequence[Receipt | str]:
        """By the keys that were in force at the site when the receipt says that it was signed."""
        said = [_claimed(text, site) for text, site, _ in cited]
        asked = [
            stored.Asked(site, one.seconds * MICROSECONDS, civil_date(one.seconds * MICROSECONDS, zone))
            for one, (_, site, zone) in zip(said, cited, strict=True)
            if isinstance(one, Receipt)
        ]
        known = iter(await stored.signers(self._database, asked) if asked else ())
        return [
            receipts.read(text, _keys(next(known))) if isinstance(one, Receipt) else one
            for one, (text, _, _) in zip(said, cited, strict=True)
        ]

    def revoked(self, receipt: Receipt, operator: str, zone: str) -> bool:
        """Whether a list of that day or before names the card: who had that list would have been sent on line."""
        last = held_to(receipt, civil_date(receipt.seconds * MICROSECONDS, zone))
        lists = (each for each in self._lists.of(operator) if each.day <= last)
        return any(each.hit(receipt.insurer, receipt.serial) for each in lists)


def _claimed(text: str, site: str) -> Receipt | str:
    """What it says, not verified; or why nobody's keys are looked at."""
    found = receipts.claimed(text)
    if found is None:
        return UNREADABLE
    return found if found.site == site else OTHER_SITE


def _keys(signers: Sequence[stored.Signer]) -> Mapping[bytes, bytes]:
    found = (each.point or public_of(each.jwk) for each in signers)
    return {receipts.key_id(public): public for public in found if public}


def public_of(jwk: Mapping[str, Any]) -> bytes:
    """The bytes of a public JWK on Ed25519 or P-256 that the hub registered; b"" of any other."""
    if jwk.get("crv") == "Ed25519":
        return _raw(jwk.get("x", ""))
    return b"\x04" + _raw(jwk.get("x", "")) + _raw(jwk.get("y", "")) if jwk.get("crv") == "P-256" else b""


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
