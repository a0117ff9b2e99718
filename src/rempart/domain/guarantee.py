"""What an insurer's contract pays: a dated table per product and level, one formula per domain (card column).

Every formula says whether its percentage includes the compulsory share (AMO): "100 % BR" on a leaflet includes it, and
reading one for the other is the commonest miscalculation of the trade. A domain that the table does not name is never
guessed. This is the table of benefits; what binds an insurer to pay although rights closed is the accreditation (see
`adjudication`). Left out, and to come with contracts in depth: yearly counters, equipment ceilings, renewal, 100 %
Santé, network prices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from rempart.domain.money import MAX_CENTS, percent
from rempart.domain.rights import DOMAINS

MAX_PERCENT = 1000
"""Beyond ten times the base a percentage is a typing mistake."""


@dataclass(frozen=True, slots=True)
class Formula:
    """How one domain is paid. `percent` for the percent kinds, `amount` in cents for the amount kinds, else zero.

    `except_rates`: AMO rates (percent) of lines that the contract leaves out, such as 15 % medicines.
    """

    kind: str
    percent: int = 0
    amount: int = 0
    except_rates: tuple[int, ...] = ()


Pays = Callable[[Formula, int, int, int], int]
"""(formula, base, AMO share, quantity) → cents before ceilings; may be negative, `adjudication` sees to that."""


def _percent_including_amo(formula: Formula, base: int, amo: int, _quantity: int) -> int:
    return percent(base, formula.percent) - amo


def _percent_excluding_amo(formula: Formula, base: int, _amo: int, _quantity: int) -> int:
    return percent(base, formula.percent)


def _ticket_moderateur(_formula: Formula, base: int, amo: int, _quantity: int) -> int:
    return base - amo


def _amount_per_line(formula: Formula, _base: int, _amo: int, _quantity: int) -> int:
    return formula.amount


def _amount_per_act(formula: Formula, _base: int, _amo: int, quantity: int) -> int:
    return formula.amount * quantity


def _none(_formula: Formula, _base: int, _amo: int, _quantity: int) -> int:
    return 0


KINDS: Mapping[str, Pays] = {
    "percent-including-amo": _percent_including_amo,
    "percent-excluding-amo": _percent_excluding_amo,
    "ticket-moderateur": _ticket_moderateur,
    "amount-per-line": _amount_per_line,
    "amount-per-act": _amount_per_act,
    "none": _none,
}
PERCENT_KINDS = frozenset({"percent-including-amo", "percent-excluding-amo"})
AMOUNT_KINDS = frozenset({"amount-per-line", "amount-per-act"})


@dataclass(frozen=True, slots=True)
class ProductTable:
    """One version of one product and level, in force from `start` to `end` (both included): (domain, formula) pairs."""

    product: str
    level: str
    start: date
    end: date
    formulas: tuple[tuple[str, Formula], ...]


@dataclass(frozen=True, slots=True)
class TableProblem:
    """What is wrong between versions or in a formula: index of the product, stable code, and the domain or field."""

    product: int
    code: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class GuaranteeTable:
    """All products of one insurer (10 digits). Build it through `checked`, which refuses what is not sound."""

    insurer: str
    products: tuple[ProductTable, ...]
    _index: dict[tuple[str, str], tuple[tuple[date, date, dict[str, Formula]], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        index: dict[tuple[str, str], tuple[tuple[date, date, dict[str, Formula]], ...]] = {}
        for version in self.products:
            key = (version.product, version.level)
            index[key] = (
                *index.get(key, ()),
                (version.start, version.end, dict(version.formulas)),
            )
        object.__setattr__(self, "_index", index)

    def formula(self, product: str, level: str, domain: str, care_date: date) -> Formula | str:
        """The formula in force for this domain that day, else `product-unknown` or `table-missing`."""
        versions = self._index.get((product, level))
        if versions is None:
            return "product-unknown"
        for start, end, formulas in versions:
            if start <= care_date <= end:
                return formulas.get(domain) or "table-missing"
        return "table-missing"


def checked(insurer: str, products: tuple[ProductTable, ...]) -> GuaranteeTable | tuple[TableProblem, ...]:
    """A table fit for use, or everything that is wrong with it. Gaps between versions are not wrong; see `gaps`."""
    problems = [*_formula_problems(products), *_date_problems(products)]
    return tuple(problems) if problems else GuaranteeTable(insurer, products)


def formula_problem(formula: Formula) -> str:
    """The code of what is wrong with one formula, or "" when it is sound."""
    if formula.kind not in KINDS:
        return "amo-not-said" if formula.kind == "percent" else "kind-unknown"
    percent_fits = 1 <= formula.percent <= MAX_PERCENT if formula.kind in PERCENT_KINDS else formula.percent == 0
    if not percent_fits:
        return "percent-out-of-range"
    amount_fits = 1 <= formula.amount <= MAX_CENTS if formula.kind in AMOUNT_KINDS else formula.amount == 0
    if not amount_fits:
        return "amount-out-of-range"
    if any(not 0 <= rate <= 100 for rate in formula.except_rates):
        return "rate-out-of-range"
    return ""


def _formula_problems(products: tuple[ProductTable, ...]) -> list[TableProblem]:
    problems = []
    for index, version in enumerate(products):
        for domain, formula in version.formulas:
            code = formula_problem(formula) if domain in DOMAINS else "domain-unknown"
            if code:
                problems.append(TableProblem(index, code, domain))
    return problems


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
