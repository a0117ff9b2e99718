"""A channel for demonstrations: what sites are told lies in a folder, one file a notice. Nobody is reached by it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from rempart.ground.files import private_folder, write_whole

CHANNEL = "demo-spool"


class DemoNotices:
    """Writes notices into one folder, made when absent; a notice written twice is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)

    def carry(self, number: int, site: str, kind: str, day: date) -> None:
        """One notice: to whom, what it says, the day that matters."""
        path = self._folder / f"{number:012d}-{kind}.json"
        if not path.exists():
            content = {"notice": number, "site": site, "kind": kind, "day": day.isoformat()}
            write_whole(path, json.dumps(content).encode() + b"\n")
