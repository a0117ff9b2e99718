"""Processor time and memory of a house's programs, read from /proc (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

from rempart.bootstrap.house import House

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system seconds of one process and of its children that have ended; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def children(pid: int) -> list[int]:
    """Every process below one, in any order."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def words_of(pid: int) -> list[bytes]:
    """The words of its command; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def family(pid: int | None) -> list[int]:
    """A process and all below it."""
    return [] if pid is None else [pid, *children(pid)]


def house_cpu(house: House) -> dict[str, float]:
    """Processor seconds of each program so far: hub, keeper, worker, postgres."""
    found = {name: sum(map(cpu_seconds, family(process.pid))) for name, process in house.processes.items()}
    found["postgres"] = sum(map(cpu_seconds, family(house.database.pid)))
    return found


def peak_memory(pid: int) -> int:
    """Peak resident bytes of one process; 0 when it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


def machine() -> str:
    """The machine's size in words: cores and memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB"
