"""Limits of a rights file, and the two ways it is refused: the whole file, or one line. Neither ever holds a value."""

from __future__ import annotations

import re
from dataclasses import dataclass

CHUNK = 1024 * 1024  # bytes of the body as transported (compressed) that one SHA-256 of the header covers
MAX_HEADER = 16 * 1024 * 1024  # bytes; room for the hashes of 230 GiB of body
MAX_LINE = 16 * 1024  # bytes of one line; a usual one has 500
MAX_RATIO = 300  # bytes of clear body for each byte transported, over the file so far; invented files reach 100
RATIO_SLACK = 1024 * 1024  # bytes a file may hold beyond the ratio: short files compress well
MAX_BURST = 4 * 1024 * 1024  # bytes that 1 KiB of compressed body may become at once
MAX_KEYS = 16
MAX_PERIODS = 255  # periods of one line, all domains together
MAX_EQUIPMENT = 32
MAX_REFERENCE = 36  # characters


@dataclass(frozen=True, slots=True)
class FileFault:
    """Why a file is refused. `field` is the header's field, "" for the body; `chunk` counts from 0, -1 for none."""

    code: str
    field: str = ""
    chunk: int = -1


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why one line is refused. `line` counts from 1, the header being 1; `field` is a path such as `keys[0].nir`."""

    line: int
    field: str
    code: str


_PATH = re.compile(r"(?:key in )?\$\.?([a-z_.\[\]0-9]{0,60})(?:\[\.\.\.\])?`")
_MISSING = re.compile(r"Object missing required field `([a-z_]{1,20})`")


def explain(error: Exception) -> tuple[str, str]:
    """A decoding error as (field, code).

    Its text may quote a value of the line, so only two things are taken from it: a missing field's name, which stands
    at its very start, and the path at its very end, which holds our own field names.
    """
    text = str(error)
    _, _, end = text.rpartition(" - at `")
    path = _PATH.fullmatch(end)
    field = path.group(1) if path is not None else ""
    missing = _MISSING.match(text)
    if missing is not None:
        return (f"{field}.{missing.group(1)}" if field else missing.group(1)), "field-missing"
    if "unknown field" in text:
        return field, "field-unknown"
    if text.startswith(("Expected `", "Invalid")) or " - at `" in text:
        return field, "field-invalid"
    return "", "json-malformed"
