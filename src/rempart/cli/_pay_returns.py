"""What `rempart pay` has for after the order: bank statements, entries that are held, payment delays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._money import Json, Own, now, reaching
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from rempart.application.bank_returns import HeldEntry, Told
    from rempart.domain.payment_delay import Delay

Files = Annotated[list[Path], typer.Argument(help="pain.002 or camt.054 messages of the bank.")]
Half = Annotated[str, typer.Argument(help="A half-year: 2026-2.")]
By = Annotated[str, typer.Option("--by", help="Who says so.")]


def returns(context: typer.Context, files: Files, config: Own = None, as_json: Json = False) -> None:
    """Read what the bank says of single transfers and of calls for funds; the same file again changes nothing."""
    from rempart.bootstrap.returns import read_all

    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        fail(f"no such file: {', '.join(missing)}", Exit.USAGE)
    with reaching():
        found = read_all(settings_or_fail(config or context.obj), files, now())
    emit([_told(one) for one in found], as_json=as_json, show=lambda: _shown(found))
    refused = [one for one in found if isinstance(one, tuple)]
    if refused:
        fail(f"{len(refused)} files were not taken; nothing of them was read", Exit.NO, code=refused[0][1])
    if any(not isinstance(one, tuple) and one.held for one in found):
        fail("entries are held: `rempart pay held` lists them", Exit.NO, code="bank-entry-held")


def held(context: typer.Context, config: Own = None, as_json: Json = False) -> None:
    """Entries of bank statements that wait for an operator."""
    import psycopg

    from rempart.storage.bank_returns import BankBooks

    settings = settings_or_fail(config or context.obj)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        found = BankBooks(connection).held()
    columns = ("entry", "statement", "position", "code", "bank says", "euros", "day", "reference")
    emit(found, as_json=as_json, show=lambda: table("Held entries", columns, map(_row, found)))


def set_aside(context: typer.Context, entry: int, said_by: By, config: Own = None) -> None:
    """An operator looked at a held entry, did what it asked for, and needs it no more."""
    import psycopg

    from rempart.storage.bank_returns import BankBooks

    settings = settings_or_fail(config or context.obj)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        if not BankBooks(connection).set_aside(entry, said_by=said_by, instant=now()):
            fail(f"entry {entry} is not held", Exit.NO, code="entry-not-held")
    typer.echo(f"Entry {entry} is set aside.")


def delays(
    context: typer.Context,
    half: Half,
    post: Annotated[bool, typer.Option("--post", help="Post the penalties of a half-year that is over.")] = False,
    config: Own = None,
    as_json: Json = False,
) -> None:
    """How long payments of a half-year took, in working days, and what lateness costs under the contracts."""
    from rempart.bootstrap.delays import report
    from rempart.domain.payment_delay import parse_half

    wanted = parse_half(half)
    if wanted is None:
        fail("a half-year is written 2026-1 or 2026-2", Exit.USAGE)
    with reaching():
        found = report(settings_or_fail(config or context.obj), wanted, now(), post=post)
    if isinstance(found, str):
        fail(f"{half} is not over", Exit.NO, code=found)
    told, posted = found
    emit({"delays": told, "posted": posted}, as_json=as_json, show=lambda: _delays(half, told, posted))


def delay_terms(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A JSON object: operator, insurer, starts, target_days, …")],
    config: Own = None,
) -> None:
    """Set the target and penalties of a contract, from a 0600 file; two different people name them."""
    import psycopg

    from rempart.cli._money import read, secret
    from rempart.storage.delays import Terms, set_terms

    settings = settings_or_fail(config or context.obj)
    terms = read(secret(file), 1, Terms)
    with reaching(), psycopg.connect(settings.database.worker_url) as connection:
        try:
            set_terms(connection, terms, now())
        except psycopg.IntegrityError as error:
            fail(f"not set: {error.diag.constraint_name} does not hold", Exit.NO, code="terms-refused")
    typer.echo(f"Set from {terms.starts:%d/%m/%Y} on.")


def _told(one: Told | tuple[str, str]) -> Any:
    return {"statement": one[0], "refused": one[1]} if isinstance(one, tuple) else one


def _shown(found: list[Told | tuple[str, str]]) -> object:
    rows: list[tuple[object, ...]] = []
    for one in found:
        if isinstance(one, tuple):
            rows.append((one[0], "not taken", one[1]))
        elif one.read_before:
            rows.append((one.statement, "read before", ""))
        else:
            rows.append((one.statement, "read", ", ".join(f"{count} {act}" for act, count in one.acts.items())))
    return table("Bank statements", ("file", "", "entries"), rows)


def _row(one: HeldEntry) -> tuple[object, ...]:
    return (
        one.entry, one.statement, one.position, one.code, one.outcome, one.amount / 100, f"{one.day:%d/%m/%Y}",
        one.end_to_end,
    )  # fmt: skip


def _delays(half: str, found: list[Delay], posted: int) -> object:
    rows = [
        (one.operator, one.insurer, one.invoices, one.within, one.median, one.worst, one.penalties / 100)
        for one in found
    ]
    columns = ("operator", "insurer", "invoices", "within target", "median days", "worst", "penalties, euros")
    return table(f"Payment delays of {half}; {posted / 100:,.2f} € posted", columns, rows)
