"""`rempart operator contract` and `network`: who is served from when to when, on what terms; networks of care."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant, registering
from rempart.cli._output import Exit, emit, fail, table

app = typer.Typer(no_args_is_help=True, help="Contracts by date: with insurers, and with sites.")
networks = typer.Typer(no_args_is_help=True, help="Networks of care: import a file of memberships.")
Operator = Annotated[str, typer.Option(help="The operator whose contract it is.")]
Officer = Annotated[str, typer.Option("--by", help="Who writes it down; it is kept.")]
First = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day of care, included.")]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day of care, included; else open.")
]
EVERY = "every"

WHY = {
    "contract-for-what": "name one of --insurer, --profession (or `--profession every`) and --site",
    "signature-missing": "say with --signed-by whose signature the contract with sites bears",
    "contract-malformed": "a contract begins before it ends",
    "contract-overlaps": "the same parties have a contract on some of these days: end that one first",
    "contract-unknown": "no such contract: rempart operator contract list",
    "contract-ended": "it was ended already, at another day",
    "day-outside": "the last day lies within the contract, or is the day before it",
    "cycle-out-of-range": "payments are 1 to 31 days apart",
    "least-out-of-range": "the least payment is 1 to 100000 cents",
    "as-of-not-later": "one of its networks was told of that day, or a later one, already",
    "network-file-faulty": "every line must be right: correct those listed, and import it again",
    "network-file-empty": "it lists no membership",
}


@app.command()
def add(
    operator: Operator,
    first: First,
    said_by: Officer,
    last: Last = None,
    insurer: Annotated[str, typer.Option(help="With this insurer, 10 digits.")] = "",
    profession: Annotated[str, typer.Option(help="With the sites of a profession; `every`: with all sites.")] = "",
    site: Annotated[str, typer.Option(help="With one site: its terms go before its profession's.")] = "",
    cycle: Annotated[int, typer.Option(help="With sites: days between two payments, at least.")] = 1,
    least: Annotated[int, typer.Option(help="With sites: cents of a payment, at least.")] = 1,
    signed_by: Annotated[str, typer.Option(help="With sites: whose signature it bears (a union, an office).")] = "",
    config: Config = DEFAULT,
) -> None:
    """Write a contract down. The first one with an insurer, or with sites, makes contracts count there."""
    from rempart.domain.contracts import LATEST, Served, SiteTerms, terms_fault
    from rempart.storage import contracts

    if sum(map(bool, (insurer, profession, site))) != 1:
        _no("contract-for-what", operator)
    starts, ends = first.date(), last.date() if last else LATEST
    if starts > ends:
        _no("contract-malformed", operator)
    with registering(config) as registrar:
        said = contracts.Said(said_by, instant())
        if insurer:
            code = contracts.add_insurer_contract(
                registrar.connection, Served(operator, insurer, starts, ends), said
            )  # fmt: skip
        else:
            terms = SiteTerms(operator, "" if profession == EVERY else profession, site, starts, ends, cycle, least)
            code = (
                terms_fault(terms) or _profession_fault(terms.profession) or ("" if signed_by else "signature-missing")
            )
            code = code or contracts.add_site_contract(registrar.connection, terms, signed_by, said)
    _done(code, insurer or site or profession)
    typer.echo(f"{operator}: contract with {insurer or site or profession} from {starts} to {_told(ends)}")


@app.command()
def end(
    contract: Annotated[str, typer.Argument(help="As listed: i12 with an insurer, s12 with sites.")],
    last: Annotated[datetime, typer.Option("--last", formats=["%Y-%m-%d"], help="The last day of care, included.")],
    said_by: Officer,
    config: Config = DEFAULT,
) -> None:
    """End a contract. Care until that day is answered and paid as before; later care is not."""
    from rempart.storage import contracts

    kinds = {"i": contracts.OF_INSURERS, "s": contracts.OF_SITES}
    kind, number = kinds.get(contract[:1]), contract[1:]
    if kind is None or not (number.isascii() and number.isdigit() and len(number) < 18):
        _no("contract-unknown", contract)
    with registering(config) as registrar:
        said = contracts.Said(said_by, instant())
        code = contracts.end(registrar.connection, (kind, int(number)), last.date(), said)
    _done(code, contract)
    typer.echo(f"{contract}: its last day is {last.date()}")


@app.command("list")
def list_all(operator: Operator = "", config: Config = DEFAULT, as_json: Json = False) -> None:
    """Every contract, with its days and terms."""
    from rempart.storage import contracts

    with registering(config) as registrar:
        served = contracts.insurer_contracts(registrar.connection)
        sites = contracts.site_contracts(registrar.connection)
    told: list[dict[str, object]] = [
        {"contract": f"i{one.contract}", "operator": one.operator, "with": one.insurer, "from": one.starts.isoformat(),
         "to": _told(one.ends), "by": one.said_by, "ended_by": one.ended_by}
        for one in served if operator in {"", one.operator}
    ]  # fmt: skip
    told += [
        {"contract": f"s{one.contract}", "operator": one.operator, "with": one.site or one.profession or EVERY,
         "from": one.starts.isoformat(), "to": _told(one.ends), "cycle_days": one.cycle_days,
         "least_cents": one.least_cents, "signed_by": one.signed_by, "by": one.said_by, "ended_by": one.ended_by}
        for one in sites if operator in {"", one.operator}
    ]  # fmt: skip
    names = ("contract", "operator", "with", "from", "to", "cycle", "least", "signed by")
    rows = [
        (row["contract"], row["operator"], row["with"], row["from"], row["to"], row.get("cycle_days", ""),
         row.get("least_cents", ""), row.get("signed_by", ""))
        for row in told
    ]  # fmt: skip
    emit(told, as_json=as_json, show=lambda: table("Contracts", names, rows))


@networks.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV: network;site;from;to.", exists=True, dir_okay=False)],
    operator: Operator,
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day the file is of.")],
    said_by: Officer,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Import who is in which network of care, whole, and tell what changed. The same file again changes nothing."""
    from rempart.bootstrap.networks import Source
    from rempart.bootstrap.networks import import_file as take_file

    with registering(config) as registrar:
        found = take_file(registrar.connection, file, Source(operator, as_of.date(), b"", said_by, instant()))
    if isinstance(found, str):
        _no(found, file.name)
    if found.faults:
        for each in found.faults[:20]:
            typer.echo(f"  line {each.line}: {each.code}", err=True)
        _no("network-file-faulty", file.name)
    told = found.differences._asdict() | {"again": found.again, "strangers": found.strangers}

    def show() -> None:
        if found.again:
            typer.echo(f"{file.name} was imported before: nothing was changed.")
            return
        typer.echo(
            f"{found.differences.listed} memberships: joined {found.differences.joined}, "
            f"left {found.differences.left}, altered {found.differences.altered}"
        )
        if found.strangers:
            typer.echo(f"{found.strangers} sites are none of {operator}: they count once they are.")

    emit(told, as_json=as_json, show=show)


@networks.command("list")
def list_files(config: Config = DEFAULT, as_json: Json = False) -> None:
    """The files that were imported."""
    from rempart.storage.networks import files

    with registering(config) as registrar:
        found = files(registrar.connection)
    told = [one._asdict() | {"as_of": one.as_of.isoformat()} for one in found]
    names = ("operator", "of", "memberships", "joined", "left", "altered", "by")
    rows = [(*one[:1], one.as_of.isoformat(), *one[2:]) for one in found]
    emit(told, as_json=as_json, show=lambda: table("Networks of care", names, rows))


def _told(day: date) -> str:
    return "" if day == date.max else day.isoformat()


def _profession_fault(profession: str) -> str:
    from rempart.ground.options import PROFESSIONS

    return "" if not profession or profession.replace("-", "_") in PROFESSIONS else "profession-unknown"


def _done(code: str, subject: str) -> None:
    if code in WHY:
        _no(code, subject)
    end_if(code, subject)


def _no(code: str, subject: str) -> NoReturn:
    fail(f"{subject}: nothing was changed: {WHY[code]}", Exit.NO, code=code)
