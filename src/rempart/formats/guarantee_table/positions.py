"""Where each key of a TOML text stands: a light scan, because `tomllib` keeps no positions."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Where a value stands: keys and array indexes, e.g. ("product", 0, "formulas", "PHAR", "kind")."""

_KEY = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_DOTTED = rf"({_KEY}(?:\s*\.\s*{_KEY})*)"
_HEADER = re.compile(rf"\s*(\[\[?)\s*{_DOTTED}\s*\]\]?\s*(?:#.*)?")
_ASSIGN = re.compile(rf"{_DOTTED}\s*=")
_PART = re.compile(_KEY)
_STRINGS = re.compile(
    r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"(?!\s*[=.])|'[^'\n]*'(?!\s*[=.])|#[^\n]*", re.DOTALL
)


def positions(text: str) -> dict[Path, int]:
    """The 1-based line of every table and key that the scan can place. Strings and comments are blanked first."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    listed: Path = ()  # the array of inline tables whose elements stand on lines of their own
    blanked = _STRINGS.sub(_blank, text).split("\n")
    for number, (line, raw) in enumerate(zip(blanked, text.split("\n"), strict=True), start=1):
        header = _HEADER.fullmatch(raw) if line.lstrip().startswith("[") else None
        if header is not None:
            table, listed = _entered(_parts(header.group(2)), counts, array=header.group(1) == "[["), ()
            lines.setdefault(table, number)
            continue
        if listed and line.lstrip().startswith("{"):
            counts[listed] = counts.get(listed, -1) + 1
            element = (*listed, counts[listed])
            lines.setdefault(element, number)
            for assign in _ASSIGN.finditer(line):
                lines.setdefault((*element, *_parts(assign.group(1))), number)
            continue
        outer: Path = ()
        for assign in _ASSIGN.finditer(line):
            parts = _parts(assign.group(1))
            inline = line[: assign.start()].count("{") > line[: assign.start()].count("}")
            path = (*(outer if inline else table), *parts)
            outer = outer if inline else path
            lines.setdefault(path, number)
        if outer:
            listed = outer if line.rstrip().endswith("[") else ()
    return lines


def _parts(dotted_key: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted_key))


def _entered(parts: Path, counts: dict[Path, int], *, array: bool) -> Path:
    """The full path of a header: arrays of tables on the way stand at their last element; `[[…]]` opens one."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if array and place == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _blank(match: re.Match[str]) -> str:
    """Spaces instead of what was matched, keeping its line ends so that numbers stay right."""
    return re.sub(r"[^\n]", " ", match.group())
