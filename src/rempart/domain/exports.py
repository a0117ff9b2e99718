"""A bulk download is an export: what a person signs before a file that tells many invoices, and who signs beside them.

Design rule 37: "bulk download is an export (fresh passkey, second person above 500)". Programs go by their own limits.
Which files are exports is `EXPORTS`; small ones are free, and reading on a screen is no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

REMITTANCE, SETTLEMENT = "remittance", "settlement"
EXPORTS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    REMITTANCE: ("PrintRemittance", "ReturnRemittance", "ReadRemittance"),
    SETTLEMENT: ("DeskFetchSettlement",),
})  # fmt: skip
"""What is signed for → the operations that give it as a file; `ReadRemittance` where it is asked for as one.

One signature is of all the forms of one document. The return of a deposit, reports of files and FHIR's
`PaymentReconciliation` tell no line; a demand for money back tells one invoice.
"""

SIGNED_ABOVE, SECOND_ABOVE = 50, 500
"""Invoices of one file above which its taker signs, and above which a second person signs too."""
_MINUTE, _HOUR = 60_000_000, 3_600_000_000
SIGNED_FOR = 15 * _MINUTE
"""How long one's own signature lets one fetch, in the session in which it was given."""
SECOND_FOR = 24 * _HOUR
"""How long the second person's word stands, and how long one is asked for it: the two need not press together."""

NEEDS_SIGNATURE, NEEDS_SECOND = "export-needs-signature", "export-needs-second"


class Limits(NamedTuple):
    """How many invoices a file may tell unsigned, and signed by one person."""

    signed_above: int = SIGNED_ABOVE
    second_above: int = SECOND_ABOVE


class Asker(NamedTuple):
    """Who fetches, in which session (its name, 8 bytes)."""

    account: str
    session: bytes


class Signature(NamedTuple):
    """One person's signature of one document, for `taker`, of at most so many `invoices`.

    Good until `until`, microseconds UTC; that its two people are two was the keeper's word when it was given.
    """

    account: str
    taker: str
    session: bytes
    invoices: int
    until: int


def missing(
    limits: Limits, invoices: int, asker: Asker, signatures: Iterable[Signature], *, instant: int
) -> str:  # fmt: skip
    """Why a person may not fetch a file of so many invoices now: "" when they may.

    `signatures` are those of this very document at this very place.
    """
    if invoices <= limits.signed_above:
        return ""
    standing = [
        each
        for each in signatures
        if each.until > instant and each.invoices >= invoices and each.taker == asker.account
    ]
    if not any((each.account, each.session) == asker for each in standing):
        return NEEDS_SIGNATURE
    if invoices > limits.second_above and all(each.account == asker.account for each in standing):
        return NEEDS_SECOND
    return ""


def lasts(*, own: bool) -> int:
    """Microseconds for which a signature stands."""
    return SIGNED_FOR if own else SECOND_FOR
