"""What a new version of a guarantee table would change on past lines, in cells of at least 11 people.

Each past line is decided alone with both tables, with every counter whole. A cell of fewer people is merged with others
of its domain, then with the smallest cell there is, so that nothing can be had by subtraction either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.adjudication import adjudicate
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.line_facts import Context
from rempart.domain.rights import DOMAINS, Coverage, Period

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rempart.domain.guarantee import GuaranteeTable

LEAST_PEOPLE = 11
OTHERS = "others"


class PastLine(NamedTuple):
    """One line of a past decision without an identity. `person` is an opaque word that is the same for one person.

    `networks`: the networks of care in which its site was.
    """

    person: str
    product: str
    level: str
    kind: str
    profession: str
    line: Line
    nature: str = "10"
    birth: str = ""
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cell:
    """What one product would pay in one domain: distinct people, lines, cents before and after; held lines apart."""

    product: str
    domain: str
    people: frozenset[str]
    lines: int
    before: int
    after: int
    held: int = 0

    def __repr__(self) -> str:
        return f"Cell({self.product}, {self.domain}, {len(self.people)} people)"


def compare(old: GuaranteeTable, new: GuaranteeTable, past: Iterable[PastLine]) -> tuple[Cell, ...]:
    """Cells by product and domain, every one of at least `LEAST_PEOPLE` people; () when there are not so many."""
    people: dict[tuple[str, str], set[str]] = {}
    sums: dict[tuple[str, str], list[int]] = {}
    for one in past:
        domain, before, _ = _paid(old, one)
        told, after, held = _paid(new, one)
        key = (f"{one.product}/{one.level}", domain or told)
        people.setdefault(key, set()).add(one.person)
        total = sums.setdefault(key, [0, 0, 0, 0])
        for place, value in enumerate((1, before, after, held)):
            total[place] += value
    cells = [Cell(*key, frozenset(people[key]), *sums[key]) for key in sorted(sums)]
    return merged(cells)


def _paid(table: GuaranteeTable, past: PastLine) -> tuple[str, int, int]:
    """(domain, cents paid, 1 when held) of one line, all domains open on its day."""
    line, day = past.line, past.line.care_date
    periods = tuple(Period(domain, day, day, "100") for domain in DOMAINS)
    coverage = Coverage(1, past.product, past.level, past.kind, periods)
    presented = Presented("", "", None, past.birth, None)
    asked = Invoice("", "", day, presented, (line,), line.spent, line.amo, line.amc, nature=past.nature)
    context = Context(day, network=past.networks)
    decision = adjudicate(asked, coverage, table, profession=past.profession, context=context)
    return decision.lines[0].domain, decision.amc, int(decision.outcome == "held")


def merged(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The same sums in cells that each hold enough people."""
    whole: list[Cell] = []
    small: dict[str, Cell] = {}
    for cell in cells:
        if len(cell.people) >= LEAST_PEOPLE:
            whole.append(cell)
        else:
            small[cell.domain] = _join(small[cell.domain], cell) if cell.domain in small else cell
    rest: Cell | None = None
    for domain in sorted(small):
        if len(small[domain].people) >= LEAST_PEOPLE:
            whole.append(small[domain])
        else:
            rest = small[domain] if rest is None else _join(rest, small[domain])
    while rest is not None and len(rest.people) < LEAST_PEOPLE and whole:
        smallest = min(whole, key=lambda cell: (len(cell.people), cell.product, cell.domain))
        whole.remove(smallest)
        rest = _join(rest, smallest)
    if rest is not None and len(rest.people) >= LEAST_PEOPLE:
        whole.append(rest)
    return tuple(sorted(whole, key=lambda cell: (cell.product == OTHERS, cell.product, cell.domain)))


def _join(one: Cell, other: Cell) -> Cell:
    return Cell(
        one.product if one.product == other.product else OTHERS,
        one.domain if one.domain == other.domain else OTHERS,
        one.people | other.people,
        one.lines + other.lines,
        one.before + other.before,
        one.after + other.after,
        one.held + other.held,
    )
