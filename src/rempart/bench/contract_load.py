"""What `rempart bench contracts` bills: many sites of every profession, as files of a concentrator and as requests.

Amounts and asked shares are the simulation's (`simulation.care`); the shares of professions are those of its visits.
Files cannot say what is bought, so opticians bill contact lenses, out of a year's allowance, and spectacles of basket
B by request. Dentists' implants, out of an allowance of the contract's year, go by file: their code says enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

import msgspec

from rempart.domain.invoice import Invoice, Line, Presented
from rempart.formats import b2
from rempart.simulation.caller import invoice_request
from rempart.simulation.care import BASKETS, contacts_of, lines_of
from rempart.simulation.chance import Draws
from rempart.simulation.country import Country
from rempart.simulation.day import CONCENTRATED
from rempart.simulation.people import Person
from rempart.simulation.sites import Site
from rempart.simulation.visits import VISITS
from rempart.wire.invoices import InvoiceRequest, ParticularsRequest

SITES = 100  # about; each profession has at least one
FILE_MOST = 350_000
BY_REQUEST = "optician"
IMPLANT = 1_000_00
_PARTICULARS = ParticularsRequest(item="lens", side="right", basket="B")


@dataclass(frozen=True, slots=True)
class Share:
    """How many invoices one site has in all."""

    site: Site
    invoices: int


@dataclass(frozen=True, slots=True)
class Load:
    """`size` invoices; `first` keeps the numbers of one load apart from another's."""

    country: Country
    size: int
    first: int

    def shares(self) -> list[Share]:
        """Sites that bill, each with its part of the whole; together `size`."""
        chosen: list[tuple[Site, float]] = []
        for profession, weight in VISITS:
            found = list(islice(self._sites(profession), max(1, round(SITES * weight / 1000))))
            chosen += [(site, weight / len(found)) for site in found]
        whole = sum(weight for _, weight in chosen)
        shares: list[Share] = []
        given, passed = 0, 0.0
        for site, part in chosen:
            passed += part
            upto = round(self.size * passed / whole)
            shares.append(Share(site, upto - given))
            given = upto
        return shares

    def files(self) -> Iterator[bytes]:
        """The B2 files, of at most `FILE_MOST` invoices each, one in memory at a time."""
        invoices = self._filed()
        number, day = 0, self.country.day
        while (head := next(invoices, None)) is not None:
            number += 1
            batch = chain((head,), islice(invoices, FILE_MOST - 1))
            name = f"{(self.first + number) % 1_000_000:06d}"
            envelope = b2.Envelope(f"CONC{name}", "REMPART", name, day, "OT")
            yield b"".join(b2.write(envelope, b2.lots_of(batch, day)))

    def requests(self) -> Iterator[tuple[Site, InvoiceRequest]]:
        """What opticians send one by one."""
        for share in self.shares():
            if share.site.profession == BY_REQUEST:
                for number in range(share.invoices):
                    yield share.site, self._optics(share.site, number)

    def _sites(self, profession: str) -> Iterator[Site]:
        for index in range(self.country.sites):
            if self.country.profession(index) == profession and profession in BASKETS and index not in CONCENTRATED:
                yield self.country.site(index)

    def _filed(self) -> Iterator[Invoice]:
        for share in self.shares():
            if share.site.profession != BY_REQUEST:
                for number in range(share.invoices):
                    yield self._invoice(share.site, number)

    def _invoice(self, site: Site, number: int) -> Invoice:
        person, draws = self._drawn(site, number)
        day, coverage = self.country.day, self.country.coverage(person)
        if site.profession == "dentist" and number % 8 == 0:
            spent = IMPLANT + draws.below(IMPLANT)
            return self._made(site, number, person, (_implant(self.country, spent),))
        return self._made(site, number, person, lines_of(site.profession, draws, day, coverage))

    def _optics(self, site: Site, number: int) -> InvoiceRequest:
        person, draws = self._drawn(site, number)
        day = self.country.day
        if number % 2:
            return invoice_request(self._made(site, number, person, contacts_of(draws, day)))
        lines = lines_of(site.profession, draws, day, self.country.coverage(person))
        request = invoice_request(self._made(site, number, person, lines))
        told = tuple(msgspec.structs.replace(line, particulars=_PARTICULARS) for line in request.lines)
        return msgspec.structs.replace(request, lines=told)

    def _drawn(self, site: Site, number: int) -> tuple[Person, Draws]:
        draws = self.country.chance.stream("bench-contracts", self.first + site.index * 1_000_000 + number)
        return self.country.person(draws.below(self.country.people)), draws

    def _made(self, site: Site, number: int, person: Person, lines: tuple[Line, ...]) -> Invoice:
        insurer, way = self.country.insurer_of(person), person.ways[0]
        shown = Presented(insurer.number, insurer.printed_member(way[0]), way[1], way[2], way[3], insurer.convention)
        spent, amo, amc = (sum(getattr(line, part) for line in lines) for part in ("spent", "amo", "amc"))
        return Invoice(site.number, f"{self.first + number:09d}", self.country.day, shown, lines, spent, amo, amc)


def _implant(country: Country, spent: int) -> Line:
    """What the compulsory scheme does not pay at all."""
    return Line(1, country.day, "IMP", "dental-prosthesis", 0, 0, 0, spent, spent, unit_price=spent)
