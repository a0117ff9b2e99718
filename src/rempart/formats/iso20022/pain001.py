"""The bank file: ISO 20022 pain.001.001.09, CustomerCreditTransferInitiation, one payment block, in euros.

Sources: ISO 20022 message definition report Payments Initiation, 2019 version; EPC132-08 (SEPA credit transfer,
customer-to-bank implementation guidelines, 2023): service level SEPA, charges SLEV, account numbers as IBAN only, the
debtor's agent NOTPROVIDED. Left out: urgent and instant transfers, structured references, addresses, other schemas.
The same order gives the same bytes. It is checked against the schema before it leaves; an error names no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_PREFIXES: dict[Any, str] = {None: NAMESPACE}  # None: the default namespace


@dataclass(frozen=True, slots=True)
class Credit:
    """One credit transfer; `amount` in cents. Texts are in SEPA's characters already."""

    end_to_end: str
    amount: int
    name: str
    iban: str
    text: str

    def __repr__(self) -> str:
        return f"Credit({self.end_to_end})"


@dataclass(frozen=True, slots=True)
class BankFile:
    """`created` is an ISO instant without fraction, `day` an ISO date: when the bank is asked to execute."""

    message: str
    created: str
    day: str
    name: str
    iban: str
    credits: tuple[Credit, ...]

    def __repr__(self) -> str:
        return f"BankFile({self.message}, credits={len(self.credits)})"


class SchemaInvalidError(Exception):
    """The file does not keep to the schema; the text names line and kind of each error, up to ten, no value."""


def write(order: BankFile) -> bytes:
    """The file as UTF-8 XML, checked. Raises `SchemaInvalidError`."""
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap=_PREFIXES)
    start = _put(root, "CstmrCdtTrfInitn")
    count, total = str(len(order.credits)), euros(sum(credit.amount for credit in order.credits))
    head = _put(start, "GrpHdr")
    for tag, text in (("MsgId", order.message), ("CreDtTm", order.created), ("NbOfTxs", count), ("CtrlSum", total)):
        _put(head, tag, text)
    _put(head, "InitgPty/Nm", order.name)
    block = _block(_put(start, "PmtInf"), order, count, total)
    for credit in order.credits:
        _credit(_put(block, "CdtTrfTxInf"), credit)
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    check(content)
    return content


def _block(block: etree._Element, order: BankFile, count: str, total: str) -> etree._Element:
    texts = (
        ("PmtInfId", order.message),
        ("PmtMtd", "TRF"),
        ("BtchBookg", "true"),
        ("NbOfTxs", count),
        ("CtrlSum", total),
        ("PmtTpInf/SvcLvl/Cd", "SEPA"),
        ("ReqdExctnDt/Dt", order.day),
        ("Dbtr/Nm", order.name),
        ("DbtrAcct/Id/IBAN", order.iban),
        ("DbtrAgt/FinInstnId/Othr/Id", "NOTPROVIDED"),
        ("ChrgBr", "SLEV"),
    )
    for path, text in texts:
        _put(block, path, text)
    return block


def _credit(element: etree._Element, credit: Credit) -> None:
    _put(element, "PmtId/EndToEndId", credit.end_to_end)
    _put(element, "Amt/InstdAmt", euros(credit.amount)).set("Ccy", "EUR")
    _put(element, "Cdtr/Nm", credit.name)
    _put(element, "CdtrAcct/Id/IBAN", credit.iban)
    _put(element, "RmtInf/Ustrd", credit.text)


def _put(parent: etree._Element, path: str, text: str | None = None) -> etree._Element:
    for tag in path.split("/"):
        parent = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    parent.text = text
    return parent


def euros(cents: int) -> str:
    """`1234.56`."""
    return f"{cents // 100}.{cents % 100:02d}"


def check(content: bytes) -> None:
    """Against the ISO schema, with neither entities nor network. Raises `SchemaInvalidError`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    schema = _schema()
    try:
        document = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise SchemaInvalidError(f"line {error.lineno}: not well-formed") from error
    about: Any = document.getroottree().docinfo
    if about.doctype:
        raise SchemaInvalidError("line 1: a bank file has no document type, so no entities")
    if not schema.validate(document):
        # The messages of the library quote what was found: only their place and kind are told.
        log: Any = schema.error_log  # iterable, though its stub does not say so
        said: Sequence[str] = [f"line {entry.line}: {entry.type_name}" for entry in log]
        raise SchemaInvalidError("; ".join(said[:10]))


@cache
def _schema() -> etree.XMLSchema:
    text = files("sepaxml").joinpath("schemas", "pain.001.001.09.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True)))
