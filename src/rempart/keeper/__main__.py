"""`python -m rempart.keeper --config rempart.toml`: the keeper alone, with nothing but its own extra installed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rempart.ground import logs
from rempart.ground.settings import Settings, load

from . import start
from .journal import JournalDamagedError
from .kek import KekMissingError
from .program import RingUnusableError
from .registry import RegistryDamagedError
from .reservations import ReservationsDamagedError

FAULTS = (
    RingUnusableError,
    KekMissingError,
    JournalDamagedError,
    RegistryDamagedError,
    ReservationsDamagedError,
    PermissionError,
)
"""What stops a keeper from starting; each message says what to do and holds nothing personal."""


def main() -> int:
    """0 after a clean stop, 1 with a sentence on standard error otherwise."""
    parser = argparse.ArgumentParser(prog="rempart.keeper")
    parser.add_argument("--config", type=Path, required=True)
    settings = load(parser.parse_args().config)
    if not isinstance(settings, Settings):
        sys.stderr.writelines(f"{fault}\n" for fault in settings)
        return 1
    logs.start("keeper")
    try:
        start.run(settings)
    except FAULTS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
