"""What an insurer's contract pays: a dated table per product and level, by domain (card column).

A domain has one formula, and before it may have cases: a case names what it is about (acts, items, baskets,
corrections, price regime, network, age) and what is paid then, one formula or several after each other. The first case
that fits wins. A domain that the table does not name is never guessed. This is the table of benefits; what binds an
insurer to pay although rights closed is the accreditation (see `line_facts`), and what law pays whatever the table says
is in `line_facts.law_of`. A table also says which sites are in its networks of care, and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from rempart.domain.allowances import PERIODS, Allowance
from rempart.domain.formulas import (
    AMOUNT_KINDS,
    KINDS,
    MAX_PERCENT,
    PERCENT_KINDS,
    Formula,
    formula_problem,
)
from rempart.domain.money import MAX_CENTS
from rempart.domain.particulars import AID
from rempart.domain.rights import DOMAINS

__all__ = [
    "AMOUNT_KINDS",
    "KINDS",
    "MAX_PERCENT",
    "NO_AGE",
    "PERCENT_KINDS",
    "Allowance",
    "Case",
    "Formula",
    "GuaranteeTable",
    "Membership",
    "ProductTable",
    "TableProblem",
    "Told",
    "Version",
    "checked",
    "formula_problem",
    "gaps",
]  # fmt: skip

NO_AGE = 1000


class Told(NamedTuple):
    """What cases look at in a line. `network` is "in" or "out"; `correction` a class or ""; `age` in years."""

    family: str
    code: str
    item: str = ""
    basket: str = ""
    pricing: str = ""
    correction: str = ""
    network: str = "out"
    age: int = NO_AGE


@dataclass(frozen=True, slots=True)
class Case:
    """What is paid when a line fits: each non-empty list holds the line's own value, `from_age` ≤ age < `below_age`."""

    pays: tuple[Formula, ...]
    families: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    baskets: tuple[str, ...] = ()
    pricings: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    network: str = ""
    from_age: int = 0
    below_age: int = NO_AGE + 1

    @property
    def only_described(self) -> bool:
        """Whether no line without particulars can fit; an undescribed hearing line still is an aid."""
        return bool(self.baskets or self.pricings or self.corrections or (self.items and AID not in self.items))

    def fits(self, told: Told) -> bool:
        """Whether the case is about this line."""
        return (
            (not self.families or told.family in self.families)
            and (not self.codes or told.code in self.codes)
            and (not self.items or told.item in self.items)
            and (not self.baskets or told.basket in self.baskets)
            and (not self.pricings or told.pricing in self.pricings)
            and (not self.corrections or told.correction in self.corrections)
            and (not self.network or told.network == self.network)
            and self.from_age <= told.age < self.below_age
        )


@dataclass(frozen=True, slots=True)
class ProductTable:
    """One version of one product and level, in force from `start` to `end` (both included): (domain, …) pairs.

    `kind` as in the rights file, or "" when the table does not say; `networks` are those in which it has other prices.
    """

    product: str
    level: str
    start: date
    end: date
    formulas: tuple[tuple[str, Formula], ...]
    cases: tuple[tuple[str, tuple[Case, ...]], ...] = ()
    allowances: tuple[Allowance, ...] = ()
    kind: str = ""
    networks: tuple[str, ...] = ()


class Version(NamedTuple):
    """A `ProductTable` made ready for look-ups. `only_described`: domains whose cases need lines with particulars.

    `counted`: domains in which a line without particulars may be paid out of an allowance.
    """

    start: date
    end: date
    formulas: dict[str, tuple[Formula, ...]]
    cases: dict[str, tuple[Case, ...]]
    allowances: dict[str, Allowance]
    networks: frozenset[str]
    only_described: frozenset[str]
    counted: frozenset[str]

    def pays(self, domain: str, told: Told) -> tuple[Formula, ...] | None:
        """The first case that fits, else the domain's formula, else None."""
        for case in self.cases.get(domain, ()):
            if case.fits(told):
                return case.pays
        return self.formulas.get(domain)


class Membership(NamedTuple):
    """A site (its billing number) is in a network of care from `start` to `end`, both included."""

    network: str
    site: str
    start: date
    end: date = date.max


@dataclass(frozen=True, slots=True)
class TableProblem:
    """What is wrong between versions or in a formula: index of the product, stable code, and the domain or field.

    `inside` names the case or allowance within, as keys of the document.
    """

    product: int
    code: str
    where: str = ""
    inside: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class GuaranteeTable:
    """All products of one insurer (10 digits). Build it through `checked`, which refuses what is not sound."""

    insurer: str
    products: tuple[ProductTable, ...]
    members: tuple[Membership, ...] = ()
    _index: dict[tuple[str, str], tuple[Version, ...]] = field(init=False, repr=False, compare=False)
    _of_site: dict[str, tuple[Membership, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[tuple[str, str], tuple[Version, ...]] = {}
        for each in self.products:
            key = (each.product, each.level)
            version = Version(
                each.start,
                each.end,
                {domain: (formula,) for domain, formula in each.formulas},
                dict(each.cases),
                {allowance.name: allowance for allowance in each.allowances},
                frozenset(each.networks),
                frozenset(domain for domain, cases in each.cases if all(case.only_described for case in cases)),
                _counted(each),
            )
            index[key] = (*index.get(key, ()), version)
        object.__setattr__(self, "_index", index)
        of_site: dict[str, tuple[Membership, ...]] = {}
        for member in self.members:
            of_site[member.site] = (*of_site.get(member.site, ()), member)
        object.__setattr__(self, "_of_site", of_site)

    def networks_of(self, site: str, care_date: date) -> frozenset[str]:
        """The networks of care in which this site is that day."""
        return frozenset(each.network for each in self._of_site.get(site, ()) if each.start <= care_date <= each.end)

    def version(self, product: str, level: str, care_date: date) -> Version | str:
        """The version in force that day, else `product-unknown` or `table-missing`."""
        versions = self._index.get((product, level))
        if versions is None:
            return "product-unknown"
        for version in versions:
            if version[0] <= care_date <= version[1]:
                return version
        return "table-missing"

    def formula(self, product: str, level: str, domain: str, care_date: date) -> Formula | str:
        """The domain's own formula in force that day, cases aside, else `product-unknown` or `table-missing`."""
        version = self.version(product, level, care_date)
        if isinstance(version, str):
            return version
        parts = version.formulas.get(domain)
        return parts[0] if parts else "table-missing"


def _counted(product: ProductTable) -> frozenset[str]:
    parts: list[tuple[str, tuple[Formula, ...]]] = [(domain, (formula,)) for domain, formula in product.formulas]
    parts += [(domain, case.pays) for domain, cases in product.cases for case in cases if not case.only_described]
    return frozenset(domain for domain, pays in parts if any(formula.allowance for formula in pays))


def checked(
    insurer: str, products: tuple[ProductTable, ...], members: tuple[Membership, ...] = ()
) -> GuaranteeTable | tuple[TableProblem, ...]:
    """A table fit for use, or everything that is wrong with it. Gaps between versions are not wrong; see `gaps`."""
    problems = [*_formula_problems(products), *_allowance_problems(products), *_date_problems(products)]
    return tuple(problems) if problems else GuaranteeTable(insurer, products, members)


def _formula_problems(products: tuple[ProductTable, ...]) -> list[TableProblem]:
    problems = []
    for index, version in enumerate(products):
        known = {allowance.name for allowance in version.allowances}
        for domain, inside, formula in formulas_of(version):
            code = formula_problem(formula) if domain in DOMAINS else "domain-unknown"
            if not code and formula.allowance and formula.allowance not in known:
                code = "allowance-unknown"
            if code:
                problems.append(TableProblem(index, code, domain, inside))
    return problems


def formulas_of(version: ProductTable) -> list[tuple[str, tuple[str | int, ...], Formula]]:
    """Every formula with its domain and its place: `("formulas", domain)` or `("cases", domain, number)`."""
    found: list[tuple[str, tuple[str | int, ...], Formula]] = [
        (domain, ("formulas", domain), formula) for domain, formula in version.formulas
    ]
    for domain, cases in version.cases:
        for number, case in enumerate(cases):
            found += [(domain, ("cases", domain, number), formula) for formula in case.pays]
    return found


def _allowance_problems(products: tuple[ProductTable, ...]) -> list[TableProblem]:
    problems: list[TableProblem] = []
    for index, version in enumerate(products):
        for allowance in version.allowances:
            place = ("allowances", allowance.name)
            code = allowance_problem(allowance)
            problems += [TableProblem(index, code, allowance.name, place)] if code else []
    return problems


def allowance_problem(allowance: Allowance) -> str:
    """The code of what is wrong with one allowance, or ""."""
    if allowance.period not in PERIODS:
        return "period-unknown"
    if not 1 <= allowance.limit <= MAX_CENTS:
        return "limit-out-of-range"
    months_fit = 1 <= allowance.months <= 120 if allowance.period == "rolling" else allowance.months == 0
    if not months_fit:
        return "months-out-of-range"
    if allowance.anniversary:
        try:
            date.fromisoformat(f"2024-{allowance.anniversary}")
        except ValueError:
            return "anniversary-malformed"
        if allowance.period != "anniversary":
            return "anniversary-malformed"
    return ""


def _by_date(products: tuple[ProductTable, ...]) -> list[tuple[int, int]]:
    """Pairs of (earlier, later) indexes of neighbouring versions of the same product and level."""
    order = sorted(
        range(len(products)),
        key=lambda i: (products[i].product, products[i].level, products[i].start, i),
    )
    same = [(products[i].product, products[i].level) for i in order]
    return [(order[n], order[n + 1]) for n in range(len(order) - 1) if same[n] == same[n + 1]]


def _date_problems(products: tuple[ProductTable, ...]) -> list[TableProblem]:
    problems = [TableProblem(i, "dates-reversed", "to") for i, v in enumerate(products) if v.end < v.start]
    last: dict[tuple[str, str], date] = {}
    for earlier, later in _by_date(products):
        key = (products[later].product, products[later].level)
        reached = max(last.get(key, date.min), products[earlier].end)
        if products[later].start <= reached:
            problems.append(TableProblem(later, "dates-overlap", "from"))
        last[key] = reached
    return problems


def gaps(products: tuple[ProductTable, ...]) -> tuple[TableProblem, ...]:
    """Days between two versions of the same product and level that no version covers: lawful, rarely meant."""
    found = []
    for earlier, later in _by_date(products):
        end = products[earlier].end
        if end < date.max and products[later].start > end + timedelta(days=1):
            found.append(TableProblem(later, "dates-gap", "from"))
    return tuple(found)
