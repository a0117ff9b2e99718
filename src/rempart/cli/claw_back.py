"""`rempart claw-back`: insurers' claims on what was paid, their disputes and what is judged."""

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

    from rempart.application.claw_backs import ClawBacks

app = typer.Typer(no_args_is_help=True, help="Take back what was paid: claim, judge, list.")
By = Annotated[str, typer.Option("--by", help="Who says so.")]
OPEN = ("notified", "disputed", "due")


@app.command()
def claim(file: Path, config: Config = DEFAULT, as_json: Json = False) -> None:
    """Take claims from a 0600 file of JSON lines: invoice, insurer, amount (cents), reason, said_by, instalment."""
    from rempart.application.claw_backs import Claimed
    from rempart.ground.instants import PARIS, civil_date

    rows, instant = rows_of(file, Claimed), now()
    with _claw_backs(config) as made:
        said = [made.propose(one, civil_date(instant, PARIS), instant) for one in rows]
    told = [
        {"invoice": str(one.invoice), "claw_back": str(found) if isinstance(found, UUID) else "",
         "refused": "" if isinstance(found, UUID) else found}
        for one, found in zip(rows, said, strict=True)
    ]  # fmt: skip
    emit(told, as_json=as_json, show=lambda: table("Claims", ("invoice", "claw-back", "refused"), map(_values, told)))
    refused = [found for found in said if not isinstance(found, UUID)]
    if refused:
        fail(f"{len(refused)} of {len(rows)} claims were refused", Exit.NO, code=refused[0])


@app.command("list")
def list_claims(
    config: Config = DEFAULT,
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False,
    as_json: Json = False,
) -> None:
    """Claw-backs and how far each is."""
    with _claw_backs(config) as made:
        found = made.books.listed((*OPEN, "recovered", "withdrawn") if everything else OPEN)
    rows = [
        (str(one.claw_back), one.site, one.insurer, one.reason, one.state, one.amount / 100, one.deducted / 100,
         f"{one.notice_ends:%d/%m/%Y}")
        for one in found
    ]  # fmt: skip
    columns = ("claw-back", "site", "insurer", "reason", "state", "euros", "deducted", "not before")
    emit(named(found), as_json=as_json, show=lambda: table("Claw-backs", columns, rows))


@app.command()
def uphold(claw_back: UUID, said_by: By, config: Config = DEFAULT) -> None:
    """A dispute was judged for the insurer: it is deducted once its notice ended."""
    _pass(config, claw_back, "due", said_by)


@app.command()
def withdraw(claw_back: UUID, said_by: By, config: Config = DEFAULT) -> None:
    """Give a claim up, of which nothing was deducted yet."""
    _pass(config, claw_back, "withdrawn", said_by)


@app.command()
def dispute(claw_back: UUID, said_by: By, config: Config = DEFAULT) -> None:
    """The site disputes it by another way than its software: nothing is deducted until it is judged."""
    _pass(config, claw_back, "disputed", said_by)


def _pass(config: Path, claw_back: UUID, state: str, said_by: str) -> None:
    with _claw_backs(config) as made:
        said = made.pass_to(claw_back, state, cause="operator", said_by=said_by, instant=now())
    if said:
        fail("nothing was changed", Exit.NO, code=said)
    typer.echo(f"{claw_back}: {state}")


@contextmanager
def _claw_backs(config: Path) -> Iterator[ClawBacks]:
    import psycopg

    from rempart.application.claw_backs import ClawBacks
    from rempart.storage.claw_backs import ClawBackBooks

    settings = settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        yield ClawBacks(ClawBackBooks(connection))


def _values(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row.values())
