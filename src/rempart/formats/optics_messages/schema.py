"""The XSD of the profile, made from the same tables that the reader and the writer follow."""

from __future__ import annotations

from collections.abc import Iterator

from rempart.formats.optics_messages.elements import ANSWERED, ASKED, NAMESPACE, Element
from rempart.formats.optics_messages.kinds import Content, Flag, Number, Text, Type

HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{NAMESPACE}" targetNamespace="{NAMESPACE}"
           elementFormDefault="qualified" version="1">
  <xs:annotation>
    <xs:documentation>Rempart's own profile of messages for opticians' software, version 1. It is not OptoAMC, nor any
      other published norm. Amounts are integer cents of euro. See optics-messages.md.</xs:documentation>
  </xs:annotation>
"""


def schema() -> str:
    """The whole text of docs/formats/optics-messages.xsd."""
    parts = [HEAD]
    for message in (*ASKED, *ANSWERED):
        parts += _element(message, "  ", root=True)
    kinds = {each.name: each for message in (*ASKED, *ANSWERED) for each in _types(message)}
    for name in sorted(kinds):
        parts.append(_type(kinds[name]))
    parts.append("</xs:schema>\n")
    return "".join(parts)


def _types(element: Element) -> Iterator[Type]:
    if element.type is not None:
        yield element.type
    for child in element.children:
        yield from _types(child)


def _element(element: Element, indent: str, *, root: bool = False) -> Iterator[str]:
    often = "" if root or element.least == 1 else f' minOccurs="{element.least}"'
    often += "" if element.most == 1 else f' maxOccurs="{element.most}"'
    kind = f' type="{element.type.name}"' if element.type is not None else ""
    if element.type is not None and not element.says:
        yield f'{indent}<xs:element name="{element.name}"{kind}{often}/>\n'
        return
    yield f'{indent}<xs:element name="{element.name}"{kind}{often}>\n'
    if element.says:
        yield f"{indent}  <xs:annotation><xs:documentation>{element.says}</xs:documentation></xs:annotation>\n"
    if element.type is None:
        order = "choice" if element.choice else "sequence"
        yield f"{indent}  <xs:complexType>\n{indent}    <xs:{order}>\n"
        for child in element.children:
            yield from _element(child, indent + "      ")
        yield f"{indent}    </xs:{order}>\n{indent}  </xs:complexType>\n"
    yield f"{indent}</xs:element>\n"


def _type(kind: Type) -> str:
    match kind:
        case Text():
            base, facets = _text(kind)
        case Number():
            base = "xs:integer"
            facets = (
                f'<xs:pattern value="0|-?[1-9][0-9]*"/><xs:minInclusive value="{kind.low}"/>'
                f'<xs:maxInclusive value="{kind.high}"/>'
            )
        case Flag():
            base, facets = "xs:token", '<xs:pattern value="true|false"/>'
        case Content():
            base = "xs:base64Binary"
            facets = f'<xs:minLength value="1"/><xs:maxLength value="{kind.most}"/>'
    inside = f'    <xs:restriction base="{base}">{facets}</xs:restriction>\n'
    return f'  <xs:simpleType name="{kind.name}">\n{inside}  </xs:simpleType>\n'


def _text(kind: Text) -> tuple[str, str]:
    """Free text keeps its spaces, so it may have none around; the rest is a token, whose outer spaces do not count."""
    free = Text(kind.name, kind.most).pattern == kind.pattern
    return ("xs:string" if free else "xs:token"), (
        f'<xs:minLength value="1"/><xs:maxLength value="{kind.most}"/><xs:pattern value="{kind.pattern}"/>'
    )
