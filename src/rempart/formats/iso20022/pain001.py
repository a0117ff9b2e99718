"""The bank file: ISO 20022 pain.001.001.09, CustomerCreditTransferInitiation, one payment block, in euros.

Sources: ISO 20022 message definition report Payments Initiation, 2019 version; EPC132-08 (SEPA credit transfer,
customer-to-bank implementation guidelines, 2023): service level SEPA, charges SLEV, account numbers as IBAN only, the
debtor's agent NOTPROVIDED. Left out: urgent and instant transfers, structured references, addresses, other schemas.
The same order gives the same bytes. It is checked against the schema before it leaves; an error names no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from rempart.formats.iso20022 import _message
from rempart.formats.iso20022._message import SchemaInvalidError, document, euros, put, schema_of, written

__all__ = ["NAMESPACE", "BankFile", "Credit", "SchemaInvalidError", "check", "euros", "write"]

NAME: Final = "pain.001.001.09"
NAMESPACE: Final = f"urn:iso:std:iso:20022:tech:xsd:{NAME}"


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


def write(order: BankFile) -> bytes:
    """The file as UTF-8 XML, checked. Raises `SchemaInvalidError`."""
    root, start = document(NAMESPACE, "CstmrCdtTrfInitn")
    count, total = str(len(order.credits)), euros(sum(credit.amount for credit in order.credits))
    head = put(start, "GrpHdr")
    for tag, text in (("MsgId", order.message), ("CreDtTm", order.created), ("NbOfTxs", count), ("CtrlSum", total)):
        put(head, tag, text)
    put(head, "InitgPty/Nm", order.name)
    block = _block(put(start, "PmtInf"), order, count, total)
    for credit in order.credits:
        _credit(put(block, "CdtTrfTxInf"), credit)
    return written(root, schema_of(NAME, "sepaxml"))


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
        put(block, path, text)
    return block


def _credit(element: etree._Element, credit: Credit) -> None:
    put(element, "PmtId/EndToEndId", credit.end_to_end)
    put(element, "Amt/InstdAmt", euros(credit.amount)).set("Ccy", "EUR")
    put(element, "Cdtr/Nm", credit.name)
    put(element, "CdtrAcct/Id/IBAN", credit.iban)
    put(element, "RmtInf/Ustrd", credit.text)


def check(content: bytes) -> None:
    """Against the ISO schema, with neither entities nor network. Raises `SchemaInvalidError`."""
    _message.check(content, schema_of(NAME, "sepaxml"))
