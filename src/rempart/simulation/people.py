"""Families: adults, children on both parents' NIR, newborns, twins, waiting numbers, Corsica, lunar birth dates.

NIRs have a valid key and belong to nobody we can know of: their commune codes run from 920 to 989, and to our knowledge
no French commune has had a code beyond 909 (62909; unsourced). Foreign births (department 99) are left out, because any
code there may be a country. Up to 80 million people all own numbers differ, by construction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Literal, NamedTuple

from rempart.domain.rights import Key
from rempart.simulation.names import family_name, given_name

HOUSEHOLD_SIZES = (1, 2, 4, 1, 3, 2, 4, 1, 2, 4)
"""Sizes of ten neighbouring families, 24 people: a person's family is found by arithmetic, without a table."""

BLOCK = sum(HOUSEHOLD_SIZES)
STARTS = tuple(sum(HOUSEHOLD_SIZES[:place]) for place in range(len(HOUSEHOLD_SIZES)))
PLACES = tuple((place, seat) for place, size in enumerate(HOUSEHOLD_SIZES) for seat in range(size))

_DEPARTMENTS = (*(f"{number:02d}" for number in range(1, 96) if number != 20), "2A", "2B")
_PLACES_OF_BIRTH = tuple(f"{department}{commune}" for department in _DEPARTMENTS for commune in range(920, 990))
_ORDERS = tuple(f"{order:03d}" for order in range(1, 1000))
_TWO = tuple(f"{number:02d}" for number in range(100))
_RESIDUES = len(_PLACES_OF_BIRTH) * len(_ORDERS)
_STRIDE = 4_104_719  # coprime with _RESIDUES: neighbours in the index are far apart in the numbers
_UNSTRIDE = pow(_STRIDE, -1, _RESIDUES)
_PLACE_NUMBERS = {place: number for number, place in enumerate(_PLACES_OF_BIRTH)}
_WAITING_SEX = {"1": "7", "2": "8"}

Relation = Literal["adult", "child"]


Way = tuple[str, str | None, str, str]
"""One way of presenting a person: canonical member number, NIR 13 or None, birth AAMMJJ, rank."""


class Family(NamedTuple):  # named tuples here, not dataclasses: made by the million, at a third of the cost
    """One contract: its number in the country, its insurer and cover, its canonical member numbers, newest first.

    `standing` is open, closed, future or second (a second insurer's cover); `days` says how long ago or ahead.
    """

    number: int
    insurer: int
    product: int
    level: int
    standing: str
    days: int
    members: tuple[str, ...]
    name_number: int

    def __repr__(self) -> str:
        return f"Family({self.number})"


class Person(NamedTuple):
    """One beneficiary. `birth` is AAAAMMJJ text, lunar dates as they are; `ways` the ways of presenting, usual first.

    `reference` is the insurer's stable unique one; `nir` the person's own 13 characters, None when there is none yet.
    """

    number: int
    family: Family
    relation: Relation
    birth: str
    nir: str | None
    rank: str
    ways: tuple[Way, ...]
    reference: str
    name_number: int

    def __repr__(self) -> str:
        return f"Person({self.number})"

    @property
    def family_name(self) -> str:
        return family_name(self.family.name_number)

    @property
    def given_name(self) -> str:
        return given_name(self.name_number)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The ways of presenting, as a rights file carries them."""
        return tuple(Key(*way) for way in self.ways)

    @property
    def insurer(self) -> int:
        return self.family.insurer


def own_nir(index: int, sex: str, birth_year: int, month_draw: int) -> str:
    """The person's own NIR, 13 characters; two people of the same residue never share a month."""
    turn, residue = divmod(index, _RESIDUES)
    place, order = divmod(residue * _STRIDE % _RESIDUES, 999)
    month = _TWO[(month_draw + turn) % 12 + 1]
    return f"{sex}{_TWO[birth_year % 100]}{month}{_PLACES_OF_BIRTH[place]}{_ORDERS[order]}"


def members_of(family: Family, first: int, seats: int, *, pool: bytes, today: date) -> tuple[Person, ...]:
    """The people of a family whose first member has index `first`; `pool` is 64 bytes of chance."""
    found: list[Person] = []
    adults = 1 if seats == 1 or (seats == 2 and pool[11] < 50) else 2
    for seat in range(seats):
        bits = int.from_bytes(pool[12 + seat * 13 : 25 + seat * 13], "big")
        if seat < adults:
            found.append(_adult(family, first + seat, bits, today.year))
        else:
            elder = found[-1] if seat > adults else None
            found.append(_child(found[:adults], elder, first + seat, bits=bits, today=today))
    return tuple(found)


def _adult(family: Family, index: int, bits: int, year: int) -> Person:
    sex = "12"[bits & 1]
    born = year - 19 - (bits >> 1 & 0x7F) % 72
    month_draw, quirk = bits >> 8 & 0xFF, bits >> 24 & 0xFF
    nir = own_nir(index, sex, born, month_draw)
    short = nir[1:5] + _TWO[(bits >> 16 & 0xFF) % 28 + 1]
    if quirk < 5:  # lunar date: insurers carry days and months that no calendar has
        short = nir[1:3] + ("0000" if quirk & 1 else f"{13 + quirk}99")
    member = family.members[0]
    ways: list[Way] = [(member, nir, short, "1")]
    if 5 <= quirk < 40:
        nir, ways = _unusual(ways[0], index, quirk, month_draw)
    ways += [(old, nir, short, "1") for old in family.members[1:]]
    birth = f"{born // 100}{short}"
    return Person(index, family, "adult", birth, nir, "1", tuple(ways), f"R{index:09d}", bits >> 48)


def _unusual(way: Way, index: int, quirk: int, month_draw: int) -> tuple[str, list[Way]]:
    """What comes of identities in life: the adult's own NIR, and the ways of presenting; `quirk` from 5 to 39."""
    member, short = way[0], way[2]
    nir = way[1] or ""
    waiting = _WAITING_SEX[nir[0]] + nir[1:]
    if quirk < 9:  # a waiting number that became the NIR: both are still presented
        return nir, [(member, nir, short, "1"), (member, waiting, short, "1")]
    if quirk < 18:  # the insurer's letters carry no NIR
        return nir, [(member, nir, short, "1"), (member, None, short, "1")]
    if quirk < 20:  # still waiting for a NIR
        return waiting, [(member, waiting, short, "1")]
    parent = own_nir(index, "12"[quirk & 1], int(nir[1:3]) + 73, month_draw)  # 27 years older
    return nir, [(member, nir, short, "1"), (member, parent, short, "1")]  # a dependant who became insured


def _child(parents: list[Person], elder: Person | None, index: int, *, bits: int, today: date) -> Person:
    """A child found under each parent's NIR, and from 16 on under its own; one in 26 younger siblings is a twin."""
    newborn = bits & 0xFF < 10
    if newborn:  # in one of the last three months
        born, month = divmod(today.year * 12 + today.month - 2 - (bits >> 16 & 0xFF) % 3, 12)
    else:  # odd and even years, so that siblings never share a date by accident
        born, month = today.year - 1 - (bits & 0xFF) % 9 * 2 - (index & 1), (bits >> 16 & 0xFF) % 12
    birth, rank, own = f"{born}{_TWO[month + 1]}{_TWO[(bits >> 24 & 0xFF) % 28 + 1]}", "1", None
    if elder is not None and elder.rank == "1" and (bits >> 8 & 0xFF < 10 or (newborn and elder.nir is None)):
        birth, rank, newborn = elder.birth, "2", elder.nir is None
    family, short = parents[0].family, birth[2:]
    ways: list[Way] = [(family.members[0], parent.nir, short, rank) for parent in parents]
    if not newborn:
        own = own_nir(index, "12"[bits >> 32 & 1], int(birth[:4]), int(birth[4:6]) - 1)
        if today.year - int(birth[:4]) >= 16:
            ways.append((family.members[0], own, short, "1"))
    return Person(index, family, "child", birth, own, rank, tuple(ways), f"R{index:09d}", bits >> 48)


def indexes_of_nir(nir: str) -> Iterator[int]:
    """Every index, without end, of people whose own NIR may be this one: the inverse of `own_nir`, at constant cost.

    Nothing when the number cannot be of this country.
    """
    place, order = _PLACE_NUMBERS.get(nir[5:10]), nir[10:]
    if place is None or not order.isdigit() or order == "000":
        return
    residue = (place * 999 + int(order) - 1) * _UNSTRIDE % _RESIDUES
    yield from count(residue, _RESIDUES)
