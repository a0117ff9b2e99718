"""The invented cards of `rempart demo --sandbox`, and what each is answered. Nobody is meant; no door opens with them.

The numbers of insurers begin with 0099 and the communes of birth are 9xx beyond 909: ranges that nobody has. Rights are
relative to the day the sandbox was started; everything else never changes, so tests may be written against it.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.invoices import InvoiceRequest, LineRequest

FIRST, PRINTED_WITH_SPACES = "0099000000", "0099000274"
PORT = 8480
OUR_RANGE = "0099"


class Card(NamedTuple):
    """One card as printed, how it is to be asked, and the answer: an answer's word, or a problem's code.

    The day of care is today, or the last day of last year. Asked in the table's order, by one site.
    """

    name: str
    amc_number: str
    member: str
    nir: str | None
    birth_date: str
    rank: str
    domain: str
    evidence: str
    answer: str
    shows: str
    last_year: bool = False

    def __repr__(self) -> str:
        return f"Card({self.name})"


_MOTHER, _FATHER = "2850475925123", "1800269931017"
CARDS: tuple[Card, ...] = (
    Card("covered", FIRST, "10000001", _MOTHER, "1985-04-12", "1", "PHAR", "machine", "covered",
         "An adult, covered: keep the accreditation for the invoice."),
    Card("typed", FIRST, "10000001", _MOTHER, "1985-04-12", "1", "PHAR", "typed", "covered",
         "The same card typed by hand: the NIR is needed."),
    Card("child", FIRST, "10000001", _MOTHER, "2019-06-03", "1", "MED", "machine", "covered",
         "A child under its mother's NIR: the birth date is the child's."),
    Card("twin-one", FIRST, "10000002", _FATHER, "2021-09-15", "1", "MED", "machine", "covered",
         "The elder twin: only the rank tells it from its twin."),
    Card("twin-two", FIRST, "10000002", _FATHER, "2021-09-15", "2", "MED", "machine", "covered",
         "The younger twin."),
    Card("closed-before", FIRST, "10000003", "2900333940051", "1990-03-21", "1", "PHAR", "machine", "covered",
         "Care of last year, when the rights were open; the site knows this person from now on.", last_year=True),
    Card("closed", FIRST, "10000003", "2900333940051", "1990-03-21", "1", "PHAR", "machine", "closed",
         "Rights have ended: a site that knows the person is told since when."),
    Card("closed-typed", FIRST, "10000004", "1770538922310", "1977-05-30", "1", "PHAR", "typed", "not-confirmed",
         "Ended too, and unknown to the site: no reason is told."),
    Card("no-optics-before", FIRST, "10000005", "2920631955044", "1992-06-11", "1", "PHAR", "machine", "covered",
         "Covered for medicines."),
    Card("no-optics", FIRST, "10000005", "2920631955044", "1992-06-11", "1", "OPTI", "machine", "not-covered",
         "Covered, but not for spectacles; told because the site knows the person."),
    Card("nobody", FIRST, "19999999", "1991244960771", "1999-12-24", "1", "PHAR", "machine", "not-confirmed",
         "Nobody has this card."),
    Card("spaces", PRINTED_WITH_SPACES, "AC 1234 5678", "2730867948222", "1973-08-02", "1", "PHAR", "machine",
         "covered", "A number printed with spaces: send it as printed, the hub knows each insurer's way of writing."),
    Card("no-nir", FIRST, "10000001", None, "1985-04-12", "1", "PHAR", "typed", "nir-required",
         "Typed without the NIR: refused before anything is looked up."),
    Card("unknown-insurer", "0099999999", "10000001", _MOTHER, "1985-04-12", "1", "PHAR", "machine",
         "unknown-amc-number", "No insurer has this number."),
)  # fmt: skip
BY_NAME = {card.name: card for card in CARDS}


def reference_of(card: Card) -> str:
    """By which the conformance kit knows a card that it cannot read: CARD-01 for the first of the table."""
    return f"CARD-{CARDS.index(card) + 1:02d}"


def question(card: Card, day: date, reference: str = "") -> EligibilityRequest:
    """The question about a card on `day`, today at the site."""
    care = date(day.year - 1, 12, 31) if card.last_year else day
    fields = {
        "amc_number": card.amc_number, "member": card.member, "birth_date": card.birth_date, "nir": card.nir,
        "rank": card.rank, "care_date": care.isoformat(), "domains": (card.domain,), "evidence": card.evidence,
        "site_reference": reference,
    }  # fmt: skip
    return msgspec.convert(fields, EligibilityRequest)


def invoice(
    card: Card, number: str, day: date, *, accreditation: str = "", contradicts: bool = False
) -> InvoiceRequest:
    """One box of medicine, 65 % of it by the compulsory scheme and the rest by the insurer.

    The price follows from the invoice's number, so that two are not taken for duplicates. With `contradicts` the shares
    do not fit the rate, and the invoice is rejected.
    """
    told, price = day.isoformat(), 1000 + 20 * (int(number) % 400)
    amo = price * 65 // 100 - 71 * contradicts
    line = LineRequest(
        told, "PH7", "pharmacy", price, 65, amo, price, price - amo, unit_price=price, detail=(("CIP", "3400999", 1),)
    )
    return InvoiceRequest(
        number, told, card.amc_number, card.member, card.birth_date, (line,), nir=card.nir, rank=card.rank,
        accreditation=accreditation or None, site_reference=f"BOX-{number[-5:]}",
    )  # fmt: skip
