"""A house whose PostgreSQL lies on a small tmpfs that fills up: `python -m support.disk_full FOLDER`, as root.

Runs in a mount namespace of its own (`unshare --mount`), so that the mount ends with the process, however it ends.
Prints one JSON object of what was seen; the test judges it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rempart.sealing.client import KeeperUnavailable
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.http import HttpError
from rempart.storage.embedded import EmbeddedPostgresError
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY, SERVER, Patient, Town, decided, request_of, town

SIZE = "160m"
SMALL = {"max_wal_size": "48MB", "min_wal_size": "32MB", "wal_keep_size": "0"}
PEOPLE = 400
ROOM = 400_000  # bytes left when the disk begins to be short


def mount(folder: Path) -> None:
    """A tmpfs at `folder`, private to it."""
    folder.mkdir(parents=True, mode=0o700)
    subprocess.run(
        [shutil.which("mount") or "/bin/mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "none", str(folder)],
        check=True,
    )


def fill(folder: Path, *, leave: int) -> Path:
    """Takes the space that is left but for `leave` bytes."""
    ballast, room = folder / "ballast", folder / "room"
    room.write_bytes(bytes(leave))
    with ballast.open("wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                continue
    room.unlink()
    return ballast


class Seen:
    """What was answered, and how many questions were answered in all."""

    def __init__(self, made: Town) -> None:
        self.made = made
        self.answered = 0
        self.bills = iter(made.bills(visits=300))

    async def questions(self, caller: Caller, many: int) -> Counter[str]:
        """Status and code of each of `many` questions; 200 is an answer that must have its disclosure."""
        found: Counter[str] = Counter()
        for number in range(many):
            person = self.made.country.person(number % PEOPLE)
            found[await self._question(caller, self.made.country.insurer_of(person).number, person.ways[0])] += 1
        return found

    async def _question(self, caller: Caller, insurer: str, way: tuple[str, str | None, str, str]) -> str:
        from rempart.domain.invoice import Presented

        shown = Presented(insurer, way[0], way[1], way[2], way[3])
        asked = presented_request(shown, care_date=FIRST_DAY.isoformat(), domains=("PHAR",), evidence="machine")
        try:
            answer = await caller.eligibility(asked)
        except (HttpError, TimeoutError) as error:
            return type(error).__name__
        if isinstance(answer, Problem):
            return f"{answer.status} {answer.code}"
        self.answered += 1
        return "200"

    async def invoices(self, caller: Caller, many: int, key: str) -> tuple[Counter[str], list[str]]:
        """Status of each deposit of one invoice, and the hub's ids of those it acknowledged."""
        found: Counter[str] = Counter()
        taken: list[str] = []
        for number in range(many):
            bill = next(self.bills)
            request = request_of(bill, str(900_000_000 + len(taken) + number + abs(hash(key)) % 10_000_000))
            try:
                receipt = await caller.invoices((request,), f"{key}-{number}")
            except (HttpError, TimeoutError) as error:
                found[type(error).__name__] += 1
                continue
            if isinstance(receipt, Problem):
                found[f"{receipt.status} {receipt.code}"] += 1
            else:
                found["202"] += 1
                taken += [one.invoice for one in receipt.invoices if one.invoice]
        return found, taken


def disclosures(made: Town) -> int:
    return int(made.one("select count(*) from rempart.disclosure where purpose = 'eligibility'"))


async def full(seen: Seen, site: int, disk: Path) -> dict[str, Any]:
    """Questions and invoices while there is room, then until writes fail, and a while longer."""
    caller = seen.made.caller(site)
    before = await seen.questions(caller, 40)
    fill(disk, leave=ROOM)
    found: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    taken: list[str] = []
    end = time.monotonic() + 40
    round_ = 0
    while time.monotonic() < end and (found["503 unavailable"] < 5 or sent["503 unavailable"] < 5):
        found += await seen.questions(caller, 40)
        counted, ids = await seen.invoices(caller, 4, f"full-{round_}")
        sent += counted
        taken += ids
        round_ += 1
    await caller.close()
    return {"before": dict(before), "questions": dict(found), "invoices": dict(sent), "taken": taken}


async def again(seen: Seen, site: int, taken: list[str]) -> dict[str, Any]:
    """After space returned: questions and invoices as ever; what was acknowledged is decided."""
    caller = Patient(seen.made.house.base, *_of(seen.made, site), now=seen.made.world.now)
    found = await seen.questions(caller, 40)
    sent, ids = await seen.invoices(caller, 3, "again")
    states = [(await decided(caller, one)).state for one in (*taken, *ids)]
    await caller.close()
    return {
        "questions": dict(found),
        "invoices": dict(sent),
        "states": dict(Counter(states)),
        "waited_for": len(states),
    }


def _of(made: Town, site: int) -> tuple[Any, str]:
    from rempart.simulation.clients import registration_of

    registration = registration_of(made.country, site)
    return registration, registration.sites[0]


def revive(made: Town) -> bool:
    """Starts the server again when it fell, as a supervisor would; whether it had fallen."""
    database = made.house.database
    fell = database.pid is None
    end = time.monotonic() + 60
    while True:
        try:
            if database.pid is None:
                database.stop()
                database.start()
            made.one("select 1")
            return fell
        except (EmbeddedPostgresError, OSError, KeeperUnavailable):
            pass
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "psycopg":
                raise
        if time.monotonic() > end:
            raise TimeoutError("the server does not come back")
        time.sleep(0.3)


def main() -> None:
    """The scenario."""
    folder = Path(sys.argv[1])
    SERVER.update(SMALL)
    mount(folder / "house" / "postgres")
    (folder / "house").chmod(0o700)
    options = {"budgets.pharmacy": {"typed": 100_000, "machine": 100_000}, "budgets": {"vendor_a_day": 1_000_000}}
    with town(folder / "house", PEOPLE, options=options) as made:
        index = next(
            site.index for site in made.country.all_sites() if site.profession == "pharmacy" and site.index > 3
        )
        seen = Seen(made)
        disk = folder / "house" / "postgres"
        while_full = asyncio.run(full(seen, index, disk))
        (disk / "ballast").unlink()
        fell = revive(made)
        counted = disclosures(made)
        answered = seen.answered
        afterwards = asyncio.run(again(seen, index, while_full.pop("taken")))
        print(json.dumps({
            "full": while_full, "fell": fell, "answered": answered, "disclosed": counted, "again": afterwards,
            "broken": made.broken(), "answered_in_all": seen.answered, "disclosed_in_all": disclosures(made),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
