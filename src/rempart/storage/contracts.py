"""Contracts by date over psycopg 3: written once, ended by a row of their own, listed by operator.

Two of the same parties never hold on one day: a lock makes writers take turns, so that both cannot look and then write.
"""

from __future__ import annotations

from datetime import date
from typing import Any, LiteralString, NamedTuple

import psycopg

from rempart.domain.contracts import Contracts, Served, SiteTerms, gathered, overlaps

Connection = psycopg.Connection[Any]
LOCK = 0x52_4D_50_43_54  # "RMPCT": one contract at a time

SERVED: LiteralString = """
select c.contract, c.operator, c.insurer, c.starts, d.ends, c.said_by, coalesce(e.said_by, '')
from rempart.insurer_contract c join rempart.insurer_contract_dated d using (contract)
left join rempart.insurer_contract_end e using (contract) order by c.operator, c.insurer, c.starts
"""
SITES: LiteralString = """
select c.contract, c.operator, c.profession, c.site, c.starts, d.ends, c.cycle_days, c.least_cents, c.signed_by,
       c.said_by, coalesce(e.said_by, '')
from rempart.site_contract c join rempart.site_contract_dated d using (contract)
left join rempart.site_contract_end e using (contract) order by c.operator, c.profession, c.site, c.starts
"""


class Said(NamedTuple):
    """Who writes it down, and when (microseconds UTC)."""

    by: str
    instant: int


class InsurerContract(NamedTuple):
    """A contract with an insurer as it stands: `ends` the last day, by its end where it was ended."""

    contract: int
    operator: str
    insurer: str
    starts: date
    ends: date
    said_by: str
    ended_by: str


class SiteContract(NamedTuple):
    """A contract with a site, or a profession, or every site, as it stands; `signed_by`: whose signature it bears."""

    contract: int
    operator: str
    profession: str
    site: str
    starts: date
    ends: date
    cycle_days: int
    least_cents: int
    signed_by: str
    said_by: str
    ended_by: str


def insurer_contracts(connection: Connection) -> tuple[InsurerContract, ...]:
    """Every contract with an insurer, of every operator."""
    return tuple(InsurerContract(*row) for row in connection.execute(SERVED).fetchall())


def in_force(connection: Connection) -> Contracts:
    """Every contract as it is looked up by its days."""
    served = [Served(one.operator, one.insurer, one.starts, one.ends) for one in insurer_contracts(connection)]
    terms = [
        SiteTerms(one.operator, one.profession, one.site, one.starts, one.ends, one.cycle_days, one.least_cents)
        for one in site_contracts(connection)
    ]
    return gathered(served, terms)


def site_contracts(connection: Connection) -> tuple[SiteContract, ...]:
    """Every contract with sites, of every operator."""
    return tuple(SiteContract(*row) for row in connection.execute(SITES).fetchall())


def add_insurer_contract(connection: Connection, one: Served, said: Said) -> str:
    """`insurer-unknown`, `contract-overlaps`, or ""; the same contract again changes nothing."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        if connection.execute("select from rempart.insurer where insurer = %s", (one.insurer,)).fetchone() is None:
            return "insurer-unknown"
        rows = connection.execute(
            "select operator, insurer, starts, ends from rempart.insurer_contract_dated "
            "where operator = %s and insurer = %s",
            (one.operator, one.insurer),
        )
        known = [Served(*row) for row in rows.fetchall()]
        if one in known:
            return ""
        if overlaps(one, known):
            return "contract-overlaps"
        connection.execute(
            "insert into rempart.insurer_contract (operator, insurer, starts, ends, said_by, noted) "
            "values (%s, %s, %s, %s, %s, %s)",
            (*one, *said),
        )
    return ""


def add_site_contract(connection: Connection, one: SiteTerms, signed_by: str, said: Said) -> str:
    """`site-unknown`, `other-operator`, `contract-overlaps`, or ""; the same contract again changes nothing."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        if one.site:
            found = connection.execute("select operator from rempart.site where site = %s", (one.site,)).fetchone()
            if found is None or found[0] != one.operator:
                return "site-unknown" if found is None else "other-operator"
        rows = connection.execute(
            "select operator, profession, site, starts, ends, cycle_days, least_cents "
            "from rempart.site_contract_dated where operator = %s and profession = %s and site = %s",
            (one.operator, one.profession, one.site),
        )
        known = [SiteTerms(*row) for row in rows.fetchall()]
        if one in known:
            return ""
        if overlaps(one, known):
            return "contract-overlaps"
        connection.execute(
            "insert into rempart.site_contract (operator, profession, site, starts, ends, cycle_days, least_cents, "
            "signed_by, said_by, noted) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (*one, signed_by, *said),
        )
    return ""


class _Ends(NamedTuple):
    """How a kind of contract is read and ended."""

    dated: LiteralString
    ended: LiteralString
    write: LiteralString


OF_INSURERS = _Ends(
    "select starts, ends from rempart.insurer_contract_dated where contract = %s",
    "select ends from rempart.insurer_contract_end where contract = %s",
    "insert into rempart.insurer_contract_end (contract, ends, said_by, noted) values (%s, %s, %s, %s)",
)
OF_SITES = _Ends(
    "select starts, ends from rempart.site_contract_dated where contract = %s",
    "select ends from rempart.site_contract_end where contract = %s",
    "insert into rempart.site_contract_end (contract, ends, said_by, noted) values (%s, %s, %s, %s)",
)


def end(connection: Connection, of: tuple[_Ends, int], last: date, said: Said) -> str:
    """Its last day is `last`; `of`: which kind, and its number. Care of that day and before stays what it was.

    `contract-unknown`, `contract-ended` (once, at another day), `day-outside` (not within its days), or "".
    """
    kind, contract = of
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        found = connection.execute(kind.dated, (contract,)).fetchone()
        if found is None:
            return "contract-unknown"
        before = connection.execute(kind.ended, (contract,)).fetchone()
        if before is not None:
            return "" if before[0] == last else "contract-ended"
        if not found[0].toordinal() - 1 <= last.toordinal() <= found[1].toordinal():
            return "day-outside"
        connection.execute(kind.write, (contract, last, *said))
    return ""
