"""`rempart log`: what an auditor or an insurer runs to check the log without trusting its operator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._log_audit import verify_log
from rempart.cli._log_files import KeyFile, cannot, no, read_bytes, read_note, read_public_key
from rempart.cli._output import Exit
from rempart.domain.disclosure import FIELDS
from rempart.domain.leaf import reveal
from rempart.domain.log_audit import Finding
from rempart.domain.merkle import inclusion_proof
from rempart.formats import disclosure_proof
from rempart.formats.checkpoint import NoteFault, parse, verify
from rempart.ground.files import SecretRefused, read_secret, write_whole
from rempart.storage.log_audit import covering_note, folded
from rempart.storage.log_reading import stored_nodes

if TYPE_CHECKING:
    from typing import Any

    from psycopg import Connection

app = typer.Typer(no_args_is_help=True, help="Check the disclosure log without trusting whoever runs it.")

DatabaseUrl = Annotated[str, typer.Option("--database-url", help="The auditor's database, when it holds no secret.")]
DatabaseFile = Annotated[
    Path | None, typer.Option("--database-url-file", help="File of mode 0600 with the auditor's database URL.")
]


@app.command("verify")
def verify_command(
    key: KeyFile,
    checkpoint: Annotated[list[Path], typer.Option("--checkpoint", help="A checkpoint you kept; may be repeated.")],
    database_url: DatabaseUrl = "",
    database_url_file: DatabaseFile = None,
) -> None:
    """Recompute every leaf and root of the month of the kept checkpoint, and say what is wrong, if anything is."""
    public = read_public_key(key)
    kept = [read_note(path) for path in checkpoint]
    with _connect(database_url, database_url_file) as connection:
        outcome = verify_log(connection, kept, public)
    if isinstance(outcome, Finding):
        where = "" if outcome.number is None else f" First wrong leaf: {outcome.number}."
        no(f"{kept[0].checkpoint.origin}: {outcome.reason}.{where}", outcome.code)
    if outcome.dropped:
        typer.echo(f"{outcome.origin}: dropped after closing at {outcome.size} leaves; its final checkpoint is signed.")
    else:
        typer.echo(
            f"{outcome.origin}: {outcome.size} leaves recomputed, {outcome.signed} of them signed; nothing wrong."
        )


@app.command("prove")
def prove_command(
    disclosure: Annotated[int, typer.Option("--disclosure", help="Number of the disclosure.")],
    out: Annotated[Path, typer.Option("--out", help="Where the proof is written.")],
    show: Annotated[list[str], typer.Option("--show", help=f"A field to show; may be repeated: {', '.join(FIELDS)}.")],
    database_url: DatabaseUrl = "",
    database_url_file: DatabaseFile = None,
) -> None:
    """Write a proof that one disclosure is in the log, showing the chosen fields and hiding the others."""
    unknown = sorted(set(show) - set(FIELDS))
    if unknown:
        cannot(f"no field is called {unknown[0]}; choose among {', '.join(FIELDS)}")
    with _connect(database_url, database_url_file) as connection, connection.transaction():
        row = folded(connection, disclosure)
        if row is None:
            no(f"disclosure {disclosure} is unknown, or not folded yet.", "not-folded")
        signed = covering_note(connection, row.month, row.number)
        if signed is None:
            no(f"disclosure {disclosure} is folded but under no checkpoint yet: try again in a minute.", "not-signed")
        size, note = signed
        path = inclusion_proof(stored_nodes(connection, row.month), row.number, size)
    revealed = reveal(row.disclosure, row.salt, frozenset(show))
    write_whole(out, disclosure_proof.write(disclosure_proof.Proof(row.number, size, revealed, path, note)))
    typer.echo(f"{out}: leaf {row.number} of {size}, shown: {', '.join(sorted(set(show)))}.")


@app.command("check-proof")
def check_proof_command(
    key: KeyFile, proof: Annotated[Path, typer.Argument(help="The proof file.")], origin: str = ""
) -> None:
    """Check a proof file with nothing but the log's public key, and print the fields it shows."""
    public = read_public_key(key)
    read = disclosure_proof.read(read_bytes(proof))
    if isinstance(read, disclosure_proof.ProofFault):
        no(f"{proof}: {read.reason}.", read.code)
    note = parse(read.note)
    if isinstance(note, NoteFault):
        no(f"{proof}: {note.reason}.", note.code)
    fault = verify(note, public)
    if fault is not None:
        no(f"{proof}: {fault.reason}.", fault.code)
    head = note.checkpoint
    if origin and not head.origin.startswith(origin):
        no(f"{proof}: the checkpoint is of another log, {head.origin}.", "wrong-origin")
    if head.size != read.size or not read.holds(head.root):
        no(f"{proof}: the fields and the path do not lead to the signed root.", "proof-fails")
    typer.echo(f"{head.origin}: leaf {read.number} of {head.size} holds.")
    for name, value in read.shown().items():
        typer.echo(f"  {name}: {value}")


def _connect(url: str, file: Path | None) -> Connection[Any]:
    try:
        import psycopg  # here, because only these commands need a database and the base install has no driver
    except ModuleNotFoundError:
        cannot("this command reads a database: install rempart[hub]", Exit.LACKING)
    if bool(url) == bool(file):
        cannot("give either --database-url or --database-url-file")
    if file is not None:
        secret = read_secret(file)
        if isinstance(secret, SecretRefused):
            cannot(secret.reason, Exit.LACKING)
        url = secret.decode().strip()
    return psycopg.connect(url, autocommit=True)
