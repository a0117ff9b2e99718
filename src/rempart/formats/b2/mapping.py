"""The records of one B2 invoice (2 … 5) as a domain invoice; what is not plainly sound goes to `diagnosis`.

NIR: the individual NIR of record 2S when there is one, else that of record 2. Record 2 carries the NIR of the insured
who opens the compulsory rights (the parent of a child); the beneficiary's own number, when given, says who was treated.
AMC and member: record 2M before record 2, whose 8-character member zone is too short for most insurers.
Not read: names and addresses (2B, 2C), transport detail (4T, 4U: only that it is there), 4S, prescriber, certification.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rempart.domain.invoice import Invoice, Line, Presented
from rempart.formats._fixed import FieldFault, day, printable
from rempart.formats.b2.checks import INVOICE_CHECKS, InvoiceSums
from rempart.formats.b2.details import READERS, Detail
from rempart.formats.b2.diagnosis import MAX_RECORDS, Group, diagnose, invoice_number
from rempart.formats.b2.families import family_of
from rempart.formats.b2.layout_act import ACT
from rempart.formats.b2.layout_head import INDIVIDUAL, INVOICE, ROUTING, SETTLEMENT
from rempart.formats.b2.nir import nir_fault

if TYPE_CHECKING:
    from rempart.formats.b2.records import Fault

ORDINARY_PAYEE: Final = "15"  # AMO and AMC both paid to the site: the case third-party payment is about

_SAME: Final = INVOICE.span("site", "number")
_SITE, _OWN, _NUMBER = INVOICE.zone("site"), INVOICE.span("insured_nir", "insured_key"), INVOICE.zone("number")
_NIR, _KEY = INVOICE.zone("insured_nir"), INVOICE.zone("insured_key")
_ISSUED, _BIRTH, _MEMBER2, _AMC2 = (INVOICE.zone(name) for name in ("issued", "birth", "member", "amc"))
_NATURE, _EXEMPTION = INVOICE.zone("nature"), INVOICE.zone("exemption")
_PAYEE, _CONTRACT = INVOICE.zone("payee"), INVOICE.zone("contract")
_MARKING_AT, _RANK_AT = INVOICE.zone("marking").start, INVOICE.zone("rank").start
_AMC, _MEMBER = ROUTING.zone("amc"), ROUTING.zone("member")
_OPERATOR, _ACCREDITATION = SETTLEMENT.zone("operator"), SETTLEMENT.zone("accreditation")
_CONVENTION, _CSR = SETTLEMENT.zone("convention"), SETTLEMENT.zone("csr")
_OWN_NIR, _OWN_KEY = INDIVIDUAL.zone("nir"), INDIVIDUAL.zone("key")

_NUMBERS: Final = ACT.span("quantity", "spent")  # eight numeric zones back to back
_CARE, _CODE, _AMC4 = ACT.zone("care"), ACT.zone("code"), ACT.zone("amc")
_QUANTITY, _COEFFICIENT, _PRICE = ACT.zone("quantity"), ACT.zone("coefficient"), ACT.zone("unit_price")
_BASE, _RATE, _AMO, _SPENT = (ACT.zone(name) for name in ("base", "rate", "amo", "spent"))
_EXEMPTION_AT, _QUALIFIER_AT, _PLACE_AT = (ACT.zone(name).start for name in ("exemption", "qualifier", "place"))

_BLANK, _TWO, _FOUR, _FIVE = 0x20, 0x32, 0x34, 0x35
_M, _P, _S = ord("M"), ord("P"), ord("S")
_HEAD_LETTERS: Final = frozenset(b"BCMPS")
_LINE_LETTERS: Final = frozenset(b"BCDFHMSTU")
_RANKS: Final[dict[int, str | None]] = {0x20: None, 0x30: None, **{0x30 + digit: str(digit) for digit in range(1, 10)}}
# One printable ASCII character, blank as nothing, None for every other byte.
_CHARS: Final = tuple("" if byte == _BLANK else chr(byte) if 32 < byte < 127 else None for byte in range(256))
_MODES: Final = {ord("T"): "test", ord("D"): "demo"}


def to_invoice(group: Group) -> Invoice | tuple[Fault, ...]:
    """The invoice, or its faults (at most 100) in order of record and position."""
    return _sound(group) or diagnose(group)


def _sound(group: Group) -> Invoice | None:
    """The invoice when nothing at all is wrong with it: the hot path, it asks no question twice and blames nobody."""
    records, told = group.records, group.totals
    head = records[0]
    same, issued, number = head[_SAME], day(head[_ISSUED]), invoice_number(head)
    if told is None or issued is None or not number or head[_SITE] != group.site or len(records) > MAX_RECORDS:
        return None
    heads: dict[int, bytes] = {}
    acts: list[list[bytes]] = []
    for record in records:
        kind, letter = record[0], record[35]
        if record[_SAME] != same and not _repeats(record, head):
            return None
        if kind == _FOUR and letter == _BLANK:
            acts.append([record])
        elif kind == _FOUR and acts and letter in _LINE_LETTERS:
            acts[-1].append(record)
        elif kind == _TWO and not acts and letter in _HEAD_LETTERS:
            heads[letter] = record
        elif kind != _FIVE and record is not head:
            return None
    lines = _lines(acts, told)
    presented = _presented(head, heads)
    nature, exemption = _short(head[_NATURE]), _short(head[_EXEMPTION])
    if not lines or presented is None or nature is None or exemption is None:
        return None
    return Invoice(
        group.lot_site,
        number,
        issued,
        presented,
        lines,
        told.spent,
        told.amo,
        told.amc,
        nature,
        exemption,
        _accreditation(heads.get(_P)),
        mode=group.mode if group.mode != "real" else _MODES.get(head[_MARKING_AT], "real"),
        source=_source(head[_PAYEE], head[_CONTRACT], heads[_P][_OPERATOR] if _P in heads else b""),
    )


def _repeats(record: bytes, head: bytes) -> bool:
    """Site and invoice number are the head's, and so is the insured's number, unless the record leaves it blank."""
    same = record[_SITE] == head[_SITE] and record[_NUMBER] == head[_NUMBER]
    return same and (record[_OWN] == head[_OWN] or not record[_OWN].strip(b" "))


def _lines(acts: list[list[bytes]], told: InvoiceSums) -> tuple[Line, ...]:
    """All lines, or none when one cannot be read or their sums are not those announced."""
    lines: list[Line] = []
    spent = amo = amc = 0
    for number, records in enumerate(acts, start=1):
        line = _line(number, records)
        if line is None:
            return ()
        spent += line.spent
        amo += line.amo
        amc += line.amc
        lines.append(line)
    # An equal tuple passes every check at once; otherwise the checks say.
    if told == (len(lines), spent, amo, amc):
        return tuple(lines)
    found = InvoiceSums(len(lines), spent, amo, amc)
    return tuple(lines) if all(check.holds(found, told) for check in INVOICE_CHECKS) else ()


@lru_cache(maxsize=4096)
def _act_code(zone: bytes, complements: str) -> tuple[str, str] | None:
    """Act code and family, or None for a blank or unprintable code."""
    code = zone.decode("ascii").strip() if printable(zone) else ""
    return (code, family_of(code, complements)) if code else None


def _line(number: int, records: list[bytes]) -> Line | None:
    """One line from its act record and its complements, or None when one of them is not plainly sound."""
    act = records[0]
    detail: tuple[Detail, ...] = ()
    complements = ""
    if len(records) > 1:
        read = _details(records)
        if read is None:
            return None
        detail, complements = read
    care, amc, known = day(act[_CARE]), act[_AMC4], _act_code(act[_CODE], complements)
    exemption, qualifier, place = _CHARS[act[_EXEMPTION_AT]], _CHARS[act[_QUALIFIER_AT]], _CHARS[act[_PLACE_AT]]
    if care is None or known is None or exemption is None or qualifier is None or place is None:
        return None
    given = amc.isdigit()
    if not act[_NUMBERS].isdigit() or not (given or not amc.strip(b" ")):
        return None
    return Line(
        number,
        care,
        known[0],
        known[1],
        int(act[_BASE]),
        int(act[_RATE]),
        int(act[_AMO]),
        int(act[_SPENT]),
        int(amc) if given else 0,
        int(act[_QUANTITY]),
        int(act[_COEFFICIENT]),
        int(act[_PRICE]),
        exemption,
        qualifier,
        place,
        detail,
    )


def _details(records: list[bytes]) -> tuple[tuple[Detail, ...], str] | None:
    """Coded products of the complements, and the letters of those complements."""
    detail: list[Detail] = []
    letters = ""
    for record in records[1:]:
        letter = record[35]
        letters += chr(letter)
        if letter in READERS:
            found = READERS[letter](record)
            if isinstance(found, FieldFault):
                return None
            detail.extend(found)
    return tuple(detail), letters


def _presented(head: bytes, heads: dict[int, bytes]) -> Presented | None:
    """Who the invoice is about; blank NIR and key mean not given."""
    nir, key = head[_NIR], head[_KEY]
    individual, routing = heads.get(_S), heads.get(_M)
    if individual is not None and individual[_OWN_NIR].strip(b" "):
        nir, key = individual[_OWN_NIR], individual[_OWN_KEY]
    amc = _short(routing[_AMC]) if routing is not None else ""
    if amc == "":
        amc = _insurer(head[_AMC2])
    member = routing[_MEMBER].strip(b" ") if routing is not None else b""
    member = member or head[_MEMBER2].strip(b" ")
    birth, rank = head[_BIRTH], head[_RANK_AT]
    if (
        not amc
        or not member
        or not birth.isdigit()
        or rank not in _RANKS
        or nir_fault(nir, key)
        or not printable(member)
    ):
        return None
    convention, csr = _context(heads.get(_P))
    number = nir.decode("ascii").strip()
    return Presented(amc, member.decode("ascii"), number or None, birth.decode("ascii"), _RANKS[rank], convention, csr)


@lru_cache(maxsize=4096)
def _short(zone: bytes) -> str | None:
    """The text of a zone that takes few values, or None when it is not printable ASCII."""
    return zone.decode("ascii").strip() if printable(zone) else None


@lru_cache(maxsize=4096)
def _insurer(zone: bytes) -> str | None:
    """The AMC number of record 2, without the mark of a mutual insurer in the last place."""
    text = _short(zone)
    return text[:-1].strip() if text and text.endswith("M") else text


def _accreditation(settlement: bytes | None) -> str | None:
    """Zone 47-66 holds an accreditation when it is 20 letters and digits; else it is another operator's context."""
    if settlement is None:
        return None
    zone = settlement[_ACCREDITATION]
    return zone.decode("ascii") if zone.isalnum() else None


def _context(settlement: bytes | None) -> tuple[str, str]:
    """Convention and CSR of the card, read only where the context zone is laid out as ours."""
    if settlement is None:
        return "", ""
    zone = settlement[_ACCREDITATION]
    if not zone.isalnum() and zone.strip(b" "):
        return "", ""
    convention, csr = _short(settlement[_CONVENTION]), _short(settlement[_CSR])
    return convention or "", csr or ""


@lru_cache(maxsize=1024)
def _source(payee: bytes, contract: bytes, operator: bytes) -> tuple[tuple[str, str], ...]:
    """What the invoice says of its route: operator, payee when not the ordinary one, AMC contract type."""
    told = (("operator", operator), ("payee", payee), ("contract", contract))
    texts = tuple((name, zone.decode("ascii").strip()) for name, zone in told if printable(zone))
    return tuple((name, text) for name, text in texts if text and (name, text) != ("payee", ORDINARY_PAYEE))
