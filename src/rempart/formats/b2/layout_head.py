"""Positions of the records around an invoice: file, lot, invoice head (2, 2B, 2C, 2M, 2P, 2S) and totals (5, 6, 999).

Profile, source, age and what is left out: see `layout.py`.
"""

from __future__ import annotations

from typing import Final

from rempart.formats._fixed import Field, Layout


def _envelope(kind: str) -> tuple[Field, ...]:
    return (
        Field("type", 1, 3, "const", kind),
        Field("sender_kind", 4, 5, "text"),
        Field("sender", 6, 19, "text"),
        Field("receiver_kind", 26, 27, "text"),
        Field("receiver", 28, 41, "text"),
    )


def head(kind: str, complement: str) -> tuple[Field, ...]:
    """What every record of an invoice repeats: site, insured NIR and key, invoice number, and the record's own type."""
    return (
        Field("type", 1, 1, "const", kind),
        Field("site", 2, 10, "text"),
        Field("insured_nir", 12, 24, "text"),
        Field("insured_key", 25, 26, "text"),
        Field("number", 27, 35, "text"),
        Field("complement", 36, 36, "const", complement),
    )


FILE_START: Final = Layout(
    "000",
    (
        *_envelope("000"),
        Field("received", 42, 47, "date?"),
        Field("application", 48, 49, "text"),
        Field("file_id", 50, 55, "text"),
        Field("created", 56, 61, "date"),
        Field("norm", 62, 65, "text"),
        Field("version", 66, 67, "text"),
        Field("sesam", 70, 72, "label"),
        Field("record_length", 83, 85, "digits"),
        Field("message", 92, 128, "label"),
    ),
)
LOT_START: Final = Layout(
    "1",
    (
        Field("type", 1, 1, "const", "1"),
        Field("site", 2, 10, "text"),
        Field("origin", 11, 16, "text"),
        Field("body", 17, 19, "text"),
        Field("lot", 20, 22, "digits"),
        Field("category", 23, 25, "text"),
        Field("legal_status", 26, 27, "text"),
        Field("tariff_mode", 28, 29, "text"),
        Field("site_name", 30, 69, "label"),
        Field("norm_used", 70, 71, "text"),
        Field("created", 72, 77, "date"),
        Field("norm_code", 79, 80, "text"),
        Field("certified", 81, 81, "text"),
        Field("norm_version", 82, 87, "text"),
        Field("currency", 88, 88, "text"),
        Field("pivot_fund", 89, 93, "text"),
        Field("central_payment", 94, 94, "text"),
    ),
)
INVOICE: Final = Layout(
    "2",
    (
        *head("2", " "),
        Field("marking", 37, 37, "text"),
        Field("amo_forced", 38, 38, "text"),
        Field("operation", 39, 39, "text"),
        Field("issued", 40, 45, "date"),
        Field("split_by_site", 46, 46, "text"),
        Field("sesam_kind", 47, 47, "text"),
        Field("portable", 48, 48, "text"),
        Field("regime_group", 49, 50, "text"),
        Field("fund", 51, 53, "text"),
        Field("centre", 54, 57, "text"),
        Field("rights_evidence", 58, 58, "text"),
        Field("prescriber", 59, 67, "text"),
        Field("prescribed", 68, 73, "date?"),
        Field("regime", 74, 76, "text"),
        Field("nature", 77, 78, "text"),
        Field("exemption", 79, 79, "text"),
        Field("maternity", 80, 85, "date?"),
        Field("accident", 86, 94, "text"),
        Field("replacement", 95, 95, "text"),
        Field("birth", 96, 101, "text"),
        Field("rank", 102, 102, "text"),
        Field("beneficiary_rank", 103, 104, "text"),
        Field("member", 105, 112, "text"),
        Field("prescriber_speciality", 113, 114, "text"),
        Field("payee", 115, 116, "text"),
        Field("contract", 117, 118, "text"),
        Field("amc", 119, 128, "text"),
    ),
)
# The names and addresses of 2B and 2C are described so that a file can be written exactly; reading never opens them.
BENEFICIARY: Final = Layout(
    "2B",
    (
        *head("2", "B"),
        Field("quality", 38, 39, "text"),
        Field("civility", 40, 42, "text"),
        Field("last_name", 43, 67, "label"),
        Field("first_name", 68, 82, "label"),
        Field("street_number", 83, 86, "text"),
        Field("street_suffix", 87, 87, "text"),
        Field("street_kind", 88, 91, "text"),
        Field("street", 92, 116, "label"),
    ),
)
ADDRESS: Final = Layout(
    "2C",
    (
        *head("2", "C"),
        Field("address_more", 41, 65, "label"),
        Field("town", 66, 90, "label"),
        Field("postcode", 91, 95, "text"),
        Field("insured_last_name", 96, 120, "label"),
        Field("insured_first_name", 121, 128, "label"),
    ),
)
ROUTING: Final = Layout(
    "2M",
    (
        *head("2", "M"),
        Field("amc", 37, 46, "text"),
        Field("routing_to", 47, 48, "text"),
        Field("host_to", 49, 51, "text"),
        Field("member", 72, 86, "text"),
        Field("amc_forced", 94, 94, "text"),
        Field("sts_module", 95, 95, "text"),
        Field("sts_version", 96, 99, "text"),
        Field("routing", 100, 101, "text"),
        Field("host", 102, 104, "text"),
        Field("network_domain", 105, 124, "text"),
        Field("treatment", 125, 126, "text"),
        Field("application", 127, 128, "text"),
    ),
)
# 47-80 is the AMC's conventional context (34 characters). Rempart puts the accreditation in 47-66, and, by its own
# convention (no public source says how the zone is cut), the card's convention in 67-68 and its CSR in 69-76.
SETTLEMENT: Final = Layout(
    "2P",
    (
        *head("2", "P"),
        Field("operator", 37, 46, "text"),
        Field("accreditation", 47, 66, "text"),
        Field("convention", 67, 68, "text"),
        Field("csr", 69, 76, "text"),
    ),
)
INDIVIDUAL: Final = Layout(
    "2S",
    (
        *head("2", "S"),
        Field("nir", 50, 62, "text"),
        Field("key", 63, 64, "text"),
        Field("opposition_list", 65, 70, "text"),
    ),
)
TOTAL: Final = Layout(
    "5",
    (
        *head("5", " ")[:-1],
        Field("acts", 39, 41, "digits"),
        Field("spent", 58, 65, "digits"),
        Field("amo", 66, 73, "digits"),
        Field("before_amc", 74, 81, "digits?"),
        Field("amc", 82, 89, "digits?"),
        Field("split", 90, 90, "text"),
        Field("opposition", 94, 94, "text"),
        Field("certification", 97, 128, "label"),
    ),
)
LOT_END: Final = Layout(
    "6",
    (
        Field("type", 1, 1, "const", "6"),
        Field("site", 2, 10, "text"),
        Field("invoices", 11, 13, "digits"),
        Field("acts", 14, 17, "digits"),
        Field("heads", 18, 21, "digits"),
        Field("totals", 22, 24, "digits"),
        Field("spent", 25, 33, "digits"),
        Field("amo", 34, 42, "digits"),
        Field("amc", 43, 51, "digits"),
        Field("lot", 52, 54, "digits"),
        Field("marking", 55, 55, "text"),
        Field("sesam_kind", 56, 56, "text"),
        Field("software", 61, 72, "text"),
        Field("portable", 73, 84, "text"),
        Field("replacement", 88, 96, "text"),
        Field("certification", 97, 128, "label"),
    ),
)
FILE_END: Final = Layout(
    "999",
    (
        *_envelope("999"),
        Field("application", 48, 49, "text"),
        Field("file_id", 50, 55, "text"),
        Field("records", 56, 63, "digits"),
        Field("lots", 83, 85, "digits"),
    ),
)
