"""The B2 file of a `SendFile` event: written by `formats.b2`, then given the names and addresses that real files carry.

Names go into records 2B, which the hub must discard unread; they are here so that a test can look for them afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rempart.domain.invoice import Invoice
from rempart.formats import b2
from rempart.simulation.country import Country
from rempart.simulation.events import Bill, Lot, SendFile

RECEIVER = "REMPART"
_NAMES = b2.BY_NAME["2B"]
_HEAD = b2.BY_NAME["2"]
_KEY, _NUMBER = _HEAD.zone("insured_key"), _HEAD.zone("number")
_COUNT = b2.BY_NAME["999"].zone("records")
_HEADS = b2.BY_NAME["6"].zone("heads")


def file_bytes(country: Country, event: SendFile, accreditations: Mapping[int, str]) -> bytes:
    """The file as sent; `accreditations` by visit number, 20 characters each, for the bills that have one."""
    sender = "OT" if event.concentrator else "TP"
    number = event.client[-9:].upper() if not event.concentrator else f"CONC{event.number:06d}"
    day = event.lots[0].bills[0].invoice.issued
    envelope = b2.Envelope(number, RECEIVER, f"{event.number % 1_000_000:06d}", day, sender)
    lots = b2.lots_of(_invoices(event.lots, accreditations), day)
    data = b"".join(b2.write(envelope, lots))
    bills = {(bill.invoice.site, bill.invoice.number): bill for lot in event.lots for bill in lot.bills}
    return b"".join(_with_names(country, data, bills))


def _invoices(lots: tuple[Lot, ...], accreditations: Mapping[int, str]) -> Iterator[Invoice]:
    for lot in lots:
        for bill in lot.bills:
            yield replace(bill.invoice, mode=lot.mode, accreditation=accreditations.get(bill.visit))


def _with_names(country: Country, data: bytes, bills: Mapping[tuple[str, str], Bill]) -> Iterator[bytes]:
    """The records with a 2B after each invoice head, spoilt keys where a bill says so, and the count put right."""
    added = in_lot = 0
    for start in range(0, len(data), b2.LENGTH):
        record = data[start : start + b2.LENGTH]
        kind = record[:1]
        if kind == b"6":
            record = _raised(record, _HEADS, in_lot)
            added, in_lot = added + in_lot, 0
        elif kind == b"9":
            record = _raised(record, _COUNT, added)
        elif kind in (b"2", b"4", b"5"):
            bill = bills[record[1:10].decode(), record[_NUMBER].decode()]
            if bill.key_wrong:
                wrong = f"{int(record[_KEY]) % 97 + 1:02d}".encode()
                record = record[: _KEY.start] + wrong + record[_KEY.stop :]
            if kind == b"2" and record[35:36] == b" ":
                in_lot += 1
                yield record
                record = _names(country, bill, record)
        yield record


def _raised(record: bytes, zone: slice, by: int) -> bytes:
    """The record with the count in `zone` raised."""
    width = zone.stop - zone.start
    return record[: zone.start] + f"{int(record[zone]) + by:0{width}d}".encode() + record[zone.stop :]


def _names(country: Country, bill: Bill, head: bytes) -> bytes:
    person = country.person(bill.person)
    shown = {
        name: head[_HEAD.zone(name)].decode().rstrip() for name in ("site", "insured_nir", "insured_key", "number")
    }
    blank = dict.fromkeys(("civility", "street_number", "street_suffix", "street_kind", "street"), "")
    quality = "A" if person.relation == "adult" else "E"
    names = {"quality": quality, "last_name": person.family_name[:25], "first_name": person.given_name[:15]}
    return _NAMES.pack({**shown, **blank, **names})
