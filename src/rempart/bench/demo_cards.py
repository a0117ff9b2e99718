"""A few signed cards to scan in the demo: their codes, their handles in a rights file, the lists of keys.

The keys are derived from words that anyone knows, like all of the demo: they sign for invented people alone.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice

from rempart.bench.deltas import send_delta
from rempart.bench.late import fits
from rempart.bench.sandbox_cards import key_of, write_lists
from rempart.bench.world import World
from rempart.domain import card as signed
from rempart.domain.rights import RightsLine
from rempart.formats.card import PAPER, sign_card, write_text
from rempart.formats.rights_file import Expected, format_line
from rempart.simulation.authorizations import presented
from rempart.simulation.people import Person
from rempart.simulation.visits import Calendar

MOST = 3


def hand_out(world: World, operators: tuple[str, ...]) -> dict[str, str]:
    """Signs cards for a few people and has a rights file name their handles; what a scanner reads of each, by name.

    `operators`: whose portals check cards without network. Raises RuntimeError when a file is not applied.
    """
    country = world.country
    names = {insurer.number: insurer.name for insurer in country.insurers}
    for operator in operators:
        write_lists(world.house.settings.keeper.card_lists, operator, names)
    calendar = Calendar(country, country.day)
    adults = (each for each in country.everyone() if each.relation == "adult" and fits(calendar, each))
    texts: dict[str, str] = {}
    for serial, person in enumerate(islice(adults, MOST), 1):
        handle = sha256(b"rempart demo handle " + person.reference.encode()).digest()[: signed.HANDLE_BYTES]
        texts[f"card-{serial}"] = _text(world, person, serial, handle)
        first, *others = person.keys
        line = RightsLine(person.reference, (first._replace(card=handle), *others), country.coverage(person))
        send_delta(world, country.insurer_of(person), [format_line(line, delta=True)], Expected(0, 0, 1))
    return texts


def _text(world: World, person: Person, serial: int, handle: bytes) -> str:
    """What a scanner reads: every domain open today, for as long as all of them are."""
    country = world.country
    shown, insurer = presented(country, person), country.insurer_of(person)
    open_today = [each for each in country.coverage(person).periods if each.start <= country.day <= each.end]
    card = signed.Card(
        insurer.number, shown.convention, shown.csr, shown.member, max(each.start for each in open_today),
        min(each.end for each in open_today), person.keys[0].birth, person.keys[0].rank, "DEMO",
        tuple(dict.fromkeys(each.domain for each in open_today)), serial, handle,
    )  # fmt: skip
    return write_text(PAPER, sign_card(card, insurer.number, key_of(insurer.number)))
