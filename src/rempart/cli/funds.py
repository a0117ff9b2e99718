"""`rempart funds`: call insurers for what was decided, see their funds, take deposits, set terms and mandates."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._money import DEFAULT, Config, Json, named, now, reaching, read, secret
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from rempart.ground.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Call insurers for funds, and see what they have.")
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the calls; today in Paris.")]


@app.command()
def call(
    config: Config = DEFAULT,
    day: Day = None,
    up_to_now: Annotated[bool, typer.Option("--up-to-now", help="Call what was decided today as well.")] = False,
    as_json: Json = False,
) -> None:
    """Call every insurer for what was decided and not called yet, up to the day's beginning; once a day each."""
    from rempart.bootstrap.funds import calling, day_of_call
    from rempart.storage import funds

    settings, instant = settings_or_fail(config), now()
    terms, until = day_of_call(day.date() if day else None, instant)
    with reaching(), calling(settings, instant if up_to_now else until) as made:
        done = made.run(terms, instant)
    with _database(settings) as connection:
        found = [one for one in funds.calls(connection, open_only=True) if one.day == terms.day]
    emit(
        {"calls": named(found), "files": [one.name for one in done.written], "stopped": done.stopped},
        as_json=as_json, show=lambda: _calls(found),
    )  # fmt: skip
    if done.stopped or done.unreadable:
        fail("a file of calls was not written", Exit.NO, code=done.stopped[0][1] if done.stopped else "iban-unreadable")


@app.command()
def calls(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Calls and how they ended, the newest first."""
    from rempart.storage import funds

    with reaching(), _database(settings_or_fail(config)) as connection:
        found = funds.calls(connection)
    emit(named(found), as_json=as_json, show=lambda: _calls(found))


@app.command()
def status(config: Config = DEFAULT, as_json: Json = False) -> None:
    """What each watched insurer has left today, and its ceiling."""
    from rempart.ground.instants import PARIS, civil_date
    from rempart.storage import funds

    with reaching(), _database(settings_or_fail(config)) as connection:
        found = funds.watched(connection, civil_date(now(), PARIS))
    rows = [(one.operator, one.insurer, one.balance / 100, one.ceiling / 100, one.available / 100) for one in found]
    columns = ("operator", "insurer", "funds, euros", "ceiling", "may be ordered")
    emit(found, as_json=as_json, show=lambda: table("Funds", columns, rows))


@app.command()
def deposit(file: Path, config: Config = DEFAULT) -> None:
    """Take money an insurer sent, from a 0600 JSON object: operator, insurer, amount (cents), reference, said_by."""
    from rempart.storage import funds

    settings, made = settings_or_fail(config), read(secret(file), 1, funds.Deposit)
    with reaching(), _writing(settings, "deposit-refused") as connection:
        added = funds.deposit(connection, made, now())
    if not added:
        fail("this reference was taken before: nothing was added", Exit.NO, code="deposit-known")
    typer.echo(f"{made.amount / 100:,.2f} € added.")


@app.command()
def paid(
    reference: str,
    config: Config = DEFAULT,
    refused: Annotated[bool, typer.Option("--refused", help="The insurer or its bank refused it.")] = False,
) -> None:
    """End a call by hand, by its reference: it was paid, or refused. Bank statements do it by themselves."""
    from rempart.ground.instants import PARIS, civil_date
    from rempart.storage import funds

    settings, instant = settings_or_fail(config), now()
    with reaching(), _writing(settings, "call-ended") as connection:
        found = next((one for one in funds.calls(connection, open_only=True) if one.end_to_end == reference), None)
        if found is None:
            fail("no open call has this reference", Exit.NO, code="call-unknown")
        funds.end_call(
            connection, found.fund_call, "refused" if refused else "received", reason="operator",
            day=civil_date(instant, PARIS), instant=instant,
        )  # fmt: skip
    typer.echo(f"{found.amount / 100:,.2f} € {'refused' if refused else 'received'}.")


@app.command()
def terms(file: Path, config: Config = DEFAULT) -> None:
    """Watch an insurer's funds, from a 0600 JSON object (docs/operations/funds.md); two different people name it."""
    from rempart.storage import funds

    settings, wanted = settings_or_fail(config), read(secret(file), 1, funds.Terms)
    with reaching(), _writing(settings, "terms-refused") as connection:
        funds.set_terms(connection, wanted, now())
    typer.echo(f"Watched from {wanted.starts:%d/%m/%Y} on.")


@app.command()
def mandate(file: Path, config: Config = DEFAULT) -> None:
    """Register an insurer's mandate to be debited, from a 0600 JSON object (docs/operations/funds.md)."""
    import psycopg

    from rempart.bootstrap.funds import NewMandate, register_mandate

    settings, new = settings_or_fail(config), read(secret(file), 1, NewMandate)
    with reaching():
        try:
            fault = register_mandate(settings, new, now())
        except psycopg.IntegrityError as error:
            fail(f"not registered: {error.diag.constraint_name} does not hold", Exit.NO, code="mandate-refused")
    if fault:
        fail(f"not registered: {fault.field}: {fault.code}", Exit.NO, code=fault.code)
    typer.echo(f"Registered. The file {file} still holds the account number: delete it.")


@contextmanager
def _database(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    import psycopg

    with psycopg.connect(settings.database.worker_url) as connection:
        yield connection


@contextmanager
def _writing(settings: Settings, code: str) -> Iterator[psycopg.Connection[Any]]:
    import psycopg

    try:
        with _database(settings) as connection:
            yield connection
    except psycopg.IntegrityError as error:
        fail(f"nothing was written: {error.diag.constraint_name} does not hold", Exit.NO, code=code)


def _calls(found: list[Any]) -> object:
    rows = [(_day(one.day), one.insurer, one.amount / 100, one.movements, one.end_to_end, one.outcome) for one in found]
    return table("Calls for funds", ("day", "insurer", "euros", "movements", "reference", "state"), rows)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
