"""`rempart settlement`: the operator's side of settlement files. The insurer's is `rempart insurer settlement`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._money import DEFAULT, Config, Json, now, reaching
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from rempart.application.settlement import Judged

AT_ONCE = 2  # insurers: while the database looks up one's movements, another's are written out
app = typer.Typer(no_args_is_help=True, help="Write what insurers settle by, and take their answers.")


@app.command()
def keygen(out: Annotated[Path, typer.Option("--out", help="The private key to make, PEM, mode 0600.")]) -> None:
    """Make the key that signs settlement files, and beside it the public key for insurers."""
    from rempart.bootstrap.settling import make_key

    with reaching():
        make_key(out)
    typer.echo(f"{out} stays here, readable by you alone. Give insurers {out.with_suffix('.pub')}.")


@app.command()
def write(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Write the file of each call for funds that has none; run again, it writes what is missing and nothing twice."""
    import psycopg

    from rempart.application.settlement import SettlementDiffersError
    from rempart.bootstrap.settling import settle

    settings = settings_or_fail(config)
    with reaching(), ExitStack() as open_ones:
        first, *others = [
            open_ones.enter_context(psycopg.connect(settings.database.worker_url, autocommit=True))
            for _ in range(AT_ONCE)
        ]
        try:
            made = settle(settings, first, now(), hands=others)
        except SettlementDiffersError as differs:
            fail(str(differs), Exit.NO, code="settlement-differs")
    told = [
        {"file": one.name, "references": one.references, "sequence": one.written.chained.sequence,
         "amount": one.written.call.amount, "rows": one.written.rows, "sha256": one.written.sha256.hex()}
        for one in made
    ]  # fmt: skip
    rows = [(one.name, one.written.rows, one.written.call.amount / 100, one.references) for one in made]
    emit(
        told, as_json=as_json,
        show=lambda: table(f"{len(made)} settlement files", ("file", "rows", "euros", "references"), rows),
    )  # fmt: skip


@app.command()
def answers(
    file: Path,
    public: Annotated[Path, typer.Option("--public", help="public.json of the insurer that answers.")],
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Take an insurer's answers: accepted, or rejected late for a reason of the closed list; sent twice, taken once."""
    import psycopg

    from rempart.bootstrap.settling import take_answers
    from rempart.cli._insurer_keys import KeyFileError, read_public

    settings = settings_or_fail(config)
    try:
        key = read_public(public).signing
    except KeyFileError as problem:
        fail(str(problem), Exit.USAGE)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        judged = take_answers(connection, file.read_bytes(), key, now())
    if isinstance(judged, str):
        fail(f"{file}: nothing was taken", Exit.NO, code=judged)
    emit([_told(one) for one in judged], as_json=as_json, show=lambda: _shown(judged))
    refused = [one.code for one in judged if one.code]
    if refused:
        fail(f"{len(refused)} of {len(judged)} answers were refused", Exit.NO, code=refused[0])


def _told(one: Judged) -> dict[str, object]:
    claw_back = str(one.claw_back) if one.claw_back else ""
    return {
        "invoice": str(one.answer.invoice), "reason": one.answer.reason, "amount": one.answer.amount,
        "verdict": one.verdict, "code": one.code, "claw_back": claw_back,
    }  # fmt: skip


def _shown(judged: list[Judged]) -> object:
    rows = [
        (str(one.answer.invoice), one.verdict, one.answer.reason, one.answer.amount / 100, one.code) for one in judged
    ]
    return table("Answers", ("invoice", "verdict", "reason", "euros", "refused because"), rows)
