"""What `rempart demo` does, step by step, and what it saw: programs, rights, a day of care, money, log, checks."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg

from rempart.bench.after import After, AfterReport
from rempart.bench.day import DayReport, live
from rempart.bench.doors import operator_of
from rempart.bench.opened import Opened, opened
from rempart.bench.world import OPERATOR, World
from rempart.bootstrap.house import House
from rempart.bootstrap.pay import NewAccount, NewPayee, payer, register_account, register_payees, terms
from rempart.ground.instants import now
from rempart.sealing.ringing import Nothing
from rempart.simulation.country import Country
from rempart.simulation.sites import invented_iban
from rempart.simulation.truth import identifiers
from rempart.storage.invariants import check

Step = Callable[[str, int], Callable[[], None]]
"""Announces a step of so many parts (0: unknown); what it gives is called once a part."""

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "payment": {"unsafe_clear_files": True},  # so that the reader of the demo can open the bank file
    "budgets": {"hour_fraction": 1.0},  # the whole day is lived in a minute
    "log": {"fold_seconds": 1, "checkpoint_seconds": 1},
    "settlement": {"output": "settlements", "signing_key": "settlement.pem"},
    "batches": {"demo_release_seconds": 2.0},  # released while the day is lived
}
BAD_LINES_FROM = 5_000  # people: below, one bad line is more than a file may hold
SEARCHED = 200  # identifiers looked for in everything that was written; the tests look for all


@dataclass
class Seen:
    """What the demo saw; amounts in cents. `invariants` says of each whether it held.

    `allowances`: by kind of entry, how many, and on how many counters.
    """

    people: int = 0
    insurers: int = 0
    records: int = 0
    bad_lines: int = 0
    load_seconds: float = 0.0
    day: DayReport = field(default_factory=DayReport)
    states: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    spent: int = 0
    amo: int = 0
    amc: int = 0
    patient: int = 0
    opened: Opened = field(default_factory=Opened)
    after: AfterReport = field(default_factory=AfterReport)
    disclosures: int = 0
    log_size: int = 0
    allowances: dict[str, tuple[int, int]] = field(default_factory=dict)
    invariants: dict[str, bool] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class Demo:
    """One demo in a folder. `house` stays up after `run` until the caller leaves its context."""

    house: House
    country: Country
    step: Step

    def run(self) -> Seen:
        """Everything, in order."""
        began = time.monotonic()
        seen = Seen(self.country.people, len(self.country.insurers))
        world = World(self.house, self.country, operator_of=operator_of)
        done = self.step("Registering insurers, sites and their software", 0)
        world.register()
        self._payees()
        done()
        self._load(world, seen)
        done = self.step("Starting hub and worker", 2)
        for program in ("hub", "worker"):
            self.house.launch(program)
            done()
        self._live(world, seen)
        self._pay(world, seen)
        self._log(seen)
        self._look(seen)
        seen.seconds = time.monotonic() - began
        return seen

    def _payees(self) -> None:
        settings, instant = self.house.settings, now()
        start = date(2020, 1, 1)
        payees = [
            NewPayee(site.number, OPERATOR, site.name, site.iban, start, "first-officer", "second-officer")
            for site in self.country.all_sites()
        ]
        faults = register_payees(settings, payees, instant)
        account = NewAccount("main", OPERATOR, "Rempart demo", invented_iban(1_000_001))
        fault = register_account(settings, account, instant)
        if faults or fault:
            raise RuntimeError("a payee of the demo was refused")

    def _load(self, world: World, seen: Seen) -> None:
        done = self.step("Loading signed rights files", seen.insurers)
        began = time.monotonic()
        bad = int(self.country.people >= BAD_LINES_FROM)
        outcomes = world.load(bad=bad, progress=lambda _: done())
        seen.load_seconds = time.monotonic() - began
        seen.records = sum(outcome.records for outcome in outcomes)
        seen.bad_lines = sum(outcome.rejected for outcome in outcomes)
        seen.invariants["rights_loaded_as_sent"] = all(outcome.state == "applied" for outcome in outcomes)

    def _live(self, world: World, seen: Seen) -> None:
        done = self.step("A day of care", 0)
        seen.day = asyncio.run(live(world, self.country.day, progress=done))
        seen.opened = asyncio.run(opened(world))
        seen.day.surprises += seen.opened.surprises
        seen.day.amc_expected += seen.opened.owed
        seen.invariants["every_outcome_as_the_ground_truth"] = not seen.day.surprises

    def _pay(self, world: World, seen: Seen) -> None:
        """The day's payment and what follows it for weeks: see `After`."""
        done = self.step("Paying, the bank's returns, claw-backs, calls, settlements", After.STEPS)
        after = After(world, seen.day.amc_expected)
        seen.after = after.report
        seen.invariants |= after.run(done)
        settings = self.house.settings
        with payer(settings) as pay:
            again = pay.run(terms(settings, after.last, now()), now())
        seen.invariants["paying_again_pays_nothing"] = not again.written
        with psycopg.connect(settings.database.worker_url) as connection:
            for name, broken in check(connection).items():
                seen.invariants[name] = not broken
            states = connection.execute("select state, count(*) from rempart.invoice group by state order by state")
            seen.states = dict(states)
            told = connection.execute(
                "select reason, count(*) from rempart.invoice where reason <> '' group by reason order by 2 desc, 1"
            )
            seen.reasons = dict(told)
            entries = connection.execute(
                "select kind, count(*), count(distinct counter) from rempart.counter_entry group by kind order by kind"
            )
            seen.allowances = {kind: (many, counters) for kind, many, counters in entries}
            (row,) = connection.execute(
                "select coalesce(sum(spent), 0)::bigint, coalesce(sum(amo), 0)::bigint, coalesce(sum(amc), 0)::bigint, "
                "coalesce(sum(patient), 0)::bigint from rempart.invoice where state in ('accepted', 'paid')"
            ).fetchall()
            seen.spent, seen.amo, seen.amc, seen.patient = row
        owed = seen.day.amc_expected + seen.after.guaranteed[1]
        seen.invariants["insurers_pay_what_the_ground_truth_owes"] = seen.amc == owed

    def _log(self, seen: Seen) -> None:
        """Waits for fold and checkpoint, keeps the checkpoint as an outsider would, verifies the log with it."""
        done = self.step("Folding and verifying the log", 0)
        url = self.house.settings.database.auditor_url
        deadline = time.monotonic() + 30
        with psycopg.connect(url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                row = connection.execute(
                    "select (select count(*) from rempart.disclosure), "
                    "(select count(*) from rempart.leaf where month > 0), "
                    "(select coalesce(max(size), 0) from rempart.checkpoint where month > 0), "
                    "(select note from rempart.checkpoint where month > 0 order by size desc limit 1)"
                ).fetchone()
                if row is not None and row[0] == row[1] == row[2]:
                    break
                time.sleep(0.1)
        if row is None or row[3] is None:
            seen.invariants["log_verifies"] = False
            return
        seen.disclosures, seen.log_size = row[0], row[2]
        kept = self.house.folder / "kept-checkpoint"
        kept.write_bytes(bytes(row[3]))
        with self.house.ring() as ring:
            key = ring.call("health", [Nothing()])[0].verifier_key
        public = self.house.folder / "log-key"
        public.write_text(key)
        command = [sys.executable, "-m", "rempart", "log", "verify", "--database-url", url]
        command += ["--checkpoint", str(kept), "--key", str(public)]
        verified = subprocess.run(command, capture_output=True, text=True, check=False)
        seen.invariants["log_verifies"] = verified.returncode == 0 and seen.disclosures == seen.log_size
        done()

    def _look(self, seen: Seen) -> None:
        """Looks for identities in everything that was written: database, logs, journal, configuration."""
        done = self.step("Looking for identities in everything written", 0)
        haystack = b"\n".join((self._database(), *self._files()))
        words = {identifier.text for identifier in identifiers(self.country) if _telling(identifier.text)}
        sample = sorted(words)[:: max(1, len(words) // SEARCHED)]
        found = any(form in haystack for word in sample for form in _forms(word))
        seen.invariants["no_identity_in_database_or_logs"] = not found
        done()

    def _database(self) -> bytes:
        parts: list[bytes] = []
        with psycopg.connect(self.house.database.url("admin")) as connection:
            tables = connection.execute(
                "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where n.nspname = 'rempart' and c.relkind = 'r'"
            ).fetchall()
            for (table,) in tables:
                with connection.cursor().copy(f"copy {table} to stdout") as copy:  # names from the catalogue
                    parts += [bytes(part) for part in copy]
        return b"".join(parts)

    def _files(self) -> list[bytes]:
        folder = self.house.folder
        paths = [
            path for path in folder.rglob("*") if path.is_file() and "postgres" not in path.relative_to(folder).parts
        ]
        paths = [path for path in paths if "payments" not in path.parts]  # the bank file's reader must read it
        log = self.house.database.log  # of a server that is not ours, nothing is read
        return [path.read_bytes() for path in (*paths, *((log,) if log else ()))]


def _telling(word: str) -> bool:
    """Whether finding it means something: eight digits turn up by chance in any megabyte of instants and hashes."""
    return len(word) >= 11 if any(character.isdigit() for character in word) else len(word) >= 8


def _forms(word: str) -> tuple[bytes, ...]:
    """A word as it might lie somewhere: plain, hex (two writings), base64 at three alignments."""
    raw = word.encode()
    cut = [base64.b64encode(b"\0" * shift + raw)[2 * shift + shift // 2 :].rstrip(b"=")[:-2] for shift in range(3)]
    return raw, raw.hex().encode(), raw.hex().upper().encode(), *(form[1:] for form in cut if len(form) > 10)
