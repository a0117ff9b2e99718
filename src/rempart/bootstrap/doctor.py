"""`rempart doctor`: every check in one tuple, run before anything listens; each fault says what to do about it.

It changes nothing. What can only be seen while programs run is left out when they do not, and said so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from rempart.ground.settings import SettingFault, Settings, load

from .checks import contracts, database, grants, keys, machine, options, running
from .checks.findings import ROLES, Check, Fault, Finding, Ground, LeftOut

CHECKS: tuple[Check, ...] = (
    options.CONFIGURATION,
    options.DANGERS,
    keys.KEY_RING,
    keys.KEK_APART,
    database.DATABASE,
    database.VERSION,
    database.DURABILITY,
    database.MIGRATION,
    database.ROLES_CHECK,
    grants.GRANTS,
    database.OWNERS_CHECK,
    database.GUARDED_CHECK,
    database.APPEND_ONLY_CHECK,
    database.MONTHS,
    database.CLOCK,
    contracts.CONTRACTS,
    machine.PORTS,
    machine.FOLDERS,
    machine.MESSAGES,
    machine.DISK,
    machine.FILES,
    machine.ZONES_CHECK,
    running.KEEPER,
    running.PROXY_HEADER,
    running.RECONCILIATION,
)
CONNECT_SECONDS = 5


def examine(path: Path) -> tuple[Finding, ...]:
    """Every check on the installation that this configuration file describes."""
    settings = load(path)
    if isinstance(settings, tuple):
        faults = tuple(_configuration(fault) for fault in settings)
        rest = LeftOut("the configuration cannot be used")
        return (Finding(CHECKS[0].name, faults), *(Finding(check.name, rest) for check in CHECKS[1:]))
    with ground_of(settings) as ground:
        return tuple(_run(check, ground) for check in CHECKS)


@contextmanager
def ground_of(settings: Settings) -> Iterator[Ground]:
    """The settings with one read-only connection per role that has a URL and signs in."""
    connections: dict[str, psycopg.Connection[tuple[object, ...]]] = {}
    refused: dict[str, str] = {}
    with ExitStack() as stack:
        for role in ROLES:
            url = getattr(settings.database, f"{role}_url")
            if not url:
                continue
            try:
                connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
            except psycopg.Error as error:
                refused[role] = type(error).__name__
                continue
            stack.enter_context(connection)
            connection.execute("set default_transaction_read_only = on")
            connections[role] = connection
        yield Ground(settings, connections, refused)


def _run(check: Check, ground: Ground) -> Finding:
    """A check that the database refuses (no schema yet, a right revoked) is left out: another one tells why."""
    try:
        return Finding(check.name, check.run(ground))
    except psycopg.Error as error:
        return Finding(check.name, LeftOut(f"the database refused it ({type(error).__name__})"))


def _configuration(fault: SettingFault) -> Fault:
    return Fault(fault.code, str(fault), "correct the file; docs/operations/rempart.toml shows every key")


def healthy(findings: tuple[Finding, ...]) -> bool:
    """Whether no check found a fault; warnings are none."""
    return all(fault.warns for finding in findings for fault in finding.faults)
