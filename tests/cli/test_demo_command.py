"""`rempart demo --json` on a database that is already there: one object, and every invariant holds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import psycopg
import pytest

from rempart.bench.demo import Seen
from rempart.bench.replay import ATTACKS, Report
from rempart.bench.theft import Figures, Honest
from rempart.cli.demo import _told
from rempart.cli.replay import _TARGETS
from rempart.simulation.appointments import BEYOND

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres


def demo(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rempart", "demo", "--database-url", url, "--json", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)


@pytest.mark.soak
def test_a_day_of_care_on_an_existing_database(empty_postgres: Database) -> None:
    """The day is lived there, told as one JSON object, and its schema can be looked at afterwards."""
    done = demo(empty_postgres.url(), "--people", "300", "--no-replay")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert all(told["invariants"].values())
    assert "log_verifies" in told["invariants"]
    assert sum(told["seen"]["day"]["questions"].values()) > 0
    seen = told["seen"]["opened"]
    assert (seen["newborns"], seen["again"], seen["ceiling"]) == ([1, 21_00], [1, 21_00], 500_00)
    assert told["seen"]["day"]["appointments"]["appointments-budget-spent"] == BEYOND
    with psycopg.connect(empty_postgres.url()) as connection:
        row = connection.execute("select count(*) from rempart.disclosure").fetchone()
    assert row == (told["seen"]["disclosures"],)


def test_a_database_in_use_by_others_is_refused(postgres: Database) -> None:
    """A schema that no demo made ends the command with 3, a code and what to do."""
    done = demo(postgres.url(), "--people", "100")
    assert (done.returncode, done.stdout) == (3, "")
    assert "[schema-taken]" in done.stderr


def test_what_the_replay_counted_is_in_the_object() -> None:
    """Refusals by code are an object by code: copied as a data class, Python 3.11 counts their pairs instead."""
    refused = Counter({"site-budget": 340, "hour-budget": 12})
    figures = [Figures(attacker, target, codes=refused.copy()) for attacker in ATTACKS for target in _TARGETS]
    report = Report(300, 24, 60.0, 1, "pharmacy", 60, 400, figures, {ATTACKS[0]: Honest(9, 0, Counter({"busy": 1}))})
    told = json.loads(msgspec.json.encode(_told(Seen(), report)))
    assert {json.dumps(each["refused_by_code"]) for each in told["replay"]["attacks"]} == {
        '{"hour-budget": 12, "site-budget": 340}'
    }
    assert [each["refused_by_code"] for each in told["replay"]["honest"]] == [{"busy": 1}]
