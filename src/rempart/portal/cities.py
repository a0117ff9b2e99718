"""The city that a connection seems to come from, by a file of the operator's: for a person's own list of sessions.

The file is of MaxMind's format (specification 2.0, as GeoLite City, DB-IP City Lite and others have it) and stays on
this machine: nobody is asked. An address is looked up and forgotten; only a city's name leaves here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import maxminddb

from rempart.wire.sign_in import named_city

LANGUAGES: Final = ("fr", "en")  # of the names in the file, the first that is there


class CitiesError(Exception):
    """The file cannot be read, or is of another kind."""


class Cities:
    """The file's cities; none at all without a file."""

    def __init__(self, path: Path | None = None) -> None:
        """Raises `CitiesError`."""
        self._file: maxminddb.Reader | None = None
        if path is None:
            return
        try:
            self._file = maxminddb.open_database(path, maxminddb.MODE_MMAP)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise CitiesError(f"{path} is no database of cities ({type(error).__name__})") from None

    def at(self, address: str) -> str:
        """The name of the city of an address; "" when it is not known, or is no address."""
        if self._file is None:
            return ""
        try:
            found = self._file.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return ""
        city = found.get("city") if isinstance(found, dict) else None
        names = city.get("names") if isinstance(city, dict) else None
        if not isinstance(names, dict):
            return ""
        told = next((names[language] for language in LANGUAGES if language in names), "")
        return named_city(told) if isinstance(told, str) else ""
