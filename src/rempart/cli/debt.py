"""`rempart debt`: what sites owe where nothing can be deducted; asking for it, taking it, giving it up."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from rempart.cli._money import DEFAULT, Config, Json, named, now, reaching, rows_of
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.application.debts import Debt, Debts

app = typer.Typer(no_args_is_help=True, help="What sites owe: list, demand, take, give up by two people.")
By = Annotated[str, typer.Option("--by", help="Who says so.")]


@app.command("list")
def list_debts(
    config: Config = DEFAULT,
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False,
    as_json: Json = False,
) -> None:
    """Each debt: what is left, since when, how far asking for it went; write-offs that wait for another person."""
    import psycopg

    from rempart.storage import debts

    settings = settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url) as connection:
        found, waiting = debts.listed(connection, everything=everything), debts.waiting(connection)
    told = {"debts": [_told(one) for one in found], "write_offs": named(waiting)}
    emit(told, as_json=as_json, show=lambda: table("Debts of sites", COLUMNS, map(_row, found)))
    for one in waiting:
        waits = f"write-off {one.write_off} of {one.amount / 100:,.2f} € waits, proposed by {one.proposed_by}"
        typer.echo(waits, err=True)


@app.command()
def demand(
    claw_back: UUID,
    out: Annotated[Path, typer.Option("--out", help="The PDF to write.")],
    config: Config = DEFAULT,
) -> None:
    """Print one debt's demand, for a site without software: the same as its own `GET /v1/debts/…/demand.pdf`."""
    import psycopg

    from rempart.documents.demand import pdf
    from rempart.ground.files import write_whole
    from rempart.ground.instants import PARIS, civil_date
    from rempart.storage import debts

    settings = settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url) as connection:
        found = [one for one in debts.listed(connection) if one.claw_back == claw_back]
    if not found:
        fail("there is no such debt", Exit.NO, code="claw-back-unknown")
    write_whole(out, pdf(found[0], civil_date(now(), PARIS)))
    typer.echo(f"{out}: {found[0].left / 100:,.2f} €")


@app.command()
def plan(
    claw_back: UUID,
    cents: Annotated[int, typer.Argument(help="Most cents deducted in a calendar month; 0 for no limit.")],
    said_by: By,
    config: Config = DEFAULT,
) -> None:
    """Agree to instalments: later remittances deduct at most so much a month, and asking begins again."""
    with _debts(config) as made:
        said = made.plan(claw_back, cents, said_by, now())
    _done(said, f"{claw_back}: at most {cents / 100:,.2f} € a month")


@app.command()
def paid(file: Path, config: Config = DEFAULT, as_json: Json = False) -> None:
    """Sites paid back: a 0600 file of JSON lines: claw_back, amount (cents), reference (the bank's), said_by."""
    from rempart.application.debts import Repaid

    rows = rows_of(file, Repaid)
    with _debts(config) as made:
        said = [made.repaid(one, now()) for one in rows]
    told = [{"claw_back": str(one.claw_back), "refused": code} for one, code in zip(rows, said, strict=True)]
    shown = [tuple(row.values()) for row in told]
    emit(told, as_json=as_json, show=lambda: table("Paid back", ("claw-back", "refused"), shown))
    refused = [code for code in said if code]
    if refused:
        fail(f"{len(refused)} of {len(rows)} payments were refused", Exit.NO, code=refused[0])


@app.command("write-off")
def write_off(
    claw_back: UUID,
    because: Annotated[str, typer.Option("--because", help="Why it is given up, for those who read it later.")],
    said_by: By,
    config: Config = DEFAULT,
) -> None:
    """Propose to give up what is left; somebody else approves."""
    with _debts(config) as made:
        said = made.propose(claw_back, because, said_by, now())
    if isinstance(said, str):
        fail("nothing was proposed", Exit.NO, code=said)
    typer.echo(str(said))


@app.command()
def approve(write_off: UUID, said_by: By, config: Config = DEFAULT) -> None:
    """Give up what somebody else proposed to."""
    with _debts(config) as made:
        said = made.approve(write_off, said_by, now())
    _done(said, f"{write_off}: written off")


COLUMNS = ("claw-back", "site", "insurer", "reason", "euros", "left", "since", "last step")


def _row(one: Debt) -> tuple[object, ...]:
    last = f"{one.steps[-1].step} {one.steps[-1].day:%d/%m/%Y}" if one.steps else ""
    return (
        str(one.claw_back), one.site, one.insurer, one.reason, one.amount / 100, one.left / 100,
        f"{one.since:%d/%m/%Y}", last,
    )  # fmt: skip


def _told(one: Debt) -> dict[str, object]:
    import msgspec

    told: dict[str, object] = msgspec.to_builtins(one)
    return told | {"left": one.left}


def _done(said: str, told: str) -> None:
    if said:
        fail("nothing was changed", Exit.NO, code=said)
    typer.echo(told)


@contextmanager
def _debts(config: Path) -> Iterator[Debts]:
    import psycopg

    from rempart.application.debts import Debts
    from rempart.storage.debts import Books

    settings = settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        yield Debts(Books(connection))
