"""`rempart pay`: write the bank files of what is due; tell what the bank did; register who is paid and from where."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli import _pay_returns
from rempart.cli._money import DEFAULT, Config, Json, Own, now, reaching, read, secret
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.application.pay import Ended, Paid, Pay, Written
    from rempart.ground.settings import Settings

app = typer.Typer(invoke_without_command=True, help="Write the bank files of what is due.")
app.command("returns")(_pay_returns.returns)
app.command("held")(_pay_returns.held)
app.command("set-aside")(_pay_returns.set_aside)
app.command("delays")(_pay_returns.delays)
app.command("delay-terms")(_pay_returns.delay_terms)


@app.callback()
def pay(
    context: typer.Context,
    config: Config = DEFAULT,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Payment day; today in Paris.")] = None,
    confirm: Annotated[str, typer.Option(help="This bank file was executed: its invoices are paid.")] = "",
    refused: Annotated[str, typer.Option(help="The bank refused this file whole: its invoices are due again.")] = "",
    rewrite: Annotated[str, typer.Option(help="Make this lost file again, the same; the bank may get it twice.")] = "",
    as_json: Json = False,
) -> None:
    """Reserve what is due, write one bank file per paying account; run again, it finishes and pays nothing twice."""
    context.obj = config  # a word after this one takes the same, unless it is given its own
    if context.invoked_subcommand is not None:
        return
    asked = [
        (name, value) for name, value in (("confirm", confirm), ("refused", refused), ("rewrite", rewrite)) if value
    ]
    if len(asked) > 1 or (asked and day is not None):
        fail("ask for one thing at a time", Exit.USAGE)
    with _paying(config) as (settings, payer):
        instant = now()
        if asked:
            _about_a_file(payer, *asked[0], instant, as_json=as_json)
        else:
            _pay(payer, settings, day.date() if day else None, instant, as_json=as_json)


@app.command()
def payees(context: typer.Context, file: Path, config: Own = None) -> None:
    """Register payees from a 0600 file of JSON lines: site, operator, name, iban, starts, proposed_by, approved_by."""
    import psycopg

    from rempart.bootstrap.pay import NewPayee, register_payees

    settings = settings_or_fail(config or context.obj)
    rows = [read(line, number, NewPayee) for number, line in enumerate(secret(file).splitlines(), 1) if line.strip()]
    with reaching():
        try:
            faults = register_payees(settings, rows, now())
        except psycopg.IntegrityError as error:
            fail(
                f"nothing was registered: {error.diag.constraint_name} does not hold (a site that is unknown, or has a"
                " payee from that day)", Exit.NO, code="payee-refused",
            )  # fmt: skip
    if faults:
        told = "".join(f"\n  {number}: {fault.field}: {fault.code}" for number, fault in faults)
        fail(f"nothing was registered:{told}", Exit.NO, code=faults[0][1].code)
    typer.echo(f"{len(rows)} payees registered. The file {file} still holds their account numbers: delete it.")


@app.command()
def account(context: typer.Context, file: Path, config: Own = None) -> None:
    """Register a paying account from a 0600 file, a JSON object: reference, operator, name, iban, perhaps insurer."""
    import psycopg

    from rempart.bootstrap.pay import NewAccount, register_account

    settings = settings_or_fail(config or context.obj)
    new = read(secret(file), 1, NewAccount)
    with reaching():
        try:
            fault = register_account(settings, new, now())
        except psycopg.IntegrityError as error:
            fail(
                f"not registered: {error.diag.constraint_name} does not hold (a reference of small letters, digits and"
                " dashes; one account per operator or insurer)", Exit.NO, code="account-refused",
            )  # fmt: skip
    if fault:
        fail(f"not registered: {fault.field}: {fault.code}", Exit.NO, code=fault.code)
    typer.echo(f"Registered. The file {file} still holds the account number: delete it.")


@app.command("open")
def open_file(
    file: Path,
    key: Annotated[Path, typer.Option("--key", help="The bank channel's private key, PEM, mode 0600.")],
    out: Path,
) -> None:
    """Open a sealed bank file, on the bank channel's side, into the new file OUT."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from rempart.ground.files import write_whole
    from rempart.sealing.envelope import SealedBody

    private = load_pem_private_key(secret(key), None)
    if not isinstance(private, X25519PrivateKey):
        fail(f"{key} is not an X25519 private key", Exit.NO, code="bank-key-unreadable")
    header, _, sealed = file.read_bytes().partition(b"\n")
    body = SealedBody(header + b"\n", private)
    content = b"".join((*body.feed(sealed), *body.rest()))
    if fault := body.finish():
        fail(f"{file} does not open", Exit.NO, code=fault.code)
    write_whole(out, content)


@app.command()
def check(context: typer.Context, config: Own = None, as_json: Json = False) -> None:
    """Check the invariants of the money: accounts balance, nothing is paid twice, and the others."""
    import psycopg

    from rempart.storage import invariants

    settings = settings_or_fail(config or context.obj)
    with reaching(), psycopg.connect(settings.database.worker_url) as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        found = invariants.check(connection)
    rows = [(name.replace("_", " "), "broken" if broken else "holds", len(broken)) for name, broken in found.items()]
    emit(found, as_json=as_json, show=lambda: table("Money", ("invariant", "state", "violations"), rows))
    if any(found.values()):
        fail("an invariant of the money is broken: stop paying and look", Exit.NO, code="invariant-broken")


def _pay(payer: Pay, settings: Settings, day: date | None, instant: int, *, as_json: bool) -> None:
    from rempart.bootstrap.pay import terms

    paid = payer.run(terms(settings, day, instant), instant)
    emit(_told(paid), as_json=as_json, show=lambda: _shown(paid))
    if paid.stopped or paid.unreadable:
        names = ", ".join(f"{name} ({code})" for name, code in paid.stopped)
        told = f"{len(paid.unreadable)} payees' accounts did not open; they are due again"
        fail(f"stopped: {names}" if names else told, Exit.NO, code="payment-stopped")


def _about_a_file(payer: Pay, act: str, value: str, instant: int, *, as_json: bool) -> None:
    name = Path(value).name.removesuffix(".sealed")
    acts = {"confirm": payer.confirm, "refused": payer.refused, "rewrite": payer.rewrite}
    done: Ended | Written | str = acts[act](name, instant)
    if isinstance(done, str):
        fail(f"{name}: nothing was done", Exit.NO, code=done)
    emit(done, as_json=as_json, show=lambda: f"{name}: {act}, {done.amount / 100:,.2f} €")


def _told(paid: Paid) -> dict[str, Any]:
    return {
        "remittances": len(paid.plan.remittances),
        "amount": sum(one.amount for one in paid.plan.remittances),
        "invoices": sum(one.invoices for one in paid.plan.remittances),
        "files": [
            {"name": one.name, "sha256": one.sha256.hex(), "transfers": one.transfers, "amount": one.amount}
            for one in paid.written
        ],
        "delivered_late": paid.delivered_late,
        "waiting": [{"site": one.site, "amount": one.amount, "reason": one.reason} for one in paid.plan.waiting],
        "stopped": [{"name": name, "code": code} for name, code in paid.stopped],
        "unreadable": [str(remittance) for remittance in paid.unreadable],
    }


def _shown(paid: Paid) -> object:
    rows: list[tuple[object, ...]] = [
        (one.name, one.transfers, one.amount / 100, one.sha256.hex()[:16]) for one in paid.written
    ]
    waiting = sum(one.amount for one in paid.plan.waiting)
    title = f"{len(paid.written)} bank files written; {len(paid.plan.waiting)} sites wait with {waiting / 100:,.2f} €"
    return table(title, ("file", "transfers", "euros", "SHA-256 (clear) begins"), rows)


@contextmanager
def _paying(config: Path) -> Iterator[tuple[Settings, Pay]]:
    from rempart.bootstrap.pay import payer

    settings = settings_or_fail(config)
    with reaching(), payer(settings) as made:
        yield settings, made
