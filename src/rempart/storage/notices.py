"""What sites are told: rows that wait for the channel that carries them, over psycopg 3.

A notice is written in the transaction of the fact it tells, once for each kind and subject; it is carried afterwards,
and again when nobody knows whether it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

Connection = psycopg.Connection[Any]


class Notice(NamedTuple):
    """What a site is told: a kind (a stable code), what it is about, a day that matters; to which payee's channel."""

    site: str
    kind: str
    subject: UUID
    day: date
    payee: UUID | None = None


class Waiting(NamedTuple):
    """A notice that was not carried yet."""

    number: int
    notice: Notice


def tell(connection: Connection, notices: Sequence[Notice], instant: int) -> None:
    """Writes notices; one that was written before stays as it is."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.site_notice (site, kind, subject, day, payee, instant) "
            "values (%s, %s, %s, %s, %s, %s) on conflict (kind, subject) do nothing",
            [(*one, instant) for one in notices],
        )


def waiting(connection: Connection, most: int = 1_000) -> list[Waiting]:
    """The oldest notices that were not carried."""
    rows = connection.execute(
        "select n.notice, n.site, n.kind, n.subject, n.day, n.payee from rempart.site_notice n "
        "where not exists (select from rempart.site_notice_sent s where s.notice = n.notice) "
        "order by n.notice limit %s",
        (most,),
    )
    return [Waiting(row[0], Notice(*row[1:])) for row in rows]


def sent(connection: Connection, numbers: Sequence[int], channel: str, instant: int) -> None:
    """These were carried by `channel`."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.site_notice_sent (notice, channel, instant) values (%s, %s, %s) "
            "on conflict (notice) do nothing",
            [(number, channel, instant) for number in numbers],
        )
