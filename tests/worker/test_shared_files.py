"""Two processes decide one file: what comes out is what one process decides, whoever is killed or frozen meanwhile."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rempart.bench.invoices import OPTIONS, one_line_invoices
from rempart.bench.processes import children
from rempart.domain.invoice import Invoice
from rempart.formats import b2
from rempart.wire.problem import Problem
from support.houses import Town, town

pytestmark = pytest.mark.postgres
PEOPLE, INVOICES, LOT, PART = 300, 1_200, 30, 90
LEASE = 1  # second
COPY = 10_000  # between the numbers of two copies of the file
CONNECTED = 4  # sockets
SECONDS = 60.0
DECIDED = """
select i.number, i.position, i.state, i.reason, i.amc, i.patient, coalesce(t.amount, 0), coalesce(t.debit, ''),
    coalesce(t.credit, ''), d.lines is not null
from rempart.invoice i left join rempart.transfer t on t.subject = i.invoice and t.kind = 'decision'
left join rempart.decision d using (invoice) where i.inbound = %s order by i.position
"""
WRITTEN = "select count(*) from rempart.invoice where inbound = %s"
HELD = "select count(*) from rempart.inbound_part where inbound = %s and until > 0 and report is null"
POINTS = ("claimed", "some written", "half written", "nearly all written")
"""When a process is killed: at its first parts, after so much of the file."""


def _content(made: Town, copy: int = 0) -> bytes:
    """One pharmacy's file in small lots; every fourth lot repeats numbers and contents of lots before it.

    Each `copy` has numbers and acts of its own, and the same amounts about the same people.
    """
    day = made.country.day
    fresh = [_copied(one, copy) for one in one_line_invoices(made.country, INVOICES, first=1)]
    lots: list[b2.Lot] = []
    for number in range(INVOICES // LOT):
        own: list[Invoice] = fresh[number * LOT : (number + 1) * LOT]
        if number % 4 == 3:
            own[0] = replace(fresh[(number - 3) * LOT], presented=own[0].presented)  # the same number
            own[1] = replace(fresh[(number - 3) * LOT + 1], number=own[1].number)  # the same content
            own[2] = replace(fresh[(number - 2) * LOT + 2], number=fresh[(number - 3) * LOT].number)  # both
        lots.append(b2.Lot(made.country.site(0).number, number + 1, day, own))
    envelope = b2.Envelope(made.country.site(0).number, "REMPART", "000001", day)
    return b"".join(b2.write(envelope, lots))


def _copied(one: Invoice, copy: int) -> Invoice:
    lines = tuple(replace(line, coefficient=line.coefficient + copy) for line in one.lines)
    return replace(one, number=f"{int(one.number) + copy * COPY:09d}", lines=lines)


def _send(made: Town, content: bytes) -> str:
    async def send() -> str:
        caller = made.caller(0)
        receipt = await caller.file(content)
        await caller.close()
        assert not isinstance(receipt, Problem), receipt
        return receipt.file

    return asyncio.run(send())


def _until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def _ended(made: Town, file: str) -> list[tuple[Any, ...]]:
    _until(
        lambda: made.one("select state from rempart.inbound where inbound = %s", file) != "received", "never decided"
    )
    assert made.one("select count(*) from rempart.inbound_part") == 0
    assert made.broken() == {}
    return made.sql(DECIDED, file)


def _report(made: Town, file: str) -> Any:
    return made.one("select report from rempart.inbound where inbound = %s", file)


def _words(pid: int) -> bytes:
    """A process's command line; nothing of one that ended since it was listed."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _decider(made: Town) -> int:
    """The second deciding process: it is started with a word of its own."""
    worker = made.house.processes["worker"].pid

    found: list[int] = []

    def ready() -> bool:
        found[:] = [pid for pid in children(worker) if b"--decide-only" in _words(pid) and _sockets(pid) >= CONNECTED]
        return bool(found)

    _until(ready, "there is no second process")
    return found[0]


def _sockets(pid: int) -> int:
    """How many it has open: two of its own loop, then those to the database."""
    try:
        return sum(str(each.readlink()).startswith("socket:") for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def _options(processes: int, part: int) -> dict[str, dict[str, Any]]:
    worker = {"processes": processes, "part_invoices": part, "lease_seconds": LEASE, "batch_most": 25}
    return {**OPTIONS, "worker": {"poll_milliseconds": 20, **worker}}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Any, ...]]]:
    """What one process decides of a file that it does not cut."""
    options = _options(1, 1_000_000)
    with town(tmp_path_factory.mktemp("one") / "h", PEOPLE, options=options, simulated=False, insurers=3) as made:
        file = _send(made, _content(made))
        rows = _ended(made, file)
        yield rows


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The same country with two deciding processes and small parts."""
    with town(
        tmp_path_factory.mktemp("two") / "h", PEOPLE, options=_options(2, PART), simulated=False, insurers=3
    ) as made:
        yield made


def _same(rows: list[tuple[Any, ...]], alone: list[tuple[Any, ...]], copy: int = 0) -> None:
    """The same decisions and transfers, invoice by invoice."""
    assert [(f"{int(row[0]) - copy * COPY:09d}", *row[1:]) for row in rows] == alone


def test_repeats_inside_a_file_are_judged_in_its_order(alone: list[tuple[Any, ...]]) -> None:
    """Of each pair the first is accepted; the same number again is a duplicate, the same content again is suspected."""
    reasons = [row[3] for row in alone]
    assert reasons.count("duplicate") == 2 * (INVOICES // LOT // 4)
    assert reasons.count("possible-duplicate") >= INVOICES // LOT // 4
    firsts: dict[str, str] = {}
    for number, _, state, reason, *_ in alone:
        if number in firsts:
            assert reason == "duplicate" or firsts[number] != "accepted"
        firsts.setdefault(number, state)


def test_two_processes_share_a_file_and_a_killed_one_is_taken_over(alone: list[tuple[Any, ...]], shared: Town) -> None:
    """Killed at each point, its parts go to the other when their lease ends; nothing is decided twice or otherwise."""
    content = _content(shared)
    _decider(shared)
    file = _send(shared, content)
    conditions = {
        "claimed": lambda: shared.one(HELD, file) > 0,
        "some written": lambda: shared.one(WRITTEN, file) > INVOICES // 10,
        "half written": lambda: shared.one(WRITTEN, file) > INVOICES // 2,
        "nearly all written": lambda: shared.one(WRITTEN, file) > INVOICES * 17 // 20,
    }
    for point in POINTS:
        _until(conditions[point], point)
        os.kill(_decider(shared), signal.SIGKILL)
    rows = _ended(shared, file)
    _same(rows, alone)
    assert _report(shared, file)["counts"] == {
        state: sum(row[2] == state for row in alone) for state in {row[2] for row in alone}
    }


def test_a_process_that_hangs_loses_its_part_and_writes_nothing_more_of_it(
    alone: list[tuple[Any, ...]], shared: Town
) -> None:
    """Frozen for longer than its lease with a part in its hands, it finds the fence raised when it wakes."""
    copy = 1
    decider = _decider(shared)
    file = _send(shared, _content(shared, copy))
    _until(lambda: shared.one(HELD, file) > 1, "they never share")
    os.kill(decider, signal.SIGSTOP)
    fenced = "select count(*) from rempart.inbound_part where inbound = %s and fence > 1"
    _until(lambda: shared.one(fenced, file) > 0, "nobody takes the part over")
    os.kill(decider, signal.SIGCONT)
    _same(_ended(shared, file), alone, copy)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_kills_at_any_instant(alone: list[tuple[Any, ...]], shared: Town, seed: int) -> None:
    """Either process, at random instants, while the file is decided; ten files."""
    chance, copy = random.Random(seed), seed + 2
    file = _send(shared, _content(shared, copy))
    for _ in range(6):
        time.sleep(chance.random())
        if chance.random() < 0.7:
            os.kill(_decider(shared), signal.SIGKILL)
        else:
            shared.house.kill("worker")
            shared.house.launch("worker")
    _same(_ended(shared, file), alone, copy)
