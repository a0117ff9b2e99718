"""Room in memory for what tests need fast and nobody needs afterwards; on the disk where there is too little."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 << 30  # bytes that must be free: several test processes share it
PREFIX = "rempart-tests-"


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A private folder, removed at the end; those of test processes that were killed are removed first."""
    where = MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None
    for left in where.glob(f"{PREFIX}*") if where else ():
        if not Path("/proc", left.name.removeprefix(PREFIX).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=where, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
