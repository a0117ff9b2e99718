"""What every bank message shares: elements written, bytes parsed without entities, schemas, euros and cents.

Parsing trusts nothing: UTF-8 only, no document type (so no entity at all, XXE and "billion laughs" included), no
network, libxml2's own limits on depth and size. A refusal names line and code, never what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

MOST_BYTES = 64 * 1024 * 1024  # of one bank message; a day of 100,000 transfers is about 60 MB with every detail
_CODE = re.compile(r"[A-Z0-9]{1,8}")
_AMOUNT = re.compile(r"0*(\d{1,13})(?:\.(\d{0,2})0*)?")


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not taken, and nothing of it: a stable code and the line it was seen at (0: the whole)."""

    code: str
    line: int = 0


class SchemaInvalidError(Exception):
    """What we wrote does not keep to the schema; the text names line and kind of each error, up to ten, no value."""


def put(parent: etree._Element, path: str, text: str | None = None) -> etree._Element:
    """New elements below `parent`, one per name of `path`, in the parent's namespace; the last carries `text`."""
    namespace = etree.QName(parent).namespace
    for tag in path.split("/"):
        parent = etree.SubElement(parent, f"{{{namespace}}}{tag}")
    parent.text = text
    return parent


def document(namespace: str, start: str) -> tuple[etree._Element, etree._Element]:
    """A new Document in its namespace, and its only child named `start`."""
    prefixes: dict[Any, str] = {None: namespace}  # None: the default namespace
    root = etree.Element(f"{{{namespace}}}Document", nsmap=prefixes)
    return root, put(root, start)


def written(root: etree._Element, schema: etree.XMLSchema) -> bytes:
    """The document as UTF-8, held against its schema. Raises `SchemaInvalidError`."""
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    check(content, schema)
    return content


def check(content: bytes, schema: etree.XMLSchema) -> None:
    """Well-formed, without document type, and valid; raises `SchemaInvalidError` otherwise."""
    found = parsed(content)
    if isinstance(found, Refused):
        raise SchemaInvalidError(f"line {found.line}: {found.code}")
    if not schema.validate(found):
        # The messages of the library quote what was found: only their place and kind are told.
        said = [f"line {line}: {kind}" for line, kind in _errors(schema)]
        raise SchemaInvalidError("; ".join(said[:10]))


def parsed(content: bytes) -> etree._Element | Refused:
    """The root of a message from outside, or why it is not read."""
    if len(content) > MOST_BYTES:
        return Refused("message-too-large")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return Refused("not-utf-8")
    place = text.find("<!DOCTYPE")
    if place >= 0:
        return Refused("document-type-not-allowed", text.count("\n", 0, place) + 1)
    # The declared encoding does not count: what was searched above is what is parsed.
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        return Refused("not-well-formed", error.lineno or 0)


def valid(root: etree._Element, schema: etree.XMLSchema) -> Refused | None:
    """None, or the place of the first thing that the schema does not allow."""
    if schema.validate(root):
        return None
    return Refused("schema-invalid", next((line for line, _ in _errors(schema)), 0))


def _errors(schema: etree.XMLSchema) -> Iterator[tuple[int, str]]:
    log: Any = schema.error_log  # iterable, though its stub does not say so
    said: Sequence[Any] = list(log)
    return ((entry.line, entry.type_name) for entry in said)


@cache
def schema_of(name: str, package: str = "rempart.formats.iso20022.schemas") -> etree.XMLSchema:
    """The schema `name`.xsd carried here, or in the folder `schemas` of sepaxml."""
    base = files(package) if package != "sepaxml" else files(package).joinpath("schemas")
    text = base.joinpath(f"{name}.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True)))


def euros(cents: int) -> str:
    """`1234.56`."""
    return f"{cents // 100}.{cents % 100:02d}"


def cents_of(text: str) -> int | None:
    """Cents of an amount as ISO 20022 writes it, at most 13 digits of euros; None for anything finer than a cent."""
    found = _AMOUNT.fullmatch(text.strip())
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None


def day_of(text: str) -> date | None:
    """The civil day of an ISO date or instant, as it is written; None when there is no such day."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


class At:
    """Reads below one element by path, in the message's own namespace."""

    __slots__ = ("_names", "element")

    def __init__(self, element: etree._Element, namespace: str) -> None:
        self.element = element
        self._names = {"m": namespace}

    def text(self, path: str) -> str:
        """The text at `path` (A/B/C), stripped; "" when absent."""
        found = self._path(path)
        return (found[0].text or "").strip() if found else ""

    def all(self, path: str) -> list[At]:
        """Every element at `path`."""
        return [At(element, self._names["m"]) for element in self._path(path)]

    def amount(self, path: str) -> int | Refused | None:
        """Cents at `path`; None when absent; refused when not in euros or not a number of cents."""
        found = self._path(path)
        if not found:
            return None
        if found[0].get("Ccy") != "EUR":
            return Refused("currency-not-euro", _line(found[0]))
        cents = cents_of(found[0].text or "")
        return Refused("amount-malformed", _line(found[0])) if cents is None else cents

    def code(self, path: str) -> str:
        """A bank's reason at `path`, by its code; its free text may hold anything and is never kept."""
        found = self.text(path + "/Cd") or self.text(path + "/Prtry")
        return found if _CODE.fullmatch(found) else ("NARR" if found else "")

    @property
    def line(self) -> int:
        """Where the element stands."""
        return _line(self.element)

    def _path(self, path: str) -> list[etree._Element]:
        return self.element.findall("/".join(f"m:{name}" for name in path.split("/")), self._names)


def _line(element: etree._Element) -> int:
    found: Any = element.sourceline  # a number or None, though its stub does not say so
    return int(found or 0)
