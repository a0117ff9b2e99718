"""The meter: how many distinct identities a day may be asked about, per grant, actor, site, vendor, and in total.

Use is reserved ahead on disk in blocks: what was reserved counts as used after a crash, so a restart gives nothing. A
total of the hour bounds the pace. The purposes `invoice` and the others have separate quotas. Days are those of the
keeper's clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .clock import DAY, HOUR, KeeperClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .grants import Held
    from .reservations import Reservations

HISTORY_DAYS = 14


@dataclass(frozen=True, slots=True)
class Quota:
    """Distinct identities a day (`hour`: an hour) of one family of purposes, all keepers together."""

    grant: int = 3_000
    actor: int = 3_000
    site: int = 6_000
    vendor: int = 100_000
    total_floor: int = 1_000_000
    hour: int = 250_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas of this deployment; each of `keepers` keepers enforces its 1/n.

    `block` identities are reserved at a time, 5 % of a limit at most.
    """

    asking: Quota = Quota()
    invoice: Quota = Quota(
        grant=1_000_000, actor=1_000_000, site=50_000, vendor=1_000_000, total_floor=4_000_000, hour=2_000_000
    )
    block: int = 1_000
    keepers: int = 1
    rate: int = 20_000  # items a second, repeated ones too


class Count:
    """Distinct identities of one scope today; what was used before this start is in `used` and no more in `seen`."""

    __slots__ = ("block", "key", "limit", "people", "refusal", "reserved", "seen", "used")

    def __init__(self, key: str, refusal: str, *, limit: int, base: int, block: int, people: bool) -> None:
        self.key = key
        self.refusal = refusal
        self.limit = limit
        self.block = max(1, min(block, limit // 20))
        self.used = self.reserved = base
        self.people = people
        self.seen: set[int] = set()


class Scopes:
    """The counts one grant's questions go to. Grant and hour keep no people: they count with actor and total."""

    __slots__ = ("actor", "epoch", "grant", "hour", "others", "site")

    def __init__(
        self, epoch: int, actor: Count, site: Count, *, others: tuple[Count, ...], tied: tuple[Count, Count]
    ) -> None:
        self.epoch = epoch
        self.actor = actor
        self.site = site
        self.others = others
        self.grant, self.hour = tied


class Meter:
    """Counts in memory, reservations on disk. `flush` comes before any result leaves."""

    def __init__(self, reservations: Reservations, limits: Limits, clock: KeeperClock) -> None:
        self._store = reservations
        self._limits = limits
        self._clock = clock
        self._counts: dict[str, Count] = {}
        self._epoch = 0
        self._short: list[Count] = []
        self._old_grants: list[str] = []
        self._day = self._hour = -1
        self._tokens, self._filled = 0.0, time.monotonic() - 1.0
        self.roll()

    def roll(self) -> None:
        """A new hour or day begins when the clock says so; called once a batch."""
        hour = self._clock.now() // HOUR
        if hour == self._hour:
            return
        self._hour = hour
        self._epoch += 1
        self._drop_old_grants()
        day = hour * HOUR // DAY
        if day != self._day:
            self._day = day
            self._counts.clear()
            self._store.begin_day(day, keep=HISTORY_DAYS)

    def _drop_old_grants(self) -> None:
        """A grant lives a quarter of an hour: what was there an hour ago is over, and its people need no memory."""
        for key in self._old_grants:
            self._counts.pop(key, None)
        self._store.forget(self._old_grants)
        self._old_grants = [key for key in self._counts if key.startswith("grant ")]

    def allow(self, items: int) -> int:
        """How many of `items` the rate lets through now: at most one second's worth at once."""
        now = time.monotonic()
        rate = max(1, self._limits.rate // self._limits.keepers)
        self._tokens = min(float(rate), self._tokens + (now - self._filled) * rate)
        self._filled = now
        allowed = min(items, int(self._tokens))
        self._tokens -= allowed
        return allowed

    def take(self, held: Held, purpose: str, record: bytes) -> str:
        """Counts the identity of a record key in every scope where it is new today.

        "", or `meter-<scope>` and then nothing is counted.
        """
        scopes = held.metered.get(purpose)
        if scopes is None or scopes.epoch != self._epoch:
            scopes = held.metered[purpose] = self._of(held, "invoice" if purpose == "invoice" else "asking")
        identity = hash(record)  # 64 bits, keyed anew at each start; a third of the memory of the key itself
        fresh = []
        if identity not in scopes.actor.seen:
            fresh += [scopes.grant, scopes.actor]
        if identity not in scopes.site.seen:
            fresh.append(scopes.site)
        if not fresh:
            return ""
        fresh += [count for count in scopes.others if identity not in count.seen]
        if fresh[-1] is scopes.others[-1]:
            fresh.append(scopes.hour)
        for count in fresh:
            if count.used >= count.limit:
                return count.refusal
        for count in fresh:
            count.used += 1
            if count.people:
                count.seen.add(identity)
            if count.used > count.reserved:
                self._short.append(count)
                count.reserved = count.used
        return ""

    def flush(self) -> None:
        """Reserves blocks on disk for what ran short. Raises OSError; then no result may leave."""
        if not self._short:
            return
        for count in self._short:
            count.reserved = min(count.limit, count.used + count.block)
        self._store.write([(count.key, count.reserved) for count in self._short])
        self._short.clear()

    def close(self) -> None:
        """A clean stop writes what was really used, so that only a crash loses the rest of a block."""
        self._store.write([(count.key, count.used) for count in self._counts.values()])
        self._store.close()

    def figures(self) -> Mapping[str, int]:
        """Totals for health and metrics."""
        return {count.key: count.used for count in self._counts.values() if count.key.startswith(("total ", "hour "))}

    def _of(self, held: Held, family: str) -> Scopes:
        quota = self._limits.invoice if family == "invoice" else self._limits.asking
        grant = held.grant
        vendor = grant.vendor or (grant.client if grant.kind != "site" else "")
        busiest = self._store.busiest(f"total {family}")
        actor = quota.actor if grant.kind == "site" else quota.vendor
        count = partial(self._count, family)
        total = count("total", "", max(quota.total_floor, 2 * busiest))
        others = (count("vendor", vendor, quota.vendor), total) if vendor else (total,)
        tied = (count("grant", held.digest.hex(), quota.grant), count("hour", str(self._hour), quota.hour))
        return Scopes(
            self._epoch,
            count("actor", grant.client, actor),
            count("site", grant.site, quota.site),
            others=others,
            tied=tied,
        )

    def _count(self, family: str, scope: str, name: str, limit: int) -> Count:
        key = f"{scope} {name} {family}" if name else f"{scope} {family}"
        count = self._counts.get(key)
        if count is None:
            share = max(1, limit // self._limits.keepers)
            count = self._counts[key] = Count(
                key,
                f"meter-{scope}",
                limit=share,
                base=self._store.reserved(key),
                block=self._limits.block,
                people=scope not in {"grant", "hour"},
            )
        return count
