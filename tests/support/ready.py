"""A cluster that is made and migrated once a test process, and copied for each house.

`initdb`, roles and migrations cost each house seconds of processor; tests/storage/test_embedded.py and the demo's tests
go the whole way.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from rempart.ground.files import private_folder
from rempart.storage.embedded import EmbeddedPostgres
from rempart.storage.migrate import upgrade

_PART = 1 << 18
_EMPTY = bytes(_PART)
_LEFT_BEHIND = ("postmaster.pid", "postmaster.opts")


def ready(folder: Path) -> Path:
    """Puts a copy of the migrated cluster where the house in `folder` keeps its own; gives `folder` back."""
    place = private_folder(folder / "postgres")
    if not (place / "data").exists():
        left = shutil.ignore_patterns(*_LEFT_BEHIND)
        shutil.copytree(_migrated(os.getpid()) / "data", place / "data", ignore=left, copy_function=_copy)
    return folder


def _copy(source: str, target: str) -> None:
    """One file; of the log, most of which is still empty, only what is written."""
    if Path(source).parent.name != "pg_wal":
        shutil.copy2(source, target)
        return
    with Path(source).open("rb") as read, Path(target).open("wb") as out:
        while part := read.read(_PART):
            if part == _EMPTY[: len(part)]:
                out.seek(len(part), os.SEEK_CUR)
            else:
                out.write(part)
        out.truncate()
    shutil.copystat(source, target)


@cache
def _migrated(_: int) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rempart-ready-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # Copied by nobody while it runs, and lost with the test process: durability would only cost time.
    with EmbeddedPostgres(folder / "postgres", {"fsync": "off", "full_page_writes": "off"}) as server:
        upgrade(server.url("owner"))
    return folder / "postgres"
