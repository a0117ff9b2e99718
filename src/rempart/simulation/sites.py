"""Sites by profession, in the proportions of the liberal professions and establishments; billing numbers and IBANs.

Billing numbers start with 99, or 2A99 and 2B99 in Corsica, where no site has one, and end with a right Luhn digit.
IBANs have right keys and a bank code, 99999, that no bank has. Counts by profession are round (unsourced, likely).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rempart.domain.identifiers import luhn_digit
from rempart.ground.instants import civil_date
from rempart.simulation.chance import Chance
from rempart.simulation.names import company_name

PER_MILLION = (
    ("pharmacy", 295),
    ("nurse", 1470),
    ("physiotherapist", 1100),
    ("doctor", 1750),
    ("dentist", 540),
    ("optician", 185),
    ("hearing", 100),
    ("laboratory", 65),
    ("radiology", 55),
    ("transport", 160),
    ("speech-therapist", 330),
    ("podologist", 200),
    ("orthoptist", 50),
    ("midwife", 100),
    ("equipment", 40),
    ("clinic", 15),
    ("hospital", 20),
)
"""Sites per million people; everybody's country has at least one of each, and three pharmacies."""

_ZONES = ("Europe/Paris", "Europe/Paris", "Europe/Paris", "Indian/Reunion", "America/Martinique", "America/Cayenne")


def day_begun_everywhere(instant: int) -> date:
    """The latest day that has begun at every site; microseconds UTC. Care of a later one is refused there as future."""
    return min(civil_date(instant, zone) for zone in _ZONES)


@dataclass(frozen=True, slots=True)
class Site:
    """One place that invoices. `number` is its billing number; `client` the machine client that signs in for it.

    `secret` is 32 bytes from which its demo keys are made; `payee` numbers who is paid (a head office for several).
    """

    index: int
    profession: str
    number: str
    name: str
    zone: str
    iban: str
    client: str
    secret: bytes
    payee: int

    def __repr__(self) -> str:
        return f"Site({self.number}, {self.profession})"


def plan(people: int) -> tuple[str, ...]:
    """The profession of each site, by its number: first one of each and two more pharmacies, then by proportion."""
    counts = {name: max(3 if name == "pharmacy" else 1, people * share // 1_000_000) for name, share in PER_MILLION}
    first = [name for name, _ in PER_MILLION] + ["pharmacy", "pharmacy"]
    rest = [name for name, count in counts.items() for _ in range(count - first.count(name))]
    return (*first, *rest)


def make_site(chance: Chance, index: int, profession: str) -> Site:
    """The `index`th site of a country."""
    draws = chance.stream("site", index)
    corsica = index % 97 == 40
    stem = f"{'2A99' if index & 1 else '2B99'}{index % 10_000:04d}" if corsica else f"99{index % 1_000_000:06d}"
    head_office = profession in ("optician", "hearing", "laboratory") and index % 3 == 1
    payee = index - 1 if head_office and index else index
    return Site(
        index=index,
        profession=profession,
        number=stem + luhn_digit(stem),
        name=company_name(index),
        zone=_ZONES[draws.below(6)] if index % 31 == 30 else "Europe/Paris",
        iban=invented_iban(payee),
        client=f"site-{stem.lower()}{luhn_digit(stem)}",
        secret=chance.bytes_of("site-secret", index)[:32],
        payee=payee,
    )


def invented_iban(account: int) -> str:
    """A French IBAN of bank 99999, which does not exist; both its keys are right."""
    bank, branch, number = 99999, 99999, 70_000_000_000 + account
    rib = 97 - (89 * bank + 15 * branch + 3 * number) % 97
    bban = f"{bank:05d}{branch:05d}{number:011d}{rib:02d}"
    check = 98 - int(bban + "152700") % 97  # F = 15, R = 27
    return f"FR{check:02d}{bban}"
