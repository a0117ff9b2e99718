"""Bytes ↔ the values of one message, by the tables of `elements`: strict, line by line, and closed to hostile XML.

Parsed by expat, which every Python carries: UTF-8 only, no document type (so no entity, XXE and "billion laughs"
included), no attribute, limits on size, depth and elements. A fault names line and element, never what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from rempart.formats.optics_messages.elements import MESSAGES, MOST_FAULTS, NAMESPACE, Element

MOST_BYTES = 4 * 1024 * 1024  # of one message, attachments included
MOST_DEPTH = 8
MOST_ELEMENTS = 20_000
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, at which line of the message (0: the whole), in which element (a path, its places from 1)."""

    code: str
    line: int = 0
    element: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing of a message is taken: a code of the API, and each fault."""

    code: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its name, its values by element (a list where it may stand more than once), lines by path."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[str, int]

    def __repr__(self) -> str:
        return f"Message({self.name})"


@dataclass(slots=True)
class _Node:
    name: str
    line: int
    texts: list[str] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)


class _Stop(Exception):
    """Raised inside expat's handlers: nothing more is read."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code)
        self.refused = refused


def read(content: bytes) -> Message | Refused:
    """The message that `content` holds, or why there is none."""
    if len(content) > MOST_BYTES:
        return Refused("body-too-large", (Fault("message-too-large"),))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refused("malformed-body", (Fault("not-utf-8", content.count(b"\n", 0, error.start) + 1),))
    parsed = _Parser().parse(content)
    if isinstance(parsed, Refused):
        return parsed
    namespace, _, name = parsed.name.rpartition(" ")
    if namespace != NAMESPACE:
        return Refused("invalid-fields", (Fault("namespace-not-handled", parsed.line),))
    if name not in MESSAGES:
        return Refused("invalid-fields", (Fault("message-not-handled", parsed.line),))
    reading = _Reading()
    values = reading.value(parsed, MESSAGES[name], name)
    if reading.faults:
        return Refused("invalid-fields", tuple(reading.faults[:MOST_FAULTS]))
    return Message(name, values, reading.lines)


class _Parser:
    """One document from bytes to nodes."""

    def __init__(self) -> None:
        self._roots: list[_Node] = []
        self._open: list[_Node] = []
        self._count = 0
        # The encoding given here wins over any declaration: what was decoded above is what is parsed.
        self._expat = parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declared

    def parse(self, content: bytes) -> _Node | Refused:
        try:
            self._expat.Parse(content, True)  # noqa: FBT003 - expat takes its flag by position
        except _Stop as stop:
            return stop.refused
        except expat.ExpatError as error:
            return Refused("malformed-body", (Fault("not-well-formed", error.lineno),))
        return self._roots[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MOST_DEPTH:
            self._stop("too-deep")
        if self._count > MOST_ELEMENTS:
            self._stop("too-many-elements")
        if attributes:
            self._stop("attribute-not-allowed", "invalid-fields")
        node = _Node(name, self._expat.CurrentLineNumber)
        (self._open[-1].children if self._open else self._roots).append(node)
        self._open.append(node)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def _doctype(self, *_: object) -> None:
        self._stop("document-type-not-allowed")

    def _declared(self, version: str, encoding: str | None, _: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() not in {"utf-8", "us-ascii"}:
            self._stop("encoding-not-utf-8")

    def _stop(self, fault: str, code: str = "malformed-body") -> NoReturn:
        raise _Stop(Refused(code, (Fault(fault, self._expat.CurrentLineNumber),)))


class _Reading:
    """Nodes held against the tables; every fault is kept, and the line of each element."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.lines: dict[str, int] = {}

    def value(self, node: _Node, element: Element, path: str) -> Any:
        self.lines[path] = node.line
        if element.type is None:
            return self._parts(node, element, path)
        for child in node.children:
            self._fault("unknown-element", child.line, path)
        value = element.type.value("".join(node.texts))
        if value is None:
            self._fault("wrong-shape", node.line, path)
        return value

    def _parts(self, node: _Node, element: Element, path: str) -> dict[str, Any]:
        if "".join(node.texts).strip(" \t\r\n"):
            self._fault("text-not-allowed", node.line, path)
        order = {child.name: place for place, child in enumerate(element.children)}
        found: dict[str, Any] = {}
        last = 0
        for child in node.children:
            namespace, _, name = child.name.rpartition(" ")
            if namespace != NAMESPACE or name not in order:
                self._fault("unknown-element", child.line, path)
                continue
            place = order[name]
            if place < last and not element.choice:
                self._fault("wrong-order", child.line, f"{path}/{name}")
                found.setdefault(name, [])
                continue
            last = place
            self._keep(child, element.children[place], path, found=found)
        self._missing(node, element, path, found=found)
        return found

    def _keep(self, node: _Node, element: Element, path: str, *, found: dict[str, Any]) -> None:
        name = element.name
        if element.many:
            values = found.setdefault(name, [])
            values.append(self.value(node, element, f"{path}/{name}[{len(values) + 1}]"))
            if len(values) == element.most + 1:
                self._fault("too-many", node.line, f"{path}/{name}")
        elif name in found:
            self._fault("repeated-element", node.line, f"{path}/{name}")
        else:
            found[name] = self.value(node, element, f"{path}/{name}")

    def _missing(self, node: _Node, element: Element, path: str, *, found: dict[str, Any]) -> None:
        if element.choice:
            if len(found) != 1:
                self._fault("one-of-these", node.line, path)
            return
        for child in element.children:
            if child.least and child.name not in found:
                self._fault("missing-element", node.line, f"{path}/{child.name}")

    def _fault(self, code: str, line: int, path: str) -> None:
        self.faults.append(Fault(code, line, path))


def write(name: str, values: Mapping[str, Any]) -> bytes:
    """The message `name` with these values, UTF-8. Raises ValueError, naming the element, for what it cannot hold."""
    element = MESSAGES[name]
    out = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{NAMESPACE}">\n']
    _write_parts(element, values, name, out=out)
    out.append(f"</{name}>\n")
    return "".join(out).encode()


def _write_parts(element: Element, values: Mapping[str, Any], path: str, *, out: list[str]) -> None:
    known = {child.name for child in element.children}
    if not known.issuperset(values) or (element.choice and len(values) != 1):
        raise ValueError(f"{path}: not these elements")
    for child in element.children:
        if child.name not in values:
            if child.least and not element.choice:
                raise ValueError(f"{path}/{child.name}: missing")
            continue
        found = values[child.name] if child.many else (values[child.name],)
        if not child.least <= len(found) <= child.most:
            raise ValueError(f"{path}/{child.name}: too many or too few")
        for one in found:
            _write(child, one, f"{path}/{child.name}", out=out)


def _write(element: Element, value: Any, path: str, *, out: list[str]) -> None:
    indent = "  " * path.count("/")
    if element.type is None:
        out.append(f"{indent}<{element.name}>\n")
        _write_parts(element, value, path, out=out)
        out.append(f"{indent}</{element.name}>\n")
        return
    text = element.type.text(value)
    if text is None:
        raise ValueError(f"{path}: wrong shape")
    out.append(f"{indent}<{element.name}>{text.translate(_ESCAPED)}</{element.name}>\n")
