"""The log's own process: it lives beside its worker, each can be killed alone, and no disclosure stays unfolded."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rempart.bench.processes import children
from rempart.wire.problem import Problem
from support.houses import Town, decided, request_of, town

pytestmark = pytest.mark.postgres
OPTIONS = {"log": {"fold_seconds": 0.2, "reconcile_seconds": 0.2}}
SECONDS = 30


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A small town at work."""
    with town(tmp_path_factory.mktemp("log") / "h", 300, options=OPTIONS) as served:
        yield served


def _until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def _worker(made: Town) -> int:
    return made.house.processes["worker"].pid


def _log(made: Town) -> int:
    _until(lambda: len(children(_worker(made))) == 1, "the log has no process")
    return children(_worker(made))[0]


def _gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def _bill(made: Town, place: int) -> None:
    """One invoice, sent and decided: one disclosure at least."""

    async def send() -> None:
        bill = made.bills()[place]
        sites = {site.number: site.index for site in made.country.all_sites()}
        caller = made.caller(sites[bill.invoice.site])
        receipt = await caller.invoices((request_of(bill),), f"key-{place}")
        assert not isinstance(receipt, Problem), receipt
        (one,) = receipt.invoices
        assert one.invoice
        await decided(caller, one.invoice)
        await caller.close()

    asyncio.run(send())


def _folded(made: Town) -> bool:
    disclosures, leaves = (made.one(f"select count(*) from rempart.{table}") for table in ("disclosure", "leaf"))  # noqa: S608 - names of ours
    return bool(0 < disclosures == leaves)


def _served(made: Town, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{made.house.settings.worker.metrics_port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def test_killed_alone_it_is_started_again_and_folds_what_came_meanwhile(made: Town) -> None:
    """Deciding goes on without it; the next one takes lock and place over, and its counts reach the worker's page."""
    first = _log(made)
    os.kill(first, signal.SIGSTOP)
    _bill(made, 0)
    os.kill(first, signal.SIGKILL)
    _until(lambda: _folded(made), "what came meanwhile is never folded")
    assert _log(made) != first
    _until(
        lambda: re.search(r"rempart_disclosures_folded_total [1-9]", _served(made, "/metrics")[1]),
        "the count never arrives",
    )
    assert _served(made, "/readyz")[0] == 200


def test_it_does_not_outlive_a_worker_that_was_killed(made: Town) -> None:
    """`kill -9` of the worker's process alone: its pipe ends, and so does the log's process; both come back."""
    log, worker = _log(made), made.house.processes.pop("worker")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    _until(lambda: _gone(log), "the log's process has no worker and goes on")
    made.house.launch("worker")
    _bill(made, 1)
    _until(lambda: _folded(made), "nobody folds")


def test_a_clean_stop_folds_what_waits_and_ends_both(made: Town) -> None:
    """SIGTERM to the worker: nothing that was disclosed before is left for tomorrow."""
    log = _log(made)
    _bill(made, 2)
    made.house.end("worker")
    assert _gone(log)
    assert _folded(made)
