"""What the hub keeps in memory of the database and reads again every second: parties, compartments, routing, rules.

A stale copy can cost work, never an answer: `settle` reads standings, compartments and tokens again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg

from rempart.application.guard import SiteFacts, Snapshot
from rempart.domain import contracts
from rempart.domain.compartments import Closure
from rempart.domain.contracts import Contracts, Served, SiteTerms
from rempart.domain.guarantee import Membership
from rempart.domain.member import MemberRule
from rempart.domain.waves import Plan, Window

CLOSURES = (
    "select compartment, state, reason, changed, reopens, french, english from rempart.compartment "
    "where state <> 'open' order by compartment"
)


PLANS = """
select p.operator, p.drawn, coalesce(array_agg(w.starts order by w.number) filter (where w.plan is not null), '{}'),
       coalesce(array_agg(w.minutes order by w.number) filter (where w.plan is not null), '{}'),
       coalesce(array_agg(w.share order by w.number) filter (where w.plan is not null), '{}')
from rempart.wave_plan p left join rempart.wave_window w using (plan)
where p.plan in (select max(x.plan) from rempart.wave_plan x group by x.operator)
group by p.plan, p.operator, p.drawn
"""
"""The newest plan of each operator."""

# An operator speaks of its own sites alone.
MEMBERS = """
select m.network, m.site, m.starts, m.ends from rempart.network_member m
join rempart.site s on s.site = m.site and s.operator = m.operator
where m.superseded is null order by m.site, m.network, m.starts
"""
SERVED = "select operator, insurer, starts, ends from rempart.insurer_contract_dated order by contract"
TERMS = """
select operator, profession, site, starts, ends, cycle_days, least_cents from rempart.site_contract_dated
order by contract
"""


def plan_of(row: Any) -> Plan:
    """A plan of a row of `PLANS`."""
    return Plan(row[0], row[1], tuple(Window(*each) for each in zip(row[2], row[3], row[4], strict=True)))


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the routing table; an empty `insurer` says that another operator handles the card."""

    convention: str
    csr: str
    domain: str
    starts: date
    ends: date
    operator: str
    insurer: str


@dataclass(slots=True)
class Facts:
    """One reading of everything."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    routes: dict[str, tuple[Route, ...]] = field(default_factory=dict)
    rules: dict[str, MemberRule] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, str] = field(default_factory=dict)
    operators: frozenset[str] = frozenset()
    contracts: Contracts = contracts.NONE
    version: int = -1

    def route(self, amc_number: str, convention: str, csr: str, care: date) -> Route | None:
        """The line for a card on a day of care, the most precise first; None when the AMC number is unknown."""
        best: Route | None = None
        score = -1
        for route in self.routes.get(amc_number, ()):
            if not route.starts <= care <= route.ends:
                continue
            if (route.convention and route.convention != convention) or (route.csr and route.csr != csr):
                continue
            precision = 2 * bool(route.csr) + bool(route.convention)
            if precision > score:
                best, score = route, precision
        return best


def _site(row: Any, networks: dict[str, tuple[Membership, ...]]) -> SiteFacts:
    site, profession, operator, zone, standing, region = row
    return SiteFacts(site, profession, operator, zone, standing, region, networks.get(site, ()))


async def version(connection: asyncpg.Connection[Any]) -> int:
    """A number that moves whenever any of this changes."""
    return int(await connection.fetchval("select version from rempart.facts_version"))


async def read(connection: asyncpg.Connection[Any]) -> Facts:
    """Everything, in one repeatable reading."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        number = await version(connection)
        sites = await connection.fetch(
            "select site, profession, operator, zone, standing, coalesce(region, '') as region from rempart.site"
        )
        clients = await connection.fetch("select client, standing from rempart.client")
        closures = [Closure(*row) for row in await connection.fetch(CLOSURES)]
        waves = [plan_of(row) for row in await connection.fetch(PLANS)]
        operators = await connection.fetch(
            "select operator from rempart.site union select operator from rempart.insurer where standing = 'good'"
        )
        routes = await connection.fetch(
            "select amc_number, convention, csr, domain, starts, ends, operator, insurer from rempart.routing"
        )
        rules = await connection.fetch("select insurer, member_rule from rempart.insurer where standing = 'good'")
        tables = await connection.fetch(
            "select distinct on (insurer) insurer, content from rempart.guarantee_table order by insurer, loaded desc"
        )
        bindings = await connection.fetch(
            "select distinct on (insurer) insurer, content from rempart.binding_table "
            "order by insurer, binding_table desc"
        )
        members = [Membership(*row) for row in await connection.fetch(MEMBERS)]
        served = [Served(*row) for row in await connection.fetch(SERVED)]
        terms = [SiteTerms(*row) for row in await connection.fetch(TERMS)]
    table: dict[str, list[Route]] = {}
    for amc_number, *rest in routes:
        table.setdefault(amc_number, []).append(Route(*rest))
    networks: dict[str, tuple[Membership, ...]] = {}
    for one in members:
        networks[one.site] = (*networks.get(one.site, ()), one)
    return Facts(
        Snapshot(
            {row["site"]: _site(row, networks) for row in sites},
            {row["client"]: row["standing"] for row in clients},
            {closure.compartment: closure for closure in closures},
            {plan.operator: plan for plan in waves},
            Counter(row["operator"] for row in sites) if waves else {},
        ),
        {amc_number: tuple(lines) for amc_number, lines in table.items()},
        {row["insurer"]: MemberRule(**json.loads(row["member_rule"])) for row in rules},
        {row["insurer"]: row["content"] for row in tables},
        {row["insurer"]: row["content"] for row in bindings},
        frozenset(row["operator"] for row in operators),
        contracts.gathered(served, terms),
        number,
    )
