"""A file of networks of care, read and imported whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from rempart.domain.network_files import Differences
from rempart.formats import network_file
from rempart.formats.network_file import LineFault
from rempart.storage import networks
from rempart.storage.networks import Source

__all__ = ["Found", "Source", "import_file"]


class Found(NamedTuple):
    """What became of a file; with `faults` nothing was changed. `strangers`: sites that are none of the operator's."""

    differences: Differences
    again: bool = False
    strangers: int = 0
    faults: tuple[LineFault, ...] = ()


def import_file(connection: psycopg.Connection[Any], path: Path, source: Source) -> Found | str:
    """`source` without its digest. A stable code when nothing could be done. Raises OSError."""
    content = path.read_bytes() if path.stat().st_size <= network_file.MOST_BYTES else b""
    reading = network_file.read(content)
    if reading.faults:
        return Found(Differences(0, 0, 0, 0, 0), faults=reading.faults)
    if not reading.members:
        return "network-file-empty"
    taken = networks.take(
        connection, source._replace(digest=hashlib.sha256(content).digest()), reading.members
    )  # fmt: skip
    if isinstance(taken, str):
        return taken
    return Found(taken.differences, taken.again, networks.strangers(connection, source.operator, reading.members))
