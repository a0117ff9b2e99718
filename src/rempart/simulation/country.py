"""The country: any person, family or site by its number in constant time, so that five million people need no memory.

Same seed, size and day: the same country, to the byte, on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from rempart.domain.rights import Coverage, Period
from rempart.simulation.chance import Chance
from rempart.simulation.insurers import INSURERS, Insurer, make_insurers, shares
from rempart.simulation.people import BLOCK, HOUSEHOLD_SIZES, PLACES, STARTS, Family, Person, members_of
from rempart.simulation.sites import Site, make_site, plan

_RENEWED_AHEAD = timedelta(days=7)  # in the last week of December files already carry the next year
_FAMILIES = len(HOUSEHOLD_SIZES)
_MEMBER_STRIDE = 61_803_399  # coprime with 10^8
_OLD_NUMBERS = 50_000_000  # member numbers from before a migration; families stay below this


class Country:
    """`people` beneficiaries (up to 80 million) of `insurers` insurers, as their rights files say on `day`."""

    def __init__(self, seed: int, people: int, *, day: date = date(2026, 11, 22), insurers: int = INSURERS) -> None:
        if not 1 <= people <= 80_000_000 or not 1 <= insurers <= 999:
            raise ValueError("a country has 1 to 80,000,000 people and 1 to 999 insurers")
        self.seed, self.people, self.day = seed, people, day
        self.chance = Chance(seed)
        self.insurers = make_insurers(self.chance, insurers)
        self._shares = shares(insurers)
        self._plan = plan(people)
        self._sites: dict[int, Site] = {}

    @property
    def families(self) -> int:
        """How many families there are; the last one may be cut short by the size of the country."""
        block, rest = divmod(self.people - 1, BLOCK)
        return block * _FAMILIES + PLACES[rest][0] + 1

    @property
    def sites(self) -> int:
        """How many sites there are."""
        return len(self._plan)

    def insurer_of(self, person: Person) -> Insurer:
        return self.insurers[person.family.insurer]

    def person(self, index: int) -> Person:
        """The `index`th person; IndexError outside the country."""
        if not 0 <= index < self.people:
            raise IndexError("no such person")
        return self.household(self.family_number(index))[PLACES[index % BLOCK][1]]

    @staticmethod
    def family_number(index: int) -> int:
        """The number of the family of the `index`th person."""
        block, rest = divmod(index, BLOCK)
        return block * _FAMILIES + PLACES[rest][0]

    def household(self, number: int) -> tuple[Person, ...]:
        """The people of the `number`th family, adults first."""
        block, place = divmod(number, _FAMILIES)
        first = block * BLOCK + STARTS[place]
        pool = self.chance.bytes_of("family", number)
        seats = min(HOUSEHOLD_SIZES[place], self.people - first)
        return members_of(self._family(number, pool), first, seats, pool=pool, today=self.day)

    def everyone(self) -> Iterator[Person]:
        """All people in order of their index, one family at a time."""
        for number in range(self.families):
            yield from self.household(number)

    def profession(self, number: int) -> str:
        """The profession of the `number`th site."""
        return self._plan[number]

    def site(self, number: int) -> Site:
        """The `number`th site; IndexError outside the country."""
        found = self._sites.get(number)
        if found is None:
            found = self._sites[number] = make_site(self.chance, number, self._plan[number])
        return found

    def all_sites(self) -> Iterator[Site]:
        return (self.site(number) for number in range(self.sites))

    def coverage(self, person: Person) -> Coverage:
        """What the person's insurer says it covers, as the rights file of `day` carries it."""
        family = person.family
        product = self.insurers[family.insurer].products[family.product]
        worn = self.equipment_of(person)
        sold = (product.code, product.kind, product.levels[family.level], product.formulas[family.level])
        return _coverage(sold, family.standing, (family.days, worn), self.day)

    def equipment_of(self, person: Person) -> int:
        """How many days ago the person had glasses, as far as the insurer says; 0 when it says nothing."""
        return person.family.days if person.number % 16 == 3 and person.relation == "adult" else 0

    def _family(self, number: int, pool: bytes) -> Family:
        insurer = self.insurers[self._shares.pick(pool[0] << 8 | pool[1])]
        products = insurer.products
        product = (0, 0, 0, 1, 1, 2, 2, 3)[pool[2] & 7] % len(products)
        quirk = pool[3]
        standing = "open" if quirk >= 12 else "closed" if quirk < 8 else "future" if quirk < 10 else "second"
        members = [insurer.written_member(number * _MEMBER_STRIDE % _OLD_NUMBERS)]
        if pool[4] < 16:  # a migration changed the number; the old one is still on cards
            members.append(insurer.written_member(_OLD_NUMBERS + number * _MEMBER_STRIDE % _OLD_NUMBERS))
        level, days = pool[5] % len(products[product].levels), (pool[6] & 15) * 20 + 10
        name = pool[7] << 16 | pool[8] << 8 | pool[9]
        return Family(number, insurer.index, product, level, standing, days, tuple(members), name)


Sold = tuple[str, str, str, tuple[tuple[str, str], ...]]  # product, kind, level, (domain, formula) pairs


@lru_cache(maxsize=65_536)
def _coverage(sold: Sold, standing: str, ago: tuple[int, int], day: date) -> Coverage:
    """All that a coverage depends on, so that people alike share one."""
    code, kind, level, formulas = sold
    days, worn = ago
    start, end = _dates(standing, days, day)
    periods = tuple(Period(domain, start, end, formula) for domain, formula in formulas)
    equipment = (("OPTI", day - timedelta(days=worn)),) if worn else ()
    return Coverage(2 if standing == "second" else 1, code, level, kind, periods, equipment)


def _dates(standing: str, days: int, day: date) -> tuple[date, date]:
    if standing == "closed":
        end = day - timedelta(days=days)
        return date(end.year - 1, end.month, 1), end
    if standing == "future":
        return day + timedelta(days=days), date(day.year + 1, 12, 31)
    return date(day.year, 1, 1), date((day + _RENEWED_AHEAD).year, 12, 31)
