"""The contracts of the demo's two operators: partly with different insurers, one of them ended yesterday.

Written once the demo's day is lived, so that its ground truth stands; the portals that open then answer by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import psycopg

from rempart.bootstrap.house import House
from rempart.domain.contracts import LATEST, Served
from rempart.ground.instants import PARIS, civil_date, now
from rempart.storage.contracts import Said, add_insurer_contract

START = date(2020, 1, 1)
BY = "demo"


class Signed(NamedTuple):
    """What the demo shows of them: an insurer's number, or "" where the country has too few insurers for one."""

    of_the_first_alone: str
    ended: str


def served(insurers: Sequence[str], operators: tuple[str, str], shown: str, today: date) -> tuple[Served, ...]:
    """Every contract: both serve `shown`; the second has none with one other, and one that ended yesterday."""
    first, second = operators
    others = [number for number in insurers if number != shown]
    alone, ended = [*others, "", ""][:2]
    made = [Served(first, number, START) for number in insurers]
    made += [
        Served(second, number, START, today - timedelta(days=1) if number == ended else LATEST)
        for number in insurers if number != alone
    ]  # fmt: skip
    return tuple(made)


def signed_in(house: House, insurers: Sequence[str], operators: tuple[str, ...], shown: str) -> Signed:
    """Writes them in a house, as `rempart operator contract add` does. Raises RuntimeError when one is refused."""
    instant = now()
    contracts = served(insurers, (operators[0], operators[1]), shown, civil_date(instant, PARIS))
    with psycopg.connect(house.settings.database.worker_url, autocommit=True) as connection:
        for one in contracts:
            refusal = add_insurer_contract(connection, one, Said(BY, instant))
            if refusal:
                raise RuntimeError(f"a contract of the demo was refused: {refusal}")
    ended = next((one.insurer for one in contracts if one.ends != LATEST), "")
    seconds = {one.insurer for one in contracts if one.operator == operators[1]}
    return Signed(next((number for number in insurers if number not in seconds), ""), ended)
