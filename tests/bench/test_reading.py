"""The bench's reading of a day: it waits for every invoice that was sent, however late the hub unpacks it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import cast

from rempart.bench.day import DayReport, _Reading
from rempart.bench.world import World
from rempart.domain.invoice import Invoice, Presented
from rempart.simulation.caller import Caller
from rempart.simulation.events import Bill
from rempart.simulation.play import Played

NUMBER = "000000057"
SITE = "751234568"


@dataclass
class SlowHub:
    """Finds the second invoice of a number only at the third look; each is decided when it is found."""

    states: dict[str, tuple[str, str, int]]
    looks: int = 0
    asked: list[str] = field(default_factory=list)

    async def find(self, number: str) -> list[str]:
        self.looks += 1
        self.asked.append(number)
        return list(self.states)[: 1 if self.looks < 3 else 2]

    async def invoice_state(self, invoice: str) -> SimpleNamespace:
        state, reason, amc = self.states[invoice]
        return SimpleNamespace(state=state, reason=reason, amc=amc)

    async def close(self) -> None:
        return None


def _bill(outcome: str, reason: str, amc: int, what: str) -> Bill:
    invoice = Invoice(SITE, NUMBER, date(2026, 11, 22), Presented("", "", None, "", None), (), 0, 0, amc)
    return Bill(57, 1, invoice, outcome, reason, amc, what)


def _read(hub: SlowHub, bills: list[Bill]) -> DayReport:
    """What the reader reports of these bills of one site."""
    site = SimpleNamespace(number=SITE, index=0)
    world = cast("World", SimpleNamespace(country=SimpleNamespace(all_sites=lambda: [site])))

    class Reading(_Reading):
        def _caller(self, site: int) -> Caller:
            assert site == 0
            return cast("Caller", hub)

    report = DayReport()
    asyncio.run(Reading(world, report).all(Played(sent=[(bill, "") for bill in bills])))
    assert set(hub.asked) == {NUMBER}
    return report


def test_a_correction_that_is_unpacked_late_is_waited_for() -> None:
    """The first one being decided does not end the wait for its correction under the same number."""
    hub = SlowHub({"first": ("rejected", "amo-inconsistent", 0), "second": ("accepted", "", 900)})
    bills = [
        _bill("rejected", "amo-inconsistent", 0, "wrong-amount"),
        _bill("accepted", "", 900, "corrected"),
    ]
    assert _read(hub, bills).surprises == {}


def test_a_correction_that_is_decided_wrongly_is_told() -> None:
    """When all that was sent is decided, an outcome that no one expects is a surprise."""
    hub = SlowHub({"first": ("rejected", "amo-inconsistent", 0), "second": ("rejected", "rights-closed", 0)})
    bills = [
        _bill("rejected", "amo-inconsistent", 0, "wrong-amount"),
        _bill("accepted", "", 900, "corrected"),
    ]
    told = "rejected/amo-inconsistent/0; rejected/rights-closed/0"
    assert _read(hub, bills).surprises == {("bill:corrected", "accepted//900", told): 1}
