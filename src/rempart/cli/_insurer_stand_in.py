"""`rempart insurer stand-in`: sign stand-in rules, and check signed ones as a site's software does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rempart.cli._insurer_files import new_private, no, problems
from rempart.cli._insurer_keys import read_public, read_signing
from rempart.client import stand_in
from rempart.wire.stand_in import StandIn

app = typer.Typer(no_args_is_help=True, help="What you guarantee while the hub cannot answer.")
SENTENCES = {
    "stand-in-shape": "It is not stand-in rules of the format rempart-stand-in/1.",
    "signature-differs": "It is not as this insurer signed it.",
    "other-insurer": "It is another insurer's.",
}


@app.command()
def sign(
    rules: Annotated[Path, typer.Argument(help="The rules, JSON: docs/formats/stand-in.md.")],
    keys: Annotated[Path, typer.Option("--keys", help="Folder made by `rempart insurer keygen`.")],
    out: Annotated[Path, typer.Option("--out", help="The signed rules to hand to the operator.")],
) -> None:
    """Check rules and sign them."""
    with problems():
        key = read_signing(keys)
        try:
            line = msgspec.json.encode(msgspec.json.decode(rules.read_bytes(), type=StandIn))
            content = stand_in.sign(line, key)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else "the file"
            no(f"{rules}: {where} is not as expected. {SENTENCES['stand-in-shape']}")
        with new_private(out) as target:
            target.write(content)
    typer.echo(f"{out}: signed.")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Signed stand-in rules.")],
    public: Annotated[Path, typer.Option("--public", help="public.json of the insurer.")],
) -> None:
    """Verify signed rules and say what they guarantee."""
    with problems():
        found = stand_in.verify(file.read_bytes(), read_public(public).signing, fetched=0)
    if isinstance(found, stand_in.Refused):
        no(f"{file}: {found.code}. {SENTENCES[found.code]}")
    rules = found.rules
    typer.echo(f"{rules.insurer}, rules {rules.sequence}, for care from {rules.starts} to {rules.ends}:")
    for rule in rules.rules:
        who, what = ", ".join(rule.professions) or "every profession", ", ".join(rule.domains) or "every domain"
        typer.echo(f"  {rule.evidence}: up to {rule.most / 100:,.2f} € an invoice, {who}, {what}")
