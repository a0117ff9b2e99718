"""Signed cards shown on line: verified here, so that nothing outside the keeper decides that evidence is strong.

Whose signatures count is in signed lists (`rempart-card-keys/1`, docs/formats/card.md) that lie in a folder, one pair
of files an operator: `NAME.pub`, its public key in base64, and `NAME.json`. Left out: the filter of revoked cards. On
line the insurer's rights file says which handles stand; the filter is for who cannot ask.
"""

from __future__ import annotations

import base64
import binascii
import time
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from rempart.formats.card import CardFault, CardKeys, InsurerKey, read_keys, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rempart.domain.card import Card

    from .clock import KeeperClock

AGAIN = 60 * 1_000_000_000  # nanoseconds after which the folder is read again
MOST_BYTES = 1024 * 1024  # of one file
PICTURE = 300  # seconds for which a picture is remembered at least: longer than a minute holds
REMEMBERED = 200_000  # pictures a span, by one keeper
EPOCH = 719_163  # ordinal of 1970-01-01
REFUSALS = {
    "card-signature-differs": "card-signature", "card-other-insurer": "card-signature",
    "card-proof-differs": "card-signature", "card-key-unknown": "card-key-unknown",
    "card-proof-missing": "card-proof", "card-minute-other": "card-proof", "card-live-ended": "card-expired",
}  # fmt: skip
"""What the hub is told of a card that is not to be gone by; any other fault is `card-unreadable`."""


class CardShown(NamedTuple):
    """A genuine card: its insurer, the handle that finds the record, and whether a phone proved that it is there.

    `birth`: AAMMJJ, by which amounts are priced; it stays in the keeper.
    """

    insurer: str
    handle: bytes
    proven: bool
    birth: str

    def __repr__(self) -> str:
        return "CardShown(…)"


class Minutes:
    """Which site a phone's picture was shown at first. The same picture at another site was photographed."""

    def __init__(self) -> None:
        self._now = self._before = dict[bytes, bytes]()
        self._span = 0

    def elsewhere(self, text: str, site: bytes, seconds: int) -> bool:
        """Whether another site showed this very picture; else it is this site's from now on."""
        span = seconds // PICTURE
        if span != self._span or len(self._now) >= REMEMBERED:
            self._now, self._before = {}, self._now if span <= self._span + 1 else {}
            self._span = span
        name = sha256(text.encode()).digest()[:16]
        first = self._now.get(name) or self._before.get(name)
        if first is None:
            self._now[name] = site
        return first not in {None, site}


class Cards:
    """Reads what scanners gave. Without a folder no card is known."""

    def __init__(self, folder: Path | None, clock: KeeperClock) -> None:
        self._folder = folder
        self._clock = clock
        self._keys: dict[bytes, InsurerKey] = {}
        self._next = 0
        self._minutes = Minutes()

    def shown(
        self, text: str, labels: tuple[str, str, str], days: Sequence[int], *, site: bytes = b""
    ) -> CardShown | str:
        """Whose card this is; refusals `card-…`. `labels` are the request's, `days` of care since 1970.

        `site`: where it is shown, when it is asked by it now.
        """
        seconds = self._clock.now() // 1_000_000
        found = read_text(text, CardKeys("", seconds, self._known(seconds)), seconds=seconds)
        if isinstance(found, CardFault):
            return REFUSALS.get(found.code, "card-unreadable")
        card = found.card
        if (card.amc_number, card.convention, card.csr) != tuple(labels):
            return "card-labels"
        if found.proven and site and self._minutes.elsewhere(text.strip(), site, seconds):
            return "card-proof"
        return _out_of_date(card, days) or CardShown(found.insurer, card.handle, found.proven, card.birth)

    def _known(self, seconds: int) -> dict[bytes, InsurerKey]:
        """The keys of every list that may be gone by now."""
        now = time.monotonic_ns()
        if self._folder is not None and now >= self._next:
            self._next = now + AGAIN
            self._keys = {}
            for public in sorted(self._folder.glob("*.pub")):
                self._keys |= _list(public, seconds)
        return self._keys


def _out_of_date(card: Card, days: Sequence[int]) -> str:
    if any(day > card.last.toordinal() - EPOCH for day in days):
        return "card-expired"
    return "card-not-yet" if any(day < card.first.toordinal() - EPOCH for day in days) else ""


def _list(public: Path, seconds: int) -> dict[bytes, InsurerKey]:
    """An operator's keys; none when its files cannot be read or are not to be gone by."""
    try:
        key = base64.b64decode(_content(public).strip(), validate=True)
        found = read_keys(_content(public.with_suffix(".json")), key, seconds=seconds)
    except (OSError, binascii.Error, ValueError):
        return {}
    return found.by_id if isinstance(found, CardKeys) else {}


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
