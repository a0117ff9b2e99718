"""`rempart insurer settlement list`, `fetch`, `send` and `state`: the same files over the API."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._insurer_files import new_private, problems
from rempart.cli._insurer_hub import Base, Client, Insurer, Json, Key, good, session_of
from rempart.cli._output import Exit, emit, fail, table

if TYPE_CHECKING:
    from rempart.client import settlements

Settlement = Annotated[str, typer.Argument(help="The id that `list` shows.")]


def list_command(base: Base, client: Client, client_key: Key, insurer: Insurer, as_json: Json = False) -> None:
    """Your settlement files, the newest first."""
    import msgspec

    from rempart.client import settlements

    with session_of(base, client, client_key, insurer) as session:
        found = good(settlements.listed(session))
    rows = [
        (one.settlement, one.sequence, one.day, one.movements, one.amount / 100, one.state) for one in found.settlements
    ]
    columns = ("settlement", "file", "day", "movements", "euros", "state")
    emit(msgspec.to_builtins(found), as_json=as_json, show=lambda: table("Settlement files", columns, rows))


def fetch(
    settlement: Settlement, base: Base, client: Client, client_key: Key, insurer: Insurer,
    out: Annotated[Path, typer.Option("--out", help="Folder to write into; a file is never overwritten.")],
) -> None:  # fmt: skip
    """Fetch a file and the list of people that comes with it; compare its hash with the one that was listed."""
    from rempart.client import settlements

    with session_of(base, client, client_key, insurer) as session:
        state = good(settlements.state(session, settlement)).settlement
        parts: list[settlements.Part] = ["file", "references"] if state.references else ["file"]
        contents = {part: good(settlements.fetch(session, settlement, part)) for part in parts}
    if hashlib.sha256(contents["file"]).hexdigest() != state.sha256:
        fail("what came is not what was listed: fetch it again", Exit.NO, code="settlement-differs")
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part, content in contents.items():
        kind = "settlement" if part == "file" else part
        path = out / f"{kind}-{state.operator}-{insurer}-{state.sequence:06d}.ndjson"
        with problems(), new_private(path) as target:
            target.write(content)
        typer.echo(str(path))


def send(
    settlement: Settlement, answers: Annotated[Path, typer.Argument(help="Answers as `answer` signed them.")],
    base: Base, client: Client, client_key: Key, insurer: Insurer,
) -> None:  # fmt: skip
    """Send signed answers; sent twice they are taken once."""
    from rempart.client import settlements

    with session_of(base, client, client_key, insurer) as session:
        receipt = good(settlements.answer(session, settlement, answers.read_bytes()))
    typer.echo(f"{receipt.reply}: {receipt.state}")


def state(
    settlement: Settlement, base: Base, client: Client, client_key: Key, insurer: Insurer, as_json: Json = False
) -> None:  # fmt: skip
    """What became of each answer."""
    import msgspec

    from rempart.client import settlements

    with session_of(base, client, client_key, insurer) as session:
        found = good(settlements.state(session, settlement))
    rows = [(one.invoice, one.verdict, one.reason, one.amount / 100, one.code) for one in found.answers]
    columns = ("invoice", "verdict", "reason", "euros", "refused because")
    emit(msgspec.to_builtins(found), as_json=as_json, show=lambda: table("Answers", columns, rows))
