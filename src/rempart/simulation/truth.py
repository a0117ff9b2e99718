"""Every identifier seeded in a country, so that a test can search databases, logs and files for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from rempart.simulation.country import Country

Kind = Literal["nir", "name", "birth", "member", "iban"]


class Identifier(NamedTuple):
    """One text that must appear nowhere in clear."""

    kind: Kind
    text: str


def identifiers(country: Country) -> Iterator[Identifier]:
    """NIRs (13 characters), names, birth dates (AAAAMMJJ), canonical member numbers, sites' IBANs; some twice."""
    for person in country.everyone():
        for member, nir, _, _ in person.ways:
            if nir is not None:
                yield Identifier("nir", nir)
            yield Identifier("member", member)
        yield Identifier("name", person.family_name)
        yield Identifier("name", person.given_name)
        yield Identifier("birth", person.birth)
    for site in country.all_sites():
        yield Identifier("iban", site.iban)
