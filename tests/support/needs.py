"""What groups of tests need from the machine: a table before the run, and after it what was left out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rempart.storage.embedded import EmbeddedPostgresError, binaries
from support import oidc_provider
from support.chromium import executable
from support.node import node

if TYPE_CHECKING:
    from collections.abc import Callable


def _postgres() -> bool:
    try:
        binaries()
    except EmbeddedPostgresError:
        return False
    return os.geteuid() != 0 or _runs("unshare", "--user", "--map-user=1000", "--", "true")


def _browser() -> bool:
    return executable() is not None


def _node() -> bool:
    return node() is not None


def _oidc() -> bool:
    return oidc_provider.packages() is not None


def _softhsm() -> bool:
    return Path("/usr/lib/softhsm/libsofthsm2.so").exists() and shutil.which("softhsm2-util") is not None


def _scanners() -> bool:
    return all(shutil.which(name) for name in ("wapiti", "sqlmap"))


def _tmpfs() -> bool:
    return os.geteuid() == 0 and _runs(
        "unshare", "--mount", "--", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"
    )


def _runs(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


@dataclass(frozen=True, slots=True)
class Need:
    """A marker, how to see whether the machine has it, and how to get it."""

    marker: str
    what: str
    present: Callable[[], bool]
    remedy: str


NEEDS: tuple[Need, ...] = (
    Need("postgres", "PostgreSQL from the wheel, started by us", _postgres, "make install; as root: user namespaces"),
    Need("browser", "Chromium", _browser, "apt-get install chromium"),
    Need("node", "Node.js", _node, "the wheel of the lock, or apt-get install nodejs"),
    Need("oidc", "oidc-provider of npm, in build/", _oidc, "reach npm's registry"),
    Need("softhsm", "SoftHSM2", _softhsm, "apt-get install softhsm2"),
    Need("scanners", "Wapiti and sqlmap", _scanners, "apt-get install wapiti sqlmap"),
    Need("tmpfs", "the right to mount a small tmpfs", _tmpfs, "run as root"),
)
_FIXTURES = {"postgres_server": "postgres"}
TESTS = Path(__file__).parent.parent
LONG_FIRST = ("journeys", "browser", "crash", "attack", "bench", "worker", "api", "cli", "storage", "bootstrap")
"""Folders whose files take long, by what they start: run first, so that no core waits at the end for one of them."""
_left_out: Counter[str] = Counter()


@cache
def missing() -> frozenset[str]:
    """Markers of what this machine lacks."""
    return frozenset(need.marker for need in NEEDS if not need.present())


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The table of needs, one line each."""
    if hasattr(config, "workerinput"):
        return []
    lines = ["what the tests need from this machine:"]
    for need in NEEDS:
        state = f"ABSENT, its tests are left out ({need.remedy})" if need.marker in missing() else "here"
        lines.append(f"  {need.marker:9} {need.what:42} {state}")
    return lines


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests whose need is absent, which are counted and told at the end; the long ones come first."""
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        for fixture, marker in _FIXTURES.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)
        absent = next(
            (need.marker for need in NEEDS if item.get_closest_marker(need.marker) and need.marker in missing()), ""
        )
        if absent:
            _left_out[absent] += 1
            dropped.append(item)
        else:
            kept.append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = sorted(kept, key=_turn)


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return LONG_FIRST.index(folder) if folder in LONG_FIRST else len(LONG_FIRST)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A parallel worker hands its count to the one who prints."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects the whole suite: the largest count is the count."""
    for marker, count in getattr(node, "workeroutput", {}).get("left_out", {}).items():
        _left_out[marker] = max(_left_out[marker], count)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was left out, above the last line."""
    for marker, count in sorted(_left_out.items()):
        need = next(need for need in NEEDS if need.marker == marker)
        terminalreporter.write_line(f"LEFT OUT: {count} tests need {need.what}: {need.remedy}", red=True)
