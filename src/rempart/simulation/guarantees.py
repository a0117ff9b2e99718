"""The guarantee tables of all insurers as `rempart-guarantees/1` TOML: what each formula of the card means.

Everyday lines are paid by the domain's formula. What lines describe in more words (spectacles, an ear, a crown's
basket, a price agreement, a private room) is paid by cases, some of them out of allowances.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rempart.simulation.country import Country
from rempart.simulation.insurers import Insurer, Product

EXCLUDED_RATE = 15
"""AMO rate, in percent, of the medicines that products of kind `scheme` leave out."""


NETWORK = "CLAIR"
"""The one network of care of the invented country."""


def in_network(insurer: Insurer) -> bool:
    """Whether an insurer's table lists the country's opticians in the network: every fourth does."""
    return insurer.index % 4 == 3


ALLOWANCES = {
    "contacts": '[product.allowances.contacts]\nlimit = "120.00"\nperiod = "calendar-year"\n',
    "rooms": '[product.allowances.rooms]\nunits = 60\nperiod = "rolling"\nmonths = 12\n',
    "implants": '[product.allowances.implants]\nlimit = "600.00"\nperiod = "anniversary"\n',
}
CASES = {
    "OPTI": """[[product.cases.OPTI]]
items = ["contact-lenses"]
pays = [{ kind = "ticket-moderateur" }, { kind = "actual-costs", allowance = "contacts" }]
[[product.cases.OPTI]]
baskets = ["B"]
network = "in"
pays = { kind = "amount-per-equipment", amount = "400.00" }
[[product.cases.OPTI]]
baskets = ["B"]
pays = { kind = "amount-per-equipment", amount = "300.00" }
""",
    "AUDI": """[[product.cases.AUDI]]
baskets = ["2"]
pays = { kind = "actual-costs", ceiling = "1500.00", ceiling-includes-amo = true }
""",
    "DEPR": """[[product.cases.DEPR]]
codes = ["IMP"]
pays = { kind = "actual-costs", allowance = "implants" }
[[product.cases.DEPR]]
baskets = ["moderated"]
pays = { kind = "percent-including-amo", percent = 350 }
[[product.cases.DEPR]]
baskets = ["free"]
pays = { kind = "percent-including-amo", percent = 250 }
""",
    "MED": """[[product.cases.MED]]
pricings = ["optam"]
pays = { kind = "percent-including-amo", percent = 180 }
[[product.cases.MED]]
pricings = ["non-optam"]
pays = { kind = "percent-including-amo", percent = 160 }
""",
    "HOSP": """[[product.cases.HOSP]]
items = ["private-room"]
pays = { kind = "amount-per-day", amount = "45.00", allowance = "rooms" }
[[product.cases.HOSP]]
items = ["daily-fee", "daily-fee-psychiatry", "emergency-fee", "emergency-fee-reduced", "heavy-act-fee"]
pays = { kind = "actual-costs" }
""",
}
"""By domain, before its formula; lawful for responsible contracts."""


def table_toml(insurer: Insurer, start: date, opticians: Sequence[str] = ()) -> bytes:
    """One insurer's table: every product and level it sells, in force from `start` without an end.

    `opticians`: billing numbers of those that are in the network, where this insurer works with it.
    """
    parts = [f'format = "rempart-guarantees/1"\ninsurer = "{insurer.number}"\n']
    for product in insurer.products:
        parts += [_version(product, level, start) for level in range(len(product.levels))]
    if in_network(insurer) and opticians:
        members = "".join(f'  {{ site = "{number}", from = {start.isoformat()} }},\n' for number in opticians)
        parts.append(f'[[network]]\nname = "{NETWORK}"\nmembers = [\n{members}]\n')
    return "\n".join(parts).encode()


def opticians_of(country: Country) -> tuple[str, ...]:
    """The billing numbers of the country's opticians."""
    return tuple(site.number for site in country.all_sites() if site.profession == "optician")


def write_tables(country: Country, folder: Path) -> list[Path]:
    """One TOML file per insurer, in force since two years before the country's day."""
    folder.mkdir(parents=True, exist_ok=True)
    start = date(country.day.year - 2, 1, 1)
    paths = []
    for insurer in country.insurers:
        path = folder / f"{insurer.number}.toml"
        path.write_bytes(table_toml(insurer, start, opticians_of(country)))
        paths.append(path)
    return paths


def _version(product: Product, level: int, start: date) -> str:
    head = f'[[product]]\ncode = "{product.code}"\nlevel = "{product.levels[level]}"\nkind = "{product.kind}"\n'
    head += f'networks = ["{NETWORK}"]\nfrom = {start.isoformat()}\n'
    rows = [
        f"[product.formulas.{domain}]\n{_formula(formula, product, domain)}"
        for domain, formula in product.formulas[level]
    ]
    cases = [] if product.kind == "c2s" else [CASES[domain] for domain, _ in product.formulas[level] if domain in CASES]
    named = [text for name, text in ALLOWANCES.items() if any(f'"{name}"' in case for case in cases)]
    return head + "".join((*named, *rows, *cases))


def _formula(formula: str, product: Product, domain: str) -> str:
    if formula == "TM":
        excluded = f"except-rates = [{EXCLUDED_RATE}]\n" if product.kind == "scheme" and domain == "PHAR" else ""
        return f'kind = "ticket-moderateur"\n{excluded}'
    if formula.endswith(" EUR"):
        return f'kind = "amount-per-line"\namount = "{formula.removesuffix(" EUR")}"\n'
    percent = 100 if formula == "PEC" else int(formula)  # once authorized, these pay up to the base
    return f'kind = "percent-including-amo"\npercent = {percent}\n'
