"""A small model of a 2024 portal: whoever is signed in types any NIR and reads who it is. The measure of Rempart.

By what was published after January 2024 the answers held civil identity, birth date, NIR, insurer and guarantees of the
contract. No limit, no need to hold a card: that is the model. Nothing else of any real portal is imitated here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from rempart.simulation.country import Country
from rempart.simulation.people import Person, indexes_of_nir


@dataclass(frozen=True, slots=True)
class Page:
    """What the portal shows about one person."""

    person: int
    family_name: str
    given_name: str
    birth: str
    insurer: str
    contract: str
    formula: str

    def __repr__(self) -> str:
        return "Page(…)"


LEARNED = tuple(field.name for field in fields(Page) if field.name != "person")
"""What somebody learns about each person shown."""


class Portal2024:
    """Answers any NIR with everyone insured under it, and counts whom it has exposed."""

    def __init__(self, country: Country) -> None:
        self._country = country
        self.exposed: set[int] = set()
        self.questions = 0

    def look_up(self, nir: str) -> tuple[Page, ...]:
        """Everyone a rights file lists under this NIR of 13 characters; no question is refused."""
        self.questions += 1
        found = []
        for index in indexes_of_nir(nir):
            if index >= self._country.people:
                break
            family = self._country.household(self._country.family_number(index))
            found += [self._page(person) for person in family if any(way[1] == nir for way in person.ways)]
        self.exposed.update(page.person for page in found)
        return tuple(found)

    def _page(self, person: Person) -> Page:
        coverage = self._country.coverage(person)
        insurer = self._country.insurer_of(person)
        names = person.family_name, person.given_name
        contract = f"{person.family.members[0]} {coverage.product}-{coverage.level}"
        formulas = " ".join(f"{period.domain}:{period.formula}" for period in coverage.periods)
        return Page(person.number, *names, person.birth, insurer.name, contract, formulas)
