"""Messages of optics software as the client needs them: which one it is, and a refusal as the hub's `Problem`.

The messages themselves are in docs/formats/optics-messages.md; any XML writer makes them. Nothing is checked here.
"""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from rempart.wire.problem import FieldError, Problem

MEDIA_TYPE = "application/xml"
PATH = "/v1/optics/messages"


class _StopError(Exception):
    """Nothing more is read."""


def is_query(message: bytes) -> bool:
    """Whether it is a `query`, which is counted each time it is asked; False too for what is no XML."""
    found: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        found.append(name.rpartition(" ")[2])
        raise _StopError

    parser = _parser()
    parser.StartElementHandler = start
    try:
        parser.Parse(message, True)  # noqa: FBT003 - expat takes its flag by position
    except (_StopError, expat.ExpatError, ValueError):
        return found == ["query"]
    return False


def problem_of(status: int, body: bytes) -> Problem | None:
    """The refusal of an answer, each error with its line and element; None when it is no refusal."""
    path: list[str] = []
    texts: dict[str, list[str]] = {}
    faults: list[dict[str, str]] = []

    def start(name: str, _: dict[str, str]) -> None:
        path.append(name.rpartition(" ")[2])
        if path == ["refusal", "fault"]:
            faults.append({})

    def text(data: str) -> None:
        if len(path) == 3 and path[1] == "fault":
            faults[-1][path[2]] = faults[-1].get(path[2], "") + data
        elif len(path) == 2:
            texts.setdefault(path[1], []).append(data)

    def end(_: str) -> None:
        path.pop()

    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat takes its flag by position
    except (expat.ExpatError, ValueError, _StopError):
        return None
    told = {name: "".join(parts) for name, parts in texts.items()}
    if not told.get("code", "").strip():
        return None
    errors = tuple(FieldError(_place(fault), fault.get("code", "")) for fault in faults)
    return Problem(told.get("title", ""), status, told["code"], detail=told.get("detail", ""), errors=errors)


def _place(fault: dict[str, str]) -> str:
    line, element = fault.get("line", ""), fault.get("element", "")
    return " ".join(part for part in (f"line {line}" if line else "", element) if part)


def _parser() -> expat.XMLParserType:
    """No document type, so no entity."""

    def stop(*_: object) -> NoReturn:
        raise _StopError

    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = stop
    return parser
