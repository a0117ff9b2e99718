"""What a new version of a guarantee table would change on past lines, in cells of at least 11 people.

The lines of one past invoice are decided together with both tables, with every right open and every counter whole. What
a site asked is what the table in force gave: where it asked no less, it would ask what the new table gives. A cell of
fewer people is merged with others of its domain, then with the smallest cell there is, so that nothing can be had by
subtraction either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.adjudication import HELD_REASONS, adjudicate
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.line_facts import Context
from rempart.domain.rights import DOMAINS, Coverage, Period

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rempart.domain.decision import DecidedLine
    from rempart.domain.guarantee import GuaranteeTable

LEAST_PEOPLE = 11
OTHERS = "others"
ASKED = "asked-amount"
"""The rule of a line whose site asked less than the table gave."""


class PastLine(NamedTuple):
    """One line of a past decision without an identity. `person` is an opaque word that is the same for one person.

    `networks`: the networks of care in which its site was, beside those that a table says of `site`. `invoice`: a word
    that lines of one invoice share, which then stand together; "" is a line by itself. `exemption`: the invoice's.
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
    invoice: str = ""
    site: str = ""
    exemption: str = ""


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
    for lines in invoices_of(past):
        before = decided_by(old, lines)
        after = decided_by(new, [_asking(one, was) for one, was in zip(lines, before, strict=True)])
        for one, was, would in zip(lines, before, after, strict=True):
            key = (f"{one.product}/{one.level}", was.domain or would.domain)
            people.setdefault(key, set()).add(one.person)
            total = sums.setdefault(key, [0, 0, 0, 0])
            held = int(would.reason in HELD_REASONS)
            for place, value in enumerate((1, was.amc, would.amc, held)):
                total[place] += value
    cells = [Cell(*key, frozenset(people[key]), *sums[key]) for key in sorted(sums)]
    return merged(cells)


def invoices_of(past: Iterable[PastLine]) -> Iterator[list[PastLine]]:
    """Lines that are decided together: those of one invoice, which stand together."""
    for (_, invoice), lines in groupby(past, key=lambda one: (one.person, one.invoice)):
        if invoice:
            yield list(lines)
        else:
            yield from ([one] for one in lines)


def decided_by(table: GuaranteeTable, lines: Sequence[PastLine]) -> tuple[DecidedLine, ...]:
    """What a table gives to one invoice's lines, asked what its site asked; all domains open, every counter whole."""
    past, billed = lines[0], tuple(one.line for one in lines)
    first, last = min(line.care_date for line in billed), max(line.care_date for line in billed)
    periods = tuple(Period(domain, first, last, "100") for domain in DOMAINS)
    coverage = Coverage(1, past.product, past.level, past.kind, periods)
    spent, amo, amc = sum(x.spent for x in billed), sum(x.amo for x in billed), sum(x.amc for x in billed)
    presented = Presented("", "", None, past.birth, None)
    asked = Invoice(
        past.site, "", last, presented, billed, spent, amo, amc, nature=past.nature, exemption=past.exemption
    )
    context = Context(last, network=past.networks)
    return adjudicate(asked, coverage, table, profession=past.profession, context=context).lines


def _asking(past: PastLine, was: DecidedLine) -> PastLine:
    """The line asking all that is left of it, unless its site asked less than the table in force gave."""
    if any(step.rule == ASKED for step in was.rules):
        return past
    line = past.line
    return past._replace(line=replace(line, amc=max(line.spent - line.amo, 0)))


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
