"""An attacker holds the hub's socket to the keeper and a live sign-in: what he opens and does not disclose is found."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.bench.world import World
from rempart.bootstrap.house import House
from rempart.client import assertion
from rempart.domain.invoice import Presented
from rempart.ground.instants import MICROSECONDS, PARIS, civil_date, now
from rempart.sealing.client import KeeperSync
from rempart.sealing.frames import DeriveItem, GrantItem, OpenItem
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.clients import registration_of
from rempart.simulation.country import Country
from rempart.wire.problem import Problem
from support.ready import ready

if TYPE_CHECKING:
    from collections.abc import Callable

STOLEN = 30
OPTIONS = {
    "log": {"reconcile_seconds": 0.2, "reconcile_grace_seconds": 1, "reconcile_freeze_above": 20, "fold_seconds": 0.2}
}


def _until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def _ask(house: House, country: Country, numbers: range) -> list[str]:
    """Honest questions about invented people that nobody knows; what was said to each."""

    async def asked() -> list[str]:
        caller = Caller(house.base, registration_of(country, 0), country.site(0).number, now=now)
        said = []
        for number in numbers:
            insurer = country.insurers[0].number
            shown = Presented(insurer, f"{number:08d}", None, "850512", "1")
            request = presented_request(
                shown, care_date=civil_date(now(), PARIS).isoformat(), domains=("PHAR",), evidence="machine"
            )
            answer = await caller.eligibility(request)
            said.append(answer.code if isinstance(answer, Problem) else answer.answer)
        await caller.close()
        return said

    return asyncio.run(asked())


def _steal(house: House, country: Country) -> None:
    """What a taken-over hub can do: pass on an assertion it was shown, then open without ever settling."""
    client, site = registration_of(country, 0), country.site(0).number
    audience = house.settings.hub.audience + "/v1/token"
    signed = assertion.sign(client.private_jwk, client.client, audience, now() // MICROSECONDS, site=site)
    with KeeperSync(str(house.settings.paths.keeper_socket("ask"))) as keeper:
        grant = keeper.call("grant", [GrantItem(signed.encode(), site, "jkt:thumb", audience, now())])[0]
        assert not grant.refusal
        insurer, day = country.insurers[0].number, now() // 86_400_000_000
        wanted = [
            DeriveItem(grant.grant, "eligibility", insurer, f"{n:08d}", None, "850512", "1", day)
            for n in range(5_000, 5_000 + STOLEN)
        ]
        derived = keeper.call("derive", wanted)
        opened = keeper.call("open", [OpenItem(each.ticket, 0, None, None) for each in derived])
        assert all(each.tag for each in opened)


def _doctor(house: House) -> dict[str, list[str]]:
    command = [sys.executable, "-m", "rempart", "doctor", "--json", "--config", str(house.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    checks = json.loads(done.stdout)["checks"]
    return {check["check"]: [fault["code"] for fault in check.get("faults", ())] for check in checks}


@pytest.mark.postgres
def test_records_opened_and_never_disclosed_are_found_and_the_hub_frozen(tmp_path: Path) -> None:
    """The honest day reconciles to nothing; thirty stolen records raise the alarm and close the hub to everyone."""
    country = Country(7, 300)
    with House(ready(tmp_path / "h"), OPTIONS) as house:
        World(house, country).register()
        house.launch("hub")
        house.launch("worker")
        assert set(_ask(house, country, range(10))) <= {"not-confirmed"}
        with psycopg.connect(house.database.url(), autocommit=True) as admin:

            def compared(at_least: int) -> bool:
                row = admin.execute("select entries from rempart.reconciliation").fetchone()
                return row is not None and row[0] >= at_least

            _until(lambda: compared(10))
            time.sleep(2.5)  # longer than the grace: honest questions raise nothing
            assert admin.execute("select count(*) from rempart.alarm").fetchone() == (0,)
            assert not any(_doctor(house).values())

            _steal(house, country)
            _until(lambda: admin.execute("select count(*) from rempart.alarm").fetchone() == (2,))
            codes = admin.execute("select code, counts from rempart.alarm order by alarm").fetchall()
            assert [code for code, _ in codes] == ["opened-undisclosed", "hub-frozen"]
            assert codes[0][1]["people"] == STOLEN
        _until(lambda: _ask(house, country, range(20, 21)) == ["compartment"])
        assert set(_doctor(house)["reconciliation"]) == {"opened-undisclosed", "hub-closed"}
        port = house.settings.worker.metrics_port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            shown = answer.read().decode()
        assert 'rempart_alarms_total{code="hub-frozen"} 1.0' in shown
        log = (tmp_path / "h" / "worker.log").read_text("utf-8")
        assert "opened-undisclosed" in log
        assert '"error"' in log
