"""The database's disk is full: writes fail with a clear error, no answer leaves without its disclosure, it recovers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
pytestmark = [pytest.mark.postgres, pytest.mark.tmpfs]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened on a disk of 160 MB that filled up and was freed."""
    folder = tmp_path_factory.mktemp("full")
    command = ["unshare", "--mount", "--", sys.executable, "-m", "support.disk_full", str(folder)]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_writes_fail_with_a_clear_error(seen: dict[str, Any]) -> None:
    """Questions and invoices are told `unavailable`, 503; nothing else goes wrong and no connection is cut."""
    assert seen["full"]["before"] == {"200": 40}
    assert seen["full"]["questions"]["503 unavailable"] >= 5
    assert seen["full"]["invoices"]["503 unavailable"] >= 5
    assert set(seen["full"]["questions"]) <= {"200", "503 unavailable"}
    assert set(seen["full"]["invoices"]) <= {"202", "503 unavailable"}


def test_no_answer_leaves_without_its_disclosure(seen: dict[str, Any]) -> None:
    """Every answer given before, during and after is in the log."""
    assert seen["disclosed"] >= seen["answered"] > 0
    assert seen["disclosed_in_all"] >= seen["answered_in_all"]


def test_it_recovers_when_space_returns(seen: dict[str, Any]) -> None:
    """The next questions are answered, what was acknowledged is decided, the books balance."""
    assert seen["again"]["questions"] == {"200": 40}
    assert seen["again"]["invoices"] == {"202": 3}
    assert seen["again"]["waited_for"] >= 3
    assert set(seen["again"]["states"]) <= {"accepted", "rejected", "held"}
    assert seen["broken"] == {}
