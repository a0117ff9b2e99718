"""The demo's bank: reads an order (pain.001.001.09) and tells what became of each transfer, as a bank does days later.

First a status report (pain.002.001.12), then a notification of what moved on the account (camt.054.001.08). Which
transfers fail follows from their place in the order alone, so the same order gets the same answer. Left out: charges
per transfer, partial execution, statements of the whole account.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

REFUSED_AT, REFUSED_EVERY = 1, 12
"""Places of the transfers that are refused: no reason told (MS03), so they may be ordered again."""
SENT_BACK_AT = 2
"""The place of the transfer that is executed and comes back: the account is closed (AC04)."""
PENDING_AT = 3
"""The place of the transfer that the report leaves open, and the notification shows executed."""
FEES = 12_50
"""Cents the bank takes for itself, under no reference of ours."""

_REPORT: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.12">'
    "<CstmrPmtStsRpt><GrpHdr><MsgId>{message}-S</MsgId><CreDtTm>{day}T18:00:00Z</CreDtTm></GrpHdr>"
    "<OrgnlGrpInfAndSts><OrgnlMsgId>{order}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    "<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{order}</OrgnlPmtInfId>{lines}"
    "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>\n"
)
_LINE: Final = (
    "<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}<OrgnlTxRef><Amt>"
    '<InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>'
)
_WHY: Final = "<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>"
_MOVED: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'
    "<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>{message}-N</MsgId><CreDtTm>{day}T19:00:00Z</CreDtTm></GrpHdr><Ntfctn>"
    "<Id>{message}-N</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn>"
    "</Document>\n"
)
_ENTRY: Final = (
    '<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt>'
    "</BookgDt><BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd>{details}</Ntry>"
)
_DETAIL: Final = "<NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{back}</TxDtls></NtryDtls>"
_BACK: Final = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"


@dataclass(slots=True)
class Said:
    """What the bank says, and what each act of ours must then have been: (transfers or entries, cents) by act."""

    report: bytes = b""
    notification: bytes = b""
    acts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, act: str, cents: int) -> None:
        """One more entry of an act."""
        count, before = self.acts.get(act, (0, 0))
        self.acts[act] = (count + 1, before + cents)


def said_of(order: bytes, day: date, *, faults: bool = True) -> Said:
    """The bank's two answers to one order. Without `faults` everything is executed and no fees are taken."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(order, parser)
    at = {"p": str(root.nsmap[None])}
    transfers = [
        (_text(one, "p:PmtId/p:EndToEndId", at), _cents(_text(one, "p:Amt/p:InstdAmt", at)))
        for one in root.iterfind(".//p:CdtTrfTxInf", at)
    ]
    said, lines, entries = Said(), list[str](), list[str]()
    for place, (reference, cents) in enumerate(transfers):
        status, reason = _fate(place) if faults else ("ACSC", "")
        told = {"reference": escape(reference), "amount": _euros(cents)}
        lines.append(_LINE.format(**told, status=status, reason=_WHY.format(code=reason) if reason else ""))
        said.add({"ACSC": "settled", "RJCT": "released", "PDNG": "held"}[status], cents)
        if status == "PDNG":
            entries.append(_moved(told, day, "DBIT", ""))
            said.add("settled", cents)
        if faults and place == SENT_BACK_AT:
            entries.append(_moved(told, day, "CRDT", _BACK))
            said.add("returned", cents)
    if faults:
        entries.append(_ENTRY.format(amount=_euros(FEES), side="DBIT", day=day, details=""))
        said.add("held", FEES)
    names = {"order": escape(_text(root, ".//p:GrpHdr/p:MsgId", at)), "message": f"B{day:%Y%m%d}", "day": day}
    said.report = _REPORT.format(**names, lines="".join(lines)).encode()
    iban = escape(_text(root, ".//p:DbtrAcct/p:Id/p:IBAN", at))
    said.notification = _MOVED.format(**names, iban=iban, entries="".join(entries)).encode() if entries else b""
    return said


def _fate(place: int) -> tuple[str, str]:
    """(status, reason) of the transfer at a place, from 0."""
    if place == PENDING_AT:
        return "PDNG", ""
    return ("RJCT", "MS03") if place % REFUSED_EVERY == REFUSED_AT else ("ACSC", "")


def _moved(told: dict[str, str], day: date, side: str, back: str) -> str:
    details = _DETAIL.format(reference=told["reference"], back=back)
    return _ENTRY.format(amount=told["amount"], side=side, day=day, details=details)


def _text(node: etree._Element, path: str, at: dict[str, str]) -> str:
    found = node.findtext(path, namespaces=at)
    if found is None:
        raise ValueError(f"the order has no {path}")
    return found


def _cents(text: str) -> int:
    euros, _, rest = text.partition(".")
    return int(euros) * 100 + int(f"{rest}00"[:2])


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
