"""The guarantee tables of all insurers as `rempart-guarantees/1` TOML: what each formula of the card means."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rempart.simulation.country import Country
from rempart.simulation.insurers import Insurer, Product

EXCLUDED_RATE = 15
"""AMO rate, in percent, of the medicines that products of kind `scheme` leave out."""


def table_toml(insurer: Insurer, start: date) -> bytes:
    """One insurer's table: every product and level it sells, in force from `start` without an end."""
    parts = [f'format = "rempart-guarantees/1"\ninsurer = "{insurer.number}"\n']
    for product in insurer.products:
        parts += [_version(product, level, start) for level in range(len(product.levels))]
    return "\n".join(parts).encode()


def write_tables(country: Country, folder: Path) -> list[Path]:
    """One TOML file per insurer, in force since two years before the country's day."""
    folder.mkdir(parents=True, exist_ok=True)
    start = date(country.day.year - 2, 1, 1)
    paths = []
    for insurer in country.insurers:
        path = folder / f"{insurer.number}.toml"
        path.write_bytes(table_toml(insurer, start))
        paths.append(path)
    return paths


def _version(product: Product, level: int, start: date) -> str:
    head = f'[[product]]\ncode = "{product.code}"\nlevel = "{product.levels[level]}"\nfrom = {start.isoformat()}\n'
    rows = [
        f"[product.formulas.{domain}]\n{_formula(formula, product, domain)}"
        for domain, formula in product.formulas[level]
    ]
    return head + "".join(rows)


def _formula(formula: str, product: Product, domain: str) -> str:
    if formula == "TM":
        excluded = f"except-rates = [{EXCLUDED_RATE}]\n" if product.kind == "scheme" and domain == "PHAR" else ""
        return f'kind = "ticket-moderateur"\n{excluded}'
    if formula.endswith(" EUR"):
        return f'kind = "amount-per-line"\namount = "{formula.removesuffix(" EUR")}"\n'
    percent = 100 if formula == "PEC" else int(formula)  # once authorized, these pay up to the base
    return f'kind = "percent-including-amo"\npercent = {percent}\n'
