"""The folders that a client sees, and the names that are taken in them. There is nothing of a disk behind them.

/depot/NAME                    files to send
/retour/NAME.rapport.json      what became of one, /retour/NAME.noemie the same as a NOEMIE return
/retour/NAME.refus.txt         why one was not taken
/retour/SITE/NAME.noemie       remittances of the site that the connection speaks for
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

DEPOT, RETURNS = "depot", "retour"
REPORT, RETURN, REFUSAL = ".rapport.json", ".noemie", ".refus.txt"
UNDER_WAY = (".part", ".filepart", ".tmp")
"""Endings by which software says that a file is not whole yet: taken when it is renamed."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_SITE = re.compile(r"[0-9A-Z]{9}")
SEPARATOR = "+"


class Place(NamedTuple):
    """`folder` "" is the root; `name` "" the folder itself; `site` below the returns alone."""

    folder: str = ""
    name: str = ""
    site: str = ""


class User(NamedTuple):
    """Who connects: a client's id, and the site it speaks for, "" when it leaves that open."""

    client: str
    site: str


def user_of(name: str) -> User:
    """`CLIENT`, or `CLIENT+SITE`."""
    client, separator, site = name.rpartition(SEPARATOR)
    return User(client, site) if separator and _SITE.fullmatch(site) else User(name, "")


def whole(path: bytes) -> bytes:
    """A path from the root, without `.` and `..`, which lead nowhere above it."""
    return posixpath.normpath(b"/" + path.lstrip(b"/"))


def place_of(path: bytes) -> Place | None:
    """Where a path leads, None when there cannot be anything."""
    try:
        parts = whole(path).decode("ascii").strip("/").split("/")
    except UnicodeDecodeError:
        return None
    match parts:
        case [""]:
            return Place()
        case [("depot" | "retour") as folder]:
            return Place(folder)
        case ["depot", name] if _NAME.fullmatch(name):
            return Place(DEPOT, name)
        case ["retour", site] if _SITE.fullmatch(site):
            return Place(RETURNS, "", site)
        case ["retour", name] if _NAME.fullmatch(name):
            return Place(RETURNS, name)
        case ["retour", site, name] if _SITE.fullmatch(site) and _NAME.fullmatch(name):
            return Place(RETURNS, name, site)
    return None


def under_way(name: str) -> bool:
    """Whether a name says that more is to come."""
    return name.lower().endswith(UNDER_WAY)
