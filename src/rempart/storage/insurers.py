"""Registering an insurer with the hub: its row, and the cards that lead to it. The keeper has its keys."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from rempart.domain.member import MemberRule

FOREVER = date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class Card:
    """One line of the routing table. Empty convention, CSR or domain match any."""

    amc_number: str
    convention: str = ""
    csr: str = ""
    domain: str = ""
    starts: date = date(2000, 1, 1)
    ends: date = FOREVER


def register_insurer(
    connection: psycopg.Connection[Any],
    insurer: str,
    *,
    name: str,
    operator: str,
    rule: MemberRule,
    instant: int,
    cards: Sequence[Card] = (),
) -> None:
    """Adds or corrects an insurer (10 digits); `cards` default to its number. Its rights and sequence are left alone.

    Raises psycopg.errors.CheckViolation when the number is not one.
    """
    wanted = cards or (Card(insurer),)
    with connection.transaction():
        connection.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, %s, %s, %s, %s) "
            "on conflict (insurer) do update set name = excluded.name, operator = excluded.operator, "
            "member_rule = excluded.member_rule",
            (insurer, name, operator, Jsonb(asdict(rule)), instant),
        )
        known = connection.execute(
            "select amc_number, convention, csr, domain, starts, ends from rempart.routing where insurer = %s",
            (insurer,),
        ).fetchall()
        missing = [card for card in wanted if Card(*known_row(card)) not in {Card(*row) for row in known}]
        connection.cursor().executemany(
            "insert into rempart.routing (amc_number, convention, csr, domain, starts, ends, operator, insurer) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(*known_row(card), operator, insurer) for card in missing],
        )


@dataclass(frozen=True, slots=True)
class InsurerRow:
    """One insurer as it is registered: `sequence` of its last rights file, `cards` and guarantee tables counted."""

    insurer: str
    name: str
    operator: str
    standing: str
    sequence: int
    cards: int
    tables: int


def insurers(connection: psycopg.Connection[Any]) -> tuple[InsurerRow, ...]:
    """Every insurer, by number; nobody it insures."""
    rows = connection.execute(
        "select i.insurer, i.name, i.operator, i.standing, i.sequence, "
        "(select count(*) from rempart.routing r where r.insurer = i.insurer), "
        "(select count(*) from rempart.guarantee_table g where g.insurer = i.insurer) "
        "from rempart.insurer i order by i.insurer"
    ).fetchall()
    return tuple(InsurerRow(*row) for row in rows)


def set_insurer_standing(connection: psycopg.Connection[Any], insurer: str, standing: str) -> bool:
    """`good`, `suspended` or `left`; False when there is no such insurer, or it has left: that is for ever."""
    done = connection.execute(
        "update rempart.insurer set standing = %s where insurer = %s and standing <> 'left'", (standing, insurer)
    )
    return done.rowcount == 1


def known_row(card: Card) -> tuple[str, str, str, str, date, date]:
    """A card as its row."""
    return (card.amc_number, card.convention, card.csr, card.domain, card.starts, card.ends)


def handled_elsewhere(connection: psycopg.Connection[Any], card: Card, operator: str) -> None:
    """A card that another operator handles: a question about it gets that answer, free."""
    connection.execute(
        "insert into rempart.routing (amc_number, convention, csr, domain, starts, ends, operator, insurer) "
        "values (%s, %s, %s, %s, %s, %s, %s, '')",
        (*known_row(card), operator),
    )


def add_guarantee_table(connection: psycopg.Connection[Any], insurer: str, content: str, instant: int) -> None:
    """An insurer's guarantee table as it wrote it; the same content twice is one. The caller has validated it."""
    connection.execute(
        "insert into rempart.guarantee_table (insurer, content, digest, loaded) values (%s, %s, %s, %s) "
        "on conflict (insurer, digest) do nothing",
        (insurer, content, hashlib.sha256(content.encode()).digest(), instant),
    )
