"""Opening a deposit that takes long: the keeper hears the present at each call, and our own faults refuse no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import pytest

from rempart.application.guard import SiteFacts
from rempart.application.together import Unavailable
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.formats import b2
from rempart.sealing.client import KeeperSync
from rempart.sealing.frames import AuthorityItem, AuthorityResult, OpenDepositItem, OpenDepositResult
from rempart.storage.inbound import Inbound, Waiting
from rempart.worker.opening import Opener, Refused, Report

SITE, DAY = "992300010", date(2026, 11, 20)
START, MINUTE = 1_795_420_800_000_000, 60_000_000
INBOUND = Inbound(b"\x07" * 12 + bytes(4), "client-1", SITE, "file", b"g" * 16, b"f" * 16, START)
SITES = {SITE: SiteFacts(SITE, "pharmacy", "operator-1", "Europe/Paris", "good")}
CHUNKS = 10


def _file() -> bytes:
    line = Line(1, DAY, "PH7", "pharmacy", 4_000, 65, 2_600, 4_000, 1_400, unit_price=4_000)
    shown = Presented("0000401166", "INVENTED", None, "800101", "1")
    invoices = [Invoice(SITE, f"{n:09d}", DAY, shown, (line,), 4_000, 2_600, 1_400) for n in range(1, 41)]
    envelope = b2.Envelope(sender=SITE, receiver="00990001", file_id="000001", created=DAY)
    return b"".join(b2.write(envelope, b2.lots_of(invoices, DAY)))


CONTENT = _file()


@dataclass
class Slow:
    """Keeper, stored chunks and clock in one; each chunk takes a minute, and the keeper bears two of difference."""

    clock: int = START
    refusal: str = ""
    narrowed: list[int] = field(default_factory=list)

    def now(self) -> int:
        return self.clock

    def chunks(self, _: bytes, number: int = 0) -> Iterator[bytes]:
        assert number == 0
        size = -(-len(CONTENT) // CHUNKS)
        for at in range(0, len(CONTENT), size):
            yield CONTENT[at : at + size]
            self.clock += MINUTE

    def call(self, operation: str, items: Sequence[Any]) -> list[Any]:
        (item,) = items
        apart = abs(item.instant - self.clock) > 2 * MINUTE
        if operation == "open_deposit":
            assert isinstance(item, OpenDepositItem)
            refusal = self.refusal or ("clock-apart" if apart else "")
            return [OpenDepositResult(refusal) if refusal else OpenDepositResult("", item.sealed, b"authority")]
        assert isinstance(item, AuthorityItem)
        self.narrowed.append(self.clock)
        return [AuthorityResult("", b"narrowed")]

    def open(self) -> list[bytes]:
        """Ids of the invoices that came out."""
        opener = Opener(cast("KeeperSync", self), cast("Waiting", self), SITES, self.now)
        return [one.identity for one in opener.open(INBOUND, Report())]


def test_a_file_that_takes_long_is_read_to_its_end() -> None:
    """Twenty minutes: every chunk is opened under the instant at which it is read."""
    slow = Slow()
    assert len(slow.open()) == 40
    assert slow.clock - START == 2 * CHUNKS * MINUTE


def test_a_sites_authority_is_asked_for_again_before_it_expires() -> None:
    """It lives fifteen minutes and is renewed every five, not once a chunk."""
    slow = Slow()
    slow.open()
    ages = [later - earlier for earlier, later in zip(slow.narrowed, slow.narrowed[1:], strict=False)]
    assert 1 <= len(ages) < CHUNKS
    assert max(ages) < 15 * MINUTE


def test_clocks_apart_are_our_fault_and_refuse_no_file() -> None:
    """The deposit is taken up again; what is wrong with the deposit itself refuses it."""
    with pytest.raises(Unavailable):
        Slow(refusal="clock-apart").open()
    with pytest.raises(Refused, match="deposit-expired"):
        Slow(refusal="deposit-expired").open()
