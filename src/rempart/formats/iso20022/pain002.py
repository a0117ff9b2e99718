"""What a bank says of an order we sent: ISO 20022 pain.002, CustomerPaymentStatusReport, read.

Sources: ISO 20022 message definition reports Payments Initiation, 2009 (.03), 2019 (.10) and 2021 (.12) versions;
EPC132-08 (SEPA credit transfer, customer-to-bank implementation guidelines, 2023) pairs pain.001.001.09 with .10.
.03 and .12 are held against their schema; .10, of which no openly licensed copy of the schema is carried, by its
shape as far as it is read. External code set ExternalPaymentTransactionStatus1Code, 2024. Left out: charges, dates of
settlement at other banks, free texts (they may hold a name).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from rempart.domain.bank_return import BankEntry, Outcome
from rempart.formats.iso20022._message import At, Refused, day_of, parsed, schema_of, valid

_BASE: Final = "urn:iso:std:iso:20022:tech:xsd:"
SCHEMAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        f"{_BASE}pain.002.001.03": "pain.002.001.03",
        f"{_BASE}pain.002.001.10": "",
        f"{_BASE}pain.002.001.12": "pain.002.001.12",
    }
)
"""The messages read, each with the schema it is held against ("" for none)."""

SETTLED: Final = frozenset({"ACSC", "ACCC"})  # settlement completed, on the debtor's or the creditor's account
REJECTED: Final = frozenset({"RJCT", "CANC"})


@dataclass(frozen=True, slots=True)
class StatusReport:
    """One report: its id, the MsgId of the order it is about, what became of the order as a whole, and of transfers.

    `outcome` is `unknown` unless the bank ended the whole order; transfers it names (`entries`) come before it.
    """

    message: str
    original: str
    outcome: Outcome
    reason: str
    entries: tuple[BankEntry, ...]


def outcome_of(status: str) -> Outcome:
    """What a status code ends: settled, rejected, or nothing (`unknown`)."""
    if status in SETTLED:
        return "settled"
    return "rejected" if status in REJECTED else "unknown"


def read(content: bytes) -> StatusReport | Refused:
    """A report, or why nothing of it is taken."""
    root = parsed(content)
    if isinstance(root, Refused):
        return root
    namespace, _, name = root.tag.removeprefix("{").partition("}")
    if namespace not in SCHEMAS or name != "Document":
        return Refused("message-not-handled", 1)
    if SCHEMAS[namespace]:
        refused = valid(root, schema_of(SCHEMAS[namespace]))
        if refused is not None:
            return refused
    reports = At(root, namespace).all("CstmrPmtStsRpt")
    if len(reports) != 1:
        return Refused("report-missing", 1)
    return _report(reports[0])


def _report(report: At) -> StatusReport | Refused:
    message, original = report.text("GrpHdr/MsgId"), report.text("OrgnlGrpInfAndSts/OrgnlMsgId")
    day = day_of(report.text("GrpHdr/CreDtTm"))
    if not message or not original:
        return Refused("reference-missing", report.line)
    if day is None:
        return Refused("date-malformed", report.line)
    entries: list[BankEntry] = []
    group = (report.text("OrgnlGrpInfAndSts/GrpSts"), report.code("OrgnlGrpInfAndSts/StsRsnInf/Rsn"))
    blocks: list[tuple[str, str]] = []
    for block in report.all("OrgnlPmtInfAndSts"):
        told = (block.text("PmtInfSts") or group[0], block.code("StsRsnInf/Rsn") or group[1])
        blocks.append(told)
        for line in block.all("TxInfAndSts"):
            entry = _entry(line, told, day)
            if isinstance(entry, Refused):
                return entry
            entries.append(entry)
    outcome, reason = _whole(group, blocks)
    return StatusReport(message, original, outcome, reason, tuple(entries))


def _whole(group: tuple[str, str], blocks: list[tuple[str, str]]) -> tuple[Outcome, str]:
    """The order's own outcome: the group's, else what every block says alike."""
    told = {outcome_of(status) for status, _ in blocks}
    if outcome_of(group[0]) != "unknown":
        return (outcome_of(group[0]), group[1]) if told <= {outcome_of(group[0])} else ("unknown", "")
    return (outcome_of(blocks[0][0]), blocks[0][1]) if len(told) == 1 else ("unknown", "")


def _entry(line: At, block: tuple[str, str], day: date) -> BankEntry | Refused:
    """One transfer; a status or a reason that it does not carry is its block's."""
    amount = line.amount("OrgnlTxRef/Amt/InstdAmt")
    if isinstance(amount, Refused):
        return amount
    accepted = line.text("AccptncDtTm")
    when = day_of(accepted) if accepted else day
    if when is None:
        return Refused("date-malformed", line.line)
    outcome = outcome_of(line.text("TxSts") or block[0])
    return BankEntry(line.text("OrgnlEndToEndId"), outcome, line.code("StsRsnInf/Rsn") or block[1], amount or 0, when)
