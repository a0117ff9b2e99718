"""Builds docs/formats/samples/b2: sound files, and one file per way to be wrong with the faults it must give.

`python tests/support/b2_samples.py` writes them; a test says when the files on disk are not these.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from rempart.formats.b2 import BY_NAME, Lot, write
from support.b2_world import (
    BYTES,
    DAY,
    ENVELOPE,
    Sample,
    base_records,
    concentrator_lots,
    invoice,
    line,
    put,
    recount,
)

if TYPE_CHECKING:
    from rempart.domain.invoice import Invoice
    from rempart.formats._fixed import Value

FOLDER = Path(__file__).parents[2] / "docs" / "formats" / "samples" / "b2"

# Sound bytes put somewhere wrong: what is written, and the one fault it must give.
# name: (record, position, text, (level, type, code)) on the fourteen records of `base_records`.
_PUT: dict[str, tuple[int, int, str, tuple[str, str, str]]] = {
    "file-not-b2": (1, 66, "XX", ("file", "000", "not-b2")),
    "file-record-length-announced": (1, 83, "256", ("file", "000", "record-length-announced")),
    "file-hospital-norm": (1, 62, "CP  ", ("file", "000", "hospital-family-not-handled")),
    "file-date": (1, 56, "261399", ("file", "000", "date-impossible")),
    "file-sender": (14, 4, "OT", ("file", "999", "sender-not-repeated")),
    "file-receiver": (14, 26, "CT", ("file", "999", "receiver-not-repeated")),
    "file-id": (14, 48, "ZZ", ("file", "999", "file-id-not-repeated")),
    "file-record-count": (14, 56, "00000015", ("file", "999", "record-count")),
    "file-lot-count": (14, 83, "002", ("file", "999", "lot-count")),
    "file-not-a-number": (14, 56, "  14    ", ("file", "999", "not-a-number")),
    "lot-not-a-number": (13, 25, "     4000", ("lot", "6", "not-a-number")),
    "lot-date": (2, 72, "260230", ("lot", "1", "date-impossible")),
    "lot-currency": (2, 88, " ", ("lot", "1", "currency-not-euro")),
    "lot-hospital-norm": (2, 79, "CP", ("lot", "1", "hospital-family-not-handled")),
    "lot-site-not-repeated": (13, 2, "999999999", ("lot", "6", "site-not-repeated")),
    "lot-invoice-count": (13, 11, "003", ("lot", "6", "lot-invoice-count")),
    "lot-act-count": (13, 14, "0001", ("lot", "6", "lot-act-count")),
    "lot-head-count": (13, 18, "0009", ("lot", "6", "lot-head-count")),
    "lot-total-count": (13, 22, "009", ("lot", "6", "lot-total-count")),
    "lot-spent-total": (13, 25, "000004001", ("lot", "6", "lot-spent-total")),
    "lot-amo-total": (13, 34, "000000001", ("lot", "6", "lot-amo-total")),
    "lot-amc-total": (13, 43, "000000001", ("lot", "6", "lot-amc-total")),
    "lot-number": (13, 52, "777", ("lot", "6", "lot-number-not-repeated")),
    "lot-mode": (13, 55, "X", ("lot", "6", "lot-mode-unknown")),
    "lot-origin": (2, 11, "\xe9", ("lot", "1", "not-ascii")),
    "invoice-site": (4, 2, "999999999", ("invoice", "2M", "site-not-repeated")),
    "invoice-number-not-repeated": (6, 27, "000000009", ("invoice", "4", "invoice-number-not-repeated")),
    "invoice-nir-not-repeated": (6, 12, "1690575100001", ("invoice", "4", "nir-not-repeated")),
    "invoice-date": (3, 40, "261131", ("invoice", "2", "date-impossible")),
    "invoice-birth": (3, 96, "6905X1", ("invoice", "2", "birth-malformed")),
    "invoice-rank": (3, 102, "X", ("invoice", "2", "rank-malformed")),
    "invoice-nature": (3, 77, "\xe9 ", ("invoice", "2", "not-ascii")),
    "invoice-care-date": (6, 68, "000000", ("invoice", "4", "date-impossible")),
    "invoice-act-code": (6, 74, "     ", ("invoice", "4", "act-code-missing")),
    "invoice-not-a-number": (6, 113, "   2000", ("invoice", "4", "not-a-number")),
    "invoice-product-quantity": (7, 57, "??", ("invoice", "4C", "not-a-number")),
    "invoice-act-count": (8, 39, "002", ("invoice", "5", "invoice-act-count")),
    "invoice-record-unknown": (5, 36, "Z", ("invoice", "2?", "record-type-unknown")),
    "invoice-line-record-unknown": (7, 36, "P", ("invoice", "4?", "record-type-unknown")),
}


def _join(records: list[bytes], line_end: bytes = b"") -> bytes:
    return b"".join(record + line_end for record in records)


def _sound() -> dict[str, Sample]:
    test = [replace(invoice(at), mode="test") for at in (1, 2)]
    every = [*base_records()[:2], *_every_type(), *base_records()[-2:]]
    every = put(every, len(every) - 1, 11, "00100020006001000004000000002600000001400")
    three = concentrator_lots()
    sender = replace(ENVELOPE, sender_kind="OT", sender="99000001")
    return {
        "good-one-site": Sample(_join(base_records()), ()),
        "good-line-ends-lf": Sample(_join(base_records(), b"\n"), ()),
        "good-line-ends-crlf": Sample(_join(base_records(), b"\r\n"), ()),
        "good-concentrator": Sample(b"".join(write(sender, three)), ()),
        "good-test-lot": Sample(b"".join(write(ENVELOPE, [Lot(test[0].site, 1, DAY, test, "test")])), ()),
        "good-every-type": Sample(_join(recount(every)), ()),
    }


def _every_type() -> list[bytes]:
    """One invoice with every record type of the profile, two act lines."""
    full = invoice(
        1,
        lines=(
            replace(line(1), detail=(("CIP", "3400001", 1),)),
            replace(line(2, "ZZZ", "lpp"), detail=(("LPP", "2345678", 1),)),
        ),
    )
    made = b"".join(write(ENVELOPE, [Lot(full.site, 1, DAY, [full])]))
    records = [made[at : at + BYTES] for at in range(2 * BYTES, len(made) - 2 * BYTES, BYTES)]
    head, act = records[0], records[2]
    own = {"nir": head[11:24].decode(), "key": head[24:26].decode(), "opposition_list": ""}
    extra = {name: _blank(name, head) for name in ("2B", "2C", "2P", "2S", "4B", "4H", "4M", "4S", "4T", "4U")}
    extra["2S"] = BY_NAME["2S"].pack({**_values("2S", extra["2S"]), **own})
    return [
        head, extra["2B"], extra["2C"], records[1], extra["2P"], extra["2S"],
        act, *records[3:-1], extra["4B"], extra["4H"], extra["4M"], extra["4S"], extra["4T"], extra["4U"],
        records[-1],
    ]  # fmt: skip


def _values(name: str, record: bytes) -> dict[str, Value]:
    values = BY_NAME[name].unpack(record, 1)
    if isinstance(values, tuple):
        raise TypeError("a blank record of the samples must be readable")
    return dict(values)


def _blank(name: str, head: bytes) -> bytes:
    """A record that repeats the head, with zeros where a number must be and nothing else."""
    record = name[:1].encode() + head[1:35] + name[1:].encode() + b" " * (BYTES - 36)
    for field in BY_NAME[name].fields:
        if field.kind == "digits":
            record = record[: field.start - 1] + b"0" * field.width + record[field.end :]
    return record


def _shaped() -> dict[str, Sample]:
    """Files whose shape is wrong: records missing, added or moved."""
    base = base_records()
    lf = [record + b"\n" for record in base]
    unknown = b"7" + b" " * 127
    early = [*base[:3], base[6], *base[3:6], *base[7:]]
    act, hospital = base[5], b"3" + base[5][1:]
    return {
        "file-record-length": Sample(
            b"".join([*lf[:2], lf[2][:-1] + b" \n", *lf[3:]]), (("file", 3, "?", 1, "record-length"),)
        ),
        "file-record-cut": Sample(_join(base)[:-10], (("file", 14, "?", 1, "record-cut"),)),
        "file-end-missing": Sample(_join(base[:-1]), (("file", 13, "?", 1, "file-end-missing"),)),
        "file-after-end": Sample(_join([*base, base[-1]]), (("file", 15, "999", 1, "after-end"),)),
        "file-record-out-of-place": Sample(_join([base[0], act]), (("file", 2, "4", 1, "record-out-of-place"),)),
        "file-record-unknown": Sample(_join([base[0], unknown]), (("file", 2, "?", 1, "record-type-unknown"),)),
        "lot-end-missing": Sample(
            _join(recount([*base[:-2], base[-1]])), (("lot", 13, "6", 1, "lot-end-missing"),)
        ),
        "lot-record-out-of-place": Sample(
            _join(recount([*base[:8], act, *base[8:]])), (("lot", 9, "4", 1, "record-out-of-place"),)
        ),
        "lot-record-unknown": Sample(
            _join(recount([*base[:8], unknown, *base[8:]])), (("lot", 9, "?", 1, "record-type-unknown"),)
        ),
        "lot-site-malformed": Sample(
            _join([base[0], *(record[:1] + b"75200001*" + record[10:] for record in base[1:-1]), base[-1]]),
            (("lot", 2, "1", 2, "site-malformed"),),
        ),
        "invoice-record-out-of-place": Sample(_join(early), (("invoice", 4, "4C", 1, "record-out-of-place"),)),
        "invoice-hospital": Sample(
            _join(recount([*base[:6], hospital, *base[6:]])),
            (("invoice", 7, "3", 1, "hospital-family-not-handled"),),
        ),
    }  # fmt: skip


def _totals() -> dict[str, Sample]:
    """Invoices whose own contents are wrong while their lot adds up: only the invoice is refused."""
    good = invoice(2)
    wrong: dict[str, tuple[Invoice, tuple[str, int, str, int, str]]] = {
        "invoice-spent-total": (replace(good, total_spent=2001), ("invoice", 6, "5", 58, "invoice-spent-total")),
        "invoice-amo-total": (replace(good, total_amo=1), ("invoice", 6, "5", 66, "invoice-amo-total")),
        "invoice-amc-total": (replace(good, total_amc=1), ("invoice", 6, "5", 82, "invoice-amc-total")),
    }
    return {
        name: Sample(b"".join(write(ENVELOPE, [Lot(good.site, 1, DAY, [one, invoice(3)])])), (fault,))
        for name, (one, fault) in wrong.items()
    }


def _identity() -> dict[str, Sample]:
    """Identity zones: every record of the invoice carries the same wrong value."""
    base = base_records()

    def everywhere(position: int, text: str) -> bytes:
        records = base
        for record in range(3, 9):
            records = put(records, record, position, text)
        return _join(records)

    no_member = put(put(base, 4, 72, " " * 15), 3, 105, " " * 8)
    no_amc = put(put(base, 4, 37, " " * 10), 3, 119, " " * 10)
    no_lines = [*base[:5], *base[7:]]
    no_lines = recount(put(no_lines, 11, 14, "0001"))
    no_total = recount(put([*base[:7], *base[8:]], 12, 22, "001"))
    no_total = put(put(put(no_total, 12, 25, "000002000"), 12, 34, "000001300"), 12, 43, "000000700")
    long = [*base[:6], *[base[6]] * 10_000, *base[7:]]
    return {
        "invoice-number-malformed": Sample(
            everywhere(27, "000000000"), (("invoice", 3, "2", 27, "invoice-number-malformed"),)
        ),
        "invoice-nir-malformed": Sample(everywhere(12, "2X"), (("invoice", 3, "2", 12, "nir-malformed"),)),
        "invoice-nir-key": Sample(everywhere(25, "00"), (("invoice", 3, "2", 25, "nir-key-wrong"),)),
        "invoice-member-missing": Sample(_join(no_member), (("invoice", 3, "2", 105, "member-missing"),)),
        "invoice-amc-missing": Sample(_join(no_amc), (("invoice", 3, "2", 119, "amc-missing"),)),
        "invoice-lines-missing": Sample(_join(no_lines), (("invoice", 6, "5", 1, "lines-missing"),)),
        "invoice-total-missing": Sample(_join(no_total), (("invoice", 7, "4C", 1, "total-missing"),)),
        "invoice-too-long": Sample(_join(recount(long)), (("invoice", 3, "2", 1, "invoice-too-long"),)),
    }  # fmt: skip


def build() -> dict[str, Sample]:
    """Every sample by file name without extension."""
    base = base_records()
    simple = {
        name: Sample(_join(put(base, record, position, text)), ((level, record, kind, position, code),))
        for name, (record, position, text, (level, kind, code)) in _PUT.items()
    }
    return {**_sound(), **simple, **_shaped(), **_totals(), **_identity()}


# Too large to be worth a file: built for the test only.
NOT_ON_DISK = frozenset({"invoice-too-long"})


def main() -> None:
    """Write the samples."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, sample in build().items():
        if name not in NOT_ON_DISK:
            (FOLDER / f"{name}.b2").write_bytes(sample.data)


if __name__ == "__main__":
    main()
