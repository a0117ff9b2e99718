"""Public directories in the database, over psycopg 3: a file is compared with what is known, and dated rows are kept.

A file is imported whole or not at all, in one transaction. It ends no site: what concerns one becomes a proposal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString, NamedTuple

import psycopg

from rempart.domain.directory import Differences, Listed, cut_short, too_early

Connection = psycopg.Connection[Any]
LOCK = 0x52_4D_50_44_49  # "RMPDI": one import at a time

# A professional a line: a place has as many lines as people work there, and as many categories as professions.
TOLD: LiteralString = """
select place, max(siret) as siret, max(commune) as commune,
       coalesce(string_agg(distinct nullif(category, ''), ',' order by nullif(category, '')), '') as category
from rempart.directory_staging group by place
"""
KNOWN: LiteralString = """
select place, siret, commune, category from rempart.directory_place
where directory = %(directory)s and ends = '9999-12-31'
"""
COMPARE: LiteralString = f"""
with told as ({TOLD}), known as ({KNOWN})
select count(k.place), count(t.place), count(*) filter (where k.place is null), count(*) filter (where t.place is null),
       count(*) filter (where k.commune <> t.commune),
       count(*) filter (where k.commune = t.commune and (k.siret, k.category) <> (t.siret, t.category))
from known k full join told t using (place)
"""  # noqa: S608 - constants of this module
END: LiteralString = f"""
with told as materialized ({TOLD})
update rempart.directory_place d set ends = %(as_of)s::date - 1
where d.directory = %(directory)s and d.ends = '9999-12-31' and not exists (
    select from told t where (t.place, t.siret, t.commune, t.category) = (d.place, d.siret, d.commune, d.category))
"""  # noqa: S608 - constants of this module
BEGIN: LiteralString = f"""
insert into rempart.directory_place (directory, place, starts, siret, commune, category)
select %(directory)s, t.place, %(as_of)s, t.siret, t.commune, t.category from ({TOLD}) t
where not exists (select from rempart.directory_place d
                  where d.directory = %(directory)s and d.place = t.place and d.ends = '9999-12-31')
"""  # noqa: S608 - constants of this module

# What ended today of this directory, with what began in its stead: moved, or closed where nothing did.
PROPOSE: LiteralString = """
insert into rempart.site_proposal (site, import, place, what, proposed)
select distinct on (s.site) s.site, %(import)s, d.place, case when n.place is null then 'closed' else 'moved' end,
       %(instant)s
from rempart.directory_place d
left join rempart.directory_place n
    on n.directory = d.directory and n.place = d.place and n.ends = '9999-12-31'
join rempart.site s on d.place in (s.site, s.finess) or (length(d.place) = 14 and s.siret = d.place)
where d.directory = %(directory)s and d.ends = %(as_of)s::date - 1 and s.standing <> 'closed'
  and (n.place is null or n.commune <> d.commune)
  and not exists (select from rempart.site_proposal p where p.site = s.site and not exists (
                      select from rempart.site_proposal_end e where e.proposal = p.proposal))
order by s.site, n.place nulls first
"""
WITHDRAW: LiteralString = """
insert into rempart.site_proposal_end (proposal, outcome, said_by, instant)
select p.proposal, 'withdrawn', 'import', %(instant)s from rempart.site_proposal p
join rempart.directory_import i using (import)
where i.directory = %(directory)s and p.what = 'closed'
  and not exists (select from rempart.site_proposal_end e where e.proposal = p.proposal)
  and exists (select from rempart.directory_place d where d.directory = i.directory and d.place = p.place
              and d.ends = '9999-12-31')
"""

# The site's newest invoice, by an index on the expression: it is why nobody closes a site by a file.
OPEN: LiteralString = """
select p.proposal, p.site, p.what, i.directory, i.as_of, s.standing, s.operator,
       (select date '1970-01-01' + x.care_day from rempart.invoice x where (x.site || '') = p.site
        order by (x.site || ''), x.invoice desc limit 1)
from rempart.site_proposal p join rempart.directory_import i using (import) join rempart.site s using (site)
where not exists (select from rempart.site_proposal_end e where e.proposal = p.proposal)
order by p.proposal
"""


class Proposal(NamedTuple):
    """What a directory says of a site, that an agent confirms or dismisses; `last_care` of its newest invoice."""

    proposal: int
    site: str
    what: str
    directory: str
    as_of: date
    standing: str
    operator: str
    last_care: date | None


class Import(NamedTuple):
    """A file that was imported."""

    directory: str
    as_of: date
    lines: int
    faults: int
    listed: int
    opened: int
    closed: int
    moved: int
    altered: int
    said_by: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import: which directory, of which day, and who says so. `smaller`: ending many places is right."""

    directory: str
    as_of: date
    said_by: str
    smaller: bool = False


class Said(NamedTuple):
    """Who decides, why, and when (microseconds UTC)."""

    by: str
    because: str
    instant: int


class Counted(NamedTuple):
    """Of a file that was read to its end."""

    sha256: bytes
    lines: int
    faults: int


class Reading:
    """Rows for the staging table, and what they came to once they are read: `counted` is None before."""

    def __init__(self, rows: Iterable[Listed]) -> None:
        self.rows = rows
        self.counted: Counted | None = None


def take(connection: Connection, source: Source, reading: Reading, instant: int) -> Differences | str:
    """Imports a file. `as-of-not-later`, `directory-empty` or `directory-shrank`: nothing was changed.

    The connection is in autocommit; `instant` microseconds UTC.
    """
    values = {"directory": source.directory, "as_of": source.as_of, "instant": instant}
    try:
        with connection.transaction():
            return _taken(connection, source, reading, values)
    except _RefusedError as refused:
        return refused.code


class _RefusedError(Exception):
    """Undoes the transaction."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _taken(connection: Connection, source: Source, reading: Reading, values: dict[str, Any]) -> Differences:
    connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
    latest = connection.execute(
        "select max(as_of) from rempart.directory_import where directory = %s", (source.directory,)
    ).fetchone()
    if code := too_early(source.as_of, latest[0] if latest else None):
        raise _RefusedError(code)
    connection.execute("truncate rempart.directory_staging")
    with connection.cursor() as cursor, cursor.copy("copy rempart.directory_staging from stdin") as copy:
        for row in reading.rows:
            copy.write_row(row)
    (compared,) = connection.execute(COMPARE, values).fetchall()
    found = Differences(*compared)
    if reading.counted is None or not found.listed:
        raise _RefusedError("directory-empty")
    if not source.smaller and (code := cut_short(found)):
        raise _RefusedError(code)
    connection.execute(END, values)
    connection.execute(BEGIN, values)
    made = connection.execute(
        """insert into rempart.directory_import (directory, as_of, sha256, lines, faults, listed, opened, closed, moved,
                                                 altered, said_by, instant)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning import""",
        (
            source.directory, source.as_of, *reading.counted, found.listed, found.opened, found.closed, found.moved,
            found.altered, source.said_by, values["instant"],
        ),
    ).fetchone()  # fmt: skip
    values |= {"import": made[0] if made else 0}
    connection.execute(WITHDRAW, values)
    connection.execute(PROPOSE, values)
    connection.execute("truncate rempart.directory_staging")
    return found


def imports(connection: Connection) -> list[Import]:
    """Every file imported, the newest first."""
    rows = connection.execute(
        """select directory, as_of, lines, faults, listed, opened, closed, moved, altered, said_by
           from rempart.directory_import order by import desc"""
    )
    return [Import(*row) for row in rows.fetchall()]


def proposals(connection: Connection) -> list[Proposal]:
    """What waits for an agent."""
    return [Proposal(*row) for row in connection.execute(OPEN).fetchall()]


def end_proposal(connection: Connection, proposal: int, outcome: str, said: Said) -> str:
    """Confirms or dismisses: "" or `proposal-unknown` (there is none, or it has ended)."""
    changed = connection.execute(
        """insert into rempart.site_proposal_end (proposal, outcome, said_by, because, instant)
           select p.proposal, %s, %s, %s, %s from rempart.site_proposal p where p.proposal = %s
           on conflict (proposal) do nothing""",
        (outcome, said.by, said.because, said.instant, proposal),
    )
    return "" if changed.rowcount else "proposal-unknown"
