"""After a load: the insurer's rejected invoices whose rights are open now are decided again and written.

The keeper finds each wait's record keys, opens only those whose record holds rights on the day of care and says more
than before, and what is opened passes the door and the rules like any invoice. Killed anywhere, it goes on: an invoice
that opens has its id from the rejected one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog

from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import ACCEPTED, HELD, REJECTED, Decided, Submitted
from rempart.application.invoices import decide
from rempart.application.keeping_again import keep_again
from rempart.application.ports import Row
from rempart.application.rights_again import again_of, original_of
from rempart.application.together import Unavailable
from rempart.application.tokens import grant_id_of
from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.sealing.wait_frames import RecallItem, RecallResult, ReopenItem
from rempart.storage.invoices import Batch
from rempart.storage.waits import Job, Looked, Wait, Waits, read_invoice
from rempart.worker.deciding import Lane

log = structlog.get_logger()
GONE = frozenset({"bad-wait", "wait-expired", "grant-revoked", "no-mandate", "insurer-unknown"})
"""Refusals after which a wait is good for nothing."""
OURS = frozenset({"clock-apart"})
NARROWED_FOR = 900_000_000  # microseconds: the life of an authority


@dataclass(slots=True)
class RightsAgain:
    """Looks at one load's waits at a time. `now` gives microseconds UTC, `today` the civil date in Paris."""

    waits: Waits
    keeper: KeeperSync
    lane: Lane
    sites: Mapping[str, SiteFacts]
    size: int
    now: Callable[[], int]
    today: Callable[[int], date]

    async def round(self) -> bool:
        """One load's waits, all of them; False when no load waits or another worker looks. Raises `Unavailable`."""
        if self.waits.job() is None or not self.waits.hold():
            return False
        try:
            job = self.waits.job()  # as it stands under the lock: what was read before may have ended meanwhile
            if job is not None:
                await self._look(job)
        finally:
            self.waits.release()
        return job is not None

    async def _look(self, job: Job) -> None:
        looked = Looked()
        while page := self.waits.page(job, self.now(), self.size):
            reopened, dropped = await self._page(page)
            looked = Looked(looked.looked + len(page), looked.reopened + reopened, looked.dropped + dropped)
            job = self.waits.went_on(job, page[-1].invoice)
        self.waits.ended(job, looked, self.now())
        if looked.looked:
            log.info("waits looked at", insurer=job.insurer, rows=looked.looked, count=looked.reopened)

    async def _page(self, page: Sequence[Wait]) -> tuple[int, int]:
        """(Reopened, dropped)."""
        gone = [wait.invoice for wait in page if wait.superseded]
        standing = [wait for wait in page if not wait.superseded]
        batch: list[Submitted] = []
        for wait, row in await self._found(standing, gone):
            submitted = self._reopen(wait, row, gone)
            if submitted is not None:
                batch.append(submitted)
        reopened = await self._decide(batch, gone) if batch else 0
        self.waits.drop(gone)
        return reopened, len(gone)

    async def _found(self, waits: Sequence[Wait], gone: list[bytes]) -> list[tuple[Wait, Row]]:
        """The waits whose record is there now; a child's own before its parent's."""
        recalled: list[RecallResult] = self._call("recall", [RecallItem(w.sealed, self.now()) for w in waits])
        wanted: list[tuple[str, bytes]] = []
        places: list[tuple[Wait, int]] = []
        for wait, result in zip(waits, recalled, strict=True):
            if result.refusal in GONE:
                gone.append(wait.invoice)
            for key, version in zip(result.keys, result.versions, strict=True):
                wanted.append((result.insurer, key))
                places.append((wait, version))
        found: dict[bytes, tuple[Wait, Row]] = {}
        rows = await self.lane.needs().ports.records.find(wanted) if wanted else ()
        for (wait, version), row in zip(places, rows, strict=True):
            if row is not None and wait.invoice not in found:
                found[wait.invoice] = (wait, row._replace(version=version))
        return list(found.values())

    def _reopen(self, wait: Wait, row: Row, gone: list[bytes]) -> Submitted | None:
        item = ReopenItem(wait.sealed, self.now(), row.version, row.payload, row.person, row.closed)
        (result,) = self._call("reopen", [item])
        if result.refusal:
            if result.refusal in GONE:
                gone.append(wait.invoice)
            return None
        site = self.sites.get(result.site)
        if site is None:
            return None
        instant = self.now()
        caller = Caller(
            None, result.client, "", result.site, "", result.authority, grant_id_of(result.authority),
            instant + NARROWED_FOR,
        )  # fmt: skip
        return Submitted(
            again_of(wait.invoice), wait.position, read_invoice(result.content), caller, site, wait.channel, instant,
            windowed=True,
        )  # fmt: skip

    async def _decide(self, batch: Sequence[Submitted], gone: list[bytes]) -> int:
        instant = self.now()
        today, needs = self.today(instant), self.lane.needs()
        decided = await decide(needs, batch, instant, today)

        async def restate(stale: Sequence[Decided]) -> Sequence[Decided]:
            return await keep_again(needs, stale, today)

        accepted = [one for one in decided if one.state == ACCEPTED]
        written: Sequence[Decided] = ()
        if accepted:
            written = await self.lane.books.write(Batch(b"", accepted, instant, today, opened=True), restate)
        waiting = [one for one in decided if one.state == REJECTED and one.wait]
        self.waits.reseal([(original_of(one.submitted.identity), one.wait) for one in waiting])
        gone += [original_of(one.submitted.identity) for one in decided if _ended(one)]
        return len(written)

    def _call(self, operation: str, items: Sequence[Any]) -> list[Any]:
        try:
            results = self.keeper.call(operation, items) if items else []
        except KeeperUnavailable as error:
            raise Unavailable("keeper") from error
        if any(result.refusal in OURS for result in results):
            raise Unavailable("keeper")
        return results


def _ended(one: Decided) -> bool:
    """Whether a wait ends unopened: rejected for another reason, or the same was sent under a new number."""
    if one.state == HELD:
        return one.reason == "possible-duplicate"
    return one.state == REJECTED and not one.wait
