"""`rempart witness`: follows a log's checkpoints from outside, cosigns what continues, refuses forks and rollbacks."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.cli._log_files import KeyFile, cannot, no, read_public_key, read_witness_key
from rempart.cli._witness import FromFiles, FromUrl, Refused, Witness
from rempart.formats.checkpoint import COSIGNATURE, VerifierKey
from rempart.ground.files import write_whole
from rempart.ground.instants import MICROSECONDS, now

app = typer.Typer(no_args_is_help=True, help="Watch the log's checkpoints from outside.")


@app.command("follow")
def follow_command(
    key: KeyFile,
    name: Annotated[str, typer.Option("--name", help="The witness's name, e.g. witness.example/w1.")],
    witness_key: Annotated[Path, typer.Option("--witness-key", help="The witness's key, from `rempart witness key`.")],
    origin: Annotated[str, typer.Option("--origin", help="The log, e.g. rempart.example/log.")],
    month: Annotated[str, typer.Option("--month", help="2026-11, or `months` for the log of months.")],
    state: Annotated[Path, typer.Option("--state", help="Folder of the last cosigned checkpoints, one file a month.")],
    url: Annotated[str, typer.Option("--url", help="Where the log answers, before /log/.")] = "",
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Instead of --url: a checkpoint file.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option("--proof", help="With --checkpoint: the proof from the last one.")
    ] = None,
) -> None:
    """Compare the log's newest checkpoint with the last one cosigned; cosign and keep it, or refuse loudly."""
    if bool(url) == bool(checkpoint):
        cannot("give either --url or --checkpoint")
    witness = Witness(name, read_witness_key(witness_key), read_public_key(key), f"{origin}/{month}")
    source = FromFiles(checkpoint, proof) if checkpoint else FromUrl(url, month)
    place = state / f"{month}.checkpoint"
    first = not place.exists()
    outcome = witness.visit(source, place, seconds=now() // MICROSECONDS)
    if isinstance(outcome, Refused):
        no(f"{witness.origin}: not cosigned. {outcome.reason}.", outcome.code)
    said = " It is the first one seen: nothing to compare with." if first else ""
    typer.echo(f"{witness.origin}: cosigned at {outcome.checkpoint.size} leaves, kept in {place}.{said}")


@app.command("key")
def key_command(
    out: Annotated[Path, typer.Option("--out", help="Where the key is written, mode 0600.")],
    name: Annotated[str, typer.Option("--name", help="The witness's name, e.g. witness.example/w1.")],
) -> None:
    """Make a witness's key and print what others need to check its cosignatures."""
    if out.exists():
        cannot(f"{out} exists already")
    key = Ed25519PrivateKey.generate()
    write_whole(out, base64.b64encode(key.private_bytes_raw()) + b"\n")
    typer.echo(VerifierKey(name, key.public_key().public_bytes_raw(), COSIGNATURE).text())
