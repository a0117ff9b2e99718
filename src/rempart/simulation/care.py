"""What a visit bills: act lines by profession with 2026 amounts, and what the insurer owes, worked out on its own.

AMO rates of 2026 as in `domain.parameters` (transport 55 %, dental 60 %, pharmacy 100/65/30/15, fees 70). Prices of
acts are round and invented, but the general practitioner's 30 € (magnolia.fr). The shares are computed here without
`domain.adjudication`, so that the day's ground truth is a second opinion about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from rempart.domain.invoice import Line
from rempart.domain.particulars import Particulars
from rempart.domain.rights import Coverage
from rempart.simulation.chance import Draws
from rempart.simulation.guarantees import EXCLUDED_RATE


@dataclass(frozen=True, slots=True)
class Act:
    """One act that a profession bills: base from `low` to `high` cents, at most `over` charged beyond the base."""

    code: str
    family: str
    rate: int
    low: int
    high: int
    over: int = 0


BASKETS: dict[str, tuple[Act, ...]] = {
    "pharmacy": (
        Act("PH7", "pharmacy", 65, 150, 4500),
        Act("PH7", "pharmacy", 65, 150, 1500),
        Act("PH4", "pharmacy", 30, 180, 900),
        Act("PH2", "pharmacy", 15, 180, 700),
        Act("PH1", "pharmacy", 100, 2000, 90000),
        Act("HD7", "pharmacy", 70, 102, 102),
    ),
    "laboratory": (Act("B", "biology", 60, 540, 6500), Act("TB", "biology", 60, 375, 375)),
    "nurse": (Act("AMI", "nursing", 60, 315, 1260), Act("IFI", "nursing", 60, 250, 250)),
    "physiotherapist": (Act("AMK", "physiotherapy", 60, 1613, 2250),),
    "doctor": (Act("G", "consultation", 70, 3000, 3000, 1500),),
    "radiology": (Act("ADI", "radiology", 70, 1995, 6600, 2000),),
    "dentist": (Act("SC", "dental", 60, 2892, 2892), Act("TDS", "dental", 60, 1900, 9000, 2500)),
    "optician": (Act("VER", "optics", 60, 5, 5, 30000), Act("MON", "optics", 60, 5, 5, 10000)),
    "hearing": (Act("AUD", "hearing", 60, 40000, 40000, 55000),),
    "transport": (Act("TAX", "transport", 55, 1900, 12000), Act("VSL", "transport", 55, 1500, 6000)),
    "speech-therapist": (Act("AMO", "auxiliary", 60, 2600, 3300),),
    "podologist": (Act("POD", "auxiliary", 60, 3000, 3300),),
    "orthoptist": (Act("AMY", "auxiliary", 60, 2080, 2600),),
    "midwife": (Act("C", "consultation", 70, 2650, 2650),),
    "equipment": (Act("MAD", "lpp", 60, 900, 15000),),
}

DOMAIN_OF = {
    "pharmacy": "PHAR",
    "laboratory": "LABO",
    "doctor": "MED",
    "midwife": "MED",
    "radiology": "RADL",
    "dentist": "DESO",
    "optician": "OPTI",
    "hearing": "AUDI",
    "transport": "TRAN",
    "equipment": "PHAR",
    "clinic": "EXTE",
    "hospital": "HOSP",
}
"""The card's column a profession asks about; the others ask about AUXM."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What should be decided: `outcome` accepted or rejected with its reason, and the insurer's share in cents."""

    outcome: str
    reason: str
    amc: int


def domain_for(profession: str) -> str:
    """The card's column for this profession's everyday care."""
    return DOMAIN_OF.get(profession, "AUXM")


def lines_of(profession: str, draws: Draws, care: date, coverage: Coverage) -> tuple[Line, ...]:
    """One to four lines as the site's software makes them, asking for what the card's formula promises."""
    basket = BASKETS[profession]
    count = 1 + draws.below(4) if profession == "pharmacy" else 1 + draws.below(len(basket))
    formula = dict(open_formulas(coverage, care)).get(domain_for(profession), "TM")
    acts = [draws.of(basket) for _ in range(count)] if profession == "pharmacy" else basket[:count]
    lines = tuple(_line(numbered, draws, care, formula) for numbered in enumerate(acts, 1))
    return tuple(_at_tariff(line) for line in lines) if coverage.kind == "c2s" else lines


def _at_tariff(line: Line) -> Line:
    """The same line without its overrun, which C2S does not allow."""
    return replace(line, spent=line.base, unit_price=line.base, amc=min(line.amc, line.base - line.amo))


def _line(numbered: tuple[int, Act], draws: Draws, care: date, formula: str) -> Line:
    number, act = numbered
    base = act.low + draws.below(act.high - act.low + 1)
    spent = base + (draws.below(act.over + 1) if act.over else 0)
    amo = half_up(base, act.rate)
    asked = share(formula, base, amo, spent)
    detail = (("CIP", f"34009{draws.below(100):02d}", 1),) if act.code.startswith("PH") else ()
    return Line(number, care, act.code, act.family, base, act.rate, amo, spent, asked, 1, 100, spent, detail=detail)


CONTACTS_BASE, CONTACTS_MOST, CONTACTS_RATE = 39_48, 260_00, 60
CONTACTS_ALLOWANCE = 120_00
"""Of every product but C2S, by calendar year: what an insurer adds to the ticket modérateur of contact lenses."""


def contacts_of(draws: Draws, care: date) -> tuple[Line, ...]:
    """A year of contact lenses; the software asks for all that the compulsory scheme leaves."""
    spent = CONTACTS_BASE + draws.below(CONTACTS_MOST - CONTACTS_BASE + 1)
    amo = half_up(CONTACTS_BASE, CONTACTS_RATE)
    told = Particulars(item="contact-lenses")
    return (
        Line(1, care, "OPT", "optics", CONTACTS_BASE, CONTACTS_RATE, amo, spent, spent - amo, 1, 100, spent,
             particulars=told),
    )  # fmt: skip


def owed_for_contacts(lines: tuple[Line, ...], coverage: Coverage, care: date) -> Owed:
    """What the insurer owes when nothing was taken from the allowance before."""
    found = owed("optician", lines, coverage, care)
    if found.outcome != "accepted":
        return found
    (line,) = lines
    return Owed("accepted", "", line.base - line.amo + min(line.spent - line.base, CONTACTS_ALLOWANCE))


def open_formulas(coverage: Coverage, care: date) -> tuple[tuple[str, str], ...]:
    """(domain, formula) of what is open on the day of care."""
    return tuple((period.domain, period.formula) for period in coverage.periods if period.start <= care <= period.end)


def share(formula: str, base: int, amo: int, spent: int) -> int:
    """The insurer's share of one line in cents, by the card's formula: within what was spent, never below zero."""
    if formula in ("TM", "PEC"):
        promised = base - amo
    elif formula.endswith(" EUR"):
        promised = int(formula.removesuffix(" EUR")) * 100
    else:
        promised = half_up(base, int(formula)) - amo
    return max(0, min(promised, spent - amo))


def owed(profession: str, lines: tuple[Line, ...], coverage: Coverage, care: date) -> Owed:
    """What the insurer owes for these lines, by the rights on the day of care and its guarantee table."""
    formulas = dict(open_formulas(coverage, care))
    formula = formulas.get(domain_for(profession))
    if formula is None:
        return Owed("rejected", "domain-not-covered" if formulas else "rights-closed", 0)
    if formula == "PEC":
        return Owed("rejected", "authorization-needed", 0)
    excluded = coverage.kind == "scheme" and formula == "TM" and profession in ("pharmacy", "equipment")
    paid = [line for line in lines if line.amc == 0 or not (excluded and line.rate == EXCLUDED_RATE)]
    if not paid:
        return Owed("rejected", "nothing-covered", 0)
    return Owed("accepted", "", sum(line.amc for line in paid))


def half_up(amount: int, percent: int) -> int:
    """A percentage of an amount in cents, rounded half-up."""
    return (amount * percent + 50) // 100
