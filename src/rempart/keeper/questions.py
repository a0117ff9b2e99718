"""`derive` and `open`: from who is presented to a record key, and from the record found to its coverage.

The hot path: about 15 µs an item for both. A miss opens a record of nobody with the same call. No key leaves.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rempart.domain.card import HANDLE_BYTES
from rempart.domain.newborns import NEWBORN
from rempart.sealing.frames import DeriveItem, DeriveResult, OpenItem, OpenResult
from rempart.sealing.identity import encode_card, encode_identity
from rempart.sealing.record import meeting, unpad

from .cards import CardShown
from .clock import MINUTE, KeeperClock
from .journal import PURPOSES, Entry, Journal
from .newborns import HANDLE, counted_as, parents_keys
from .sealed_identities import born_for
from .tickets import HEAD, KEYS, ONE, Keys, Tickets

if TYPE_CHECKING:
    from collections.abc import Callable

    from rempart.sealing.identity_frames import SealedIdentity

    from .grants import Grants, Held
    from .insurer import InsurerKeys
    from .meter import Meter
    from .presence import Presence
    from .ring import Ring
    from .sealed_identities import SealedIdentities

_PURPOSE = {name: number for number, name in enumerate(PURPOSES)}
_ASKED = ("eligibility", "invoice", "read", "authorization", "estimate", "appointments")
_DEPOSITED = frozenset({"invoice", "appointments"})
_MISS = b"miss"
_pack_one = ONE.pack
LIVE = -1
"""As `omitted`, of a card that a phone showed alive, for its picture is worth nothing, and of a code that was good
once: they cost nothing."""


class Questions:
    """The two operations, over a ring, a meter and a journal."""

    def __init__(
        self,
        ring: Ring,
        grants: Grants,
        meter: Meter,
        *,
        journal: Journal,
        tickets: Tickets,
        clock: KeeperClock,
        sealed: SealedIdentities,
        presence: Presence,
    ) -> None:
        self._ring = ring
        self._grants = grants
        self._meter = meter
        self._journal = journal
        self._tickets = tickets
        self._clock = clock
        self._sealed = sealed
        self._presence = presence
        self._met = meeting(ring.body.met)
        self._insurers = ring.insurers
        self.derived = self.opened = self.missed = self.mismatched = 0

    def derive(self, items: list[DeriveItem]) -> list[DeriveResult]:
        """Counted; refusals.

        Those of grants, `insurer-unknown`, `day-out-of-range`, `identity-malformed`, `meter-…`, those of sealed ones.
        """
        self._meter.roll()
        expires = time.monotonic_ns() + self._tickets.life
        allowed = self._meter.allow(len(items))
        asked: dict[tuple[bytes, str, int], Held | str] = {}
        results = [
            self._derive(item, asked, expires) if item.sealed is None else self._derive_sealed(item, asked, expires)
            for item in items[:allowed]
        ]
        self._meter.flush()
        if allowed < len(items):
            results += [DeriveResult("meter-rate")] * (len(items) - allowed)
        self.derived += len(items)
        return results

    def derive_invoices(self, items: list[DeriveItem]) -> list[DeriveResult]:
        """The same for the box: only what a deposit may be for, or a waiting room."""
        if all(item.purpose in _DEPOSITED for item in items):
            return self.derive(items)
        return [
            self.derive([item])[0] if self._was_left(item) else DeriveResult("purpose-not-granted") for item in items
        ]

    def _was_left(self, item: DeriveItem) -> bool:
        """Only what was left to be asked: on the box a live session's own grant asks for no authorization."""
        if item.purpose in _DEPOSITED:
            return True
        held = self._grants.read(item.grant) if item.purpose == "authorization" else None
        return held is not None and bool(held.grant.deposited)

    def open(self, items: list[OpenItem]) -> list[OpenResult]:
        """Journalled before it returns; refusals.

        `bad-ticket`, `ticket-expired`, `version-unknown`, `payload-mismatch`.
        """
        entries: list[Entry] = []
        now = time.monotonic_ns()
        results = [self._open(item, entries, now) for item in items]
        if entries:
            self._journal.append(self._clock.now() // MINUTE, entries)
        self.opened += len(entries)
        return results

    def figures(self) -> dict[str, int]:
        """Counts since the start, without personal data. Derived and never opened is worth an alarm."""
        names = ("derived", "opened", "missed", "mismatched")
        return {name: getattr(self, name) for name in names}

    def _derive(
        self, item: DeriveItem, asked: dict[tuple[bytes, str, int], Held | str], expires: int, by_card: bytes = b""
    ) -> DeriveResult:
        """`by_card` is the encoded identity of a signed card's way, b"" for what a card prints."""
        who = (item.grant, item.purpose, item.day)
        held = asked.get(who)
        if held is None:
            held = asked[who] = self._may(item)
        if isinstance(held, str):
            return DeriveResult(held)
        number = item.insurer
        insurer = self._insurers.get(number)
        if insurer is None:
            return DeriveResult("insurer-unknown")
        nir = item.nir
        identity = by_card or encode_identity(number, item.member, nir, item.birth, rank=item.rank)
        if identity is None:
            return DeriveResult("identity-malformed")
        newest = insurer.live[0]
        digest = newest.digest(identity)
        record = digest[:16]
        refusal = self._meter.take(held, item.purpose, record)
        if refusal:
            return DeriveResult(refusal)
        way = nir is not None
        head = (expires, item.day, held.digest, insurer.number_bytes, held.site, _PURPOSE[item.purpose], way)
        parents = () if nir is None or item.care is None else parents_keys(insurer, item)
        if len(insurer.live) == 1 and not parents:
            ticket = self._tickets.seal(_pack_one(*head, newest.version, record, digest[16:48]))
            return DeriveResult("", ticket, (record,), (newest.version,))
        found = [*((index.version, *index.keys(identity)) for index in insurer.live), *parents]
        ticket = self._tickets.seal(HEAD.pack(*head) + b"".join([KEYS.pack(*each) for each in found]))
        found = [each for each in found if each[0] != HANDLE]
        return DeriveResult("", ticket, tuple(each[1] for each in found), tuple(each[0] for each in found))

    def _derive_sealed(
        self, item: DeriveItem, asked: dict[tuple[bytes, str, int], Held | str], expires: int
    ) -> DeriveResult:
        """The same of who is presented under seal; what the card says goes no further than here."""
        who = (item.grant, item.purpose, item.day)
        held = asked.get(who)
        if held is None:
            held = asked[who] = self._may(item)
        if isinstance(held, str) or item.sealed is None:
            return DeriveResult(held if isinstance(held, str) else "identity-malformed")
        if item.sealed.handle:
            return self._derive_receipt(item, item.sealed.handle, asked, expires)
        if item.sealed.code:
            return self._derive_presence(item, item.sealed, held, expires)
        shown = self._sealed.open(item.sealed, held, item.purpose)
        if isinstance(shown, str):
            return DeriveResult(shown)
        if isinstance(shown, CardShown):
            if shown.insurer != item.insurer:
                return DeriveResult("card-labels")
            found = self._derive(item, asked, expires, encode_card(shown.insurer, shown.handle))
            if found.refusal:
                return found
            born = born_for(item.purpose, shown.birth, item.sealed.days)
            return replace(found, omitted=LIVE if shown.proven else 0, born=born)
        clear = replace(item, member=shown.member, nir=shown.nir, birth=shown.birth, rank=shown.rank, sealed=None)
        found = self._derive(clear, asked, expires)
        return found if found.refusal else replace(found, omitted=shown.omitted, born=shown.born)

    def _derive_receipt(
        self, item: DeriveItem, handle: bytes, asked: dict[tuple[bytes, str, int], Held | str], expires: int
    ) -> DeriveResult:
        """Where the card of a receipt leads, to compare it with who is presented: of an invoice alone."""
        if item.purpose != "invoice" or len(handle) != HANDLE_BYTES:
            return DeriveResult("identity-malformed")
        return self._derive(item, asked, expires, encode_card(item.insurer, handle))

    def _derive_presence(self, item: DeriveItem, sealed: SealedIdentity, held: Held, expires: int) -> DeriveResult:
        """The same of who shows a presence code: the record keys are in what the hub kept of it, and no identity."""
        shown = self._presence.shown(sealed.code, sealed.mapping, held)
        if isinstance(shown, str):
            return DeriveResult(shown)
        insurer = self._insurers.get(shown.insurer)
        if insurer is None or shown.insurer != item.insurer or item.purpose != "eligibility":
            return DeriveResult("presence-unknown")
        refusal = self._meter.take(held, item.purpose, shown.keys[0][1])
        if refusal:
            return DeriveResult(refusal)
        number = _PURPOSE[item.purpose]
        head = HEAD.pack(expires, item.day, held.digest, insurer.number_bytes, held.site, number, shown.way)
        ticket = self._tickets.seal(head + b"".join([KEYS.pack(*each) for each in shown.keys]))
        records, versions = tuple(each[1] for each in shown.keys), tuple(each[0] for each in shown.keys)
        return DeriveResult("", ticket, records, versions, LIVE)

    def _may(self, item: DeriveItem) -> Held | str:
        """What is the same for all items of a batch that cite one grant, purpose and day."""
        if item.purpose not in _ASKED:
            return "purpose-unknown"
        held = self._grants.check(item.grant, item.purpose)
        if not isinstance(held, str) and not self._clock.hear_day(item.day):
            return "day-out-of-range"
        return held

    def _open(self, item: OpenItem, entries: list[Entry], now: int) -> OpenResult:
        opened = self._tickets.open(item.ticket, now)
        if isinstance(opened, str):
            return OpenResult(opened)
        day, grant, number, site, purpose, _, keys = opened
        insurer = self._insurers.get(number.decode())
        if insurer is None:
            return OpenResult("insurer-unknown")
        payload, person = item.payload, item.person
        if payload is None or person is None:
            dummy = insurer.dummy
            self.missed += 1
            padded = dummy.index.open(dummy.record, dummy.key, dummy.person, dummy.payload)
            subject, handle = keys[0][1], b""
            met = site + _MISS + subject
        else:
            found = keys[0] if keys[0][0] == item.version else of_version(keys, item.version)
            index = insurer.index.get(item.version & ~NEWBORN)
            if found is None or index is None:
                return OpenResult("version-unknown")
            padded = index.open(found[1], found[2], person, payload)
            subject = met = person
        if padded is None or len(subject) != 16:
            self.mismatched += 1
            return OpenResult("payload-mismatch")
        content = unpad(padded)
        if met is person:
            content, handle = counted_as(keys, item.version, content)
            met = site + (handle or person)
        tag = (insurer.tags.get(day) or self._tagger(insurer, day))(subject)
        pair = self._met(met)
        entries.append((grant, purpose, tag))
        return OpenResult("", content, tag, pair[:16], pair[16:], handle)

    def _tagger(self, insurer: InsurerKeys, day: int) -> Callable[[bytes], bytes]:
        year, month = time.gmtime(day * 86_400)[:2]
        number = year * 12 + month - 1
        return insurer.tagger(day, number, self._ring.log_month(number))


def of_version(keys: Keys, version: int) -> tuple[int, bytes, bytes] | None:
    """A ticket's record and payload key of one index key version."""
    return next((each for each in keys if each[0] == version), None)
