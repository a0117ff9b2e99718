"""`rempart insurer settlement list`, `fetch`, `send` and `state`: the same files over the API."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._insurer_agent import private_jwk
from rempart.cli._insurer_files import new_private, problems
from rempart.cli._output import Exit, emit, fail, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.client.session import Session

Base = Annotated[str, typer.Option("--hub", help="The hub's address, https://…")]
Client = Annotated[str, typer.Option(help="Your client of kind insurer.")]
Key = Annotated[Path, typer.Option("--client-key", help="Its private JWK, mode 0600.")]
Insurer = Annotated[str, typer.Option(help="Your AMC number, 10 digits.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Settlement = Annotated[str, typer.Argument(help="The id that `list` shows.")]


def list_command(base: Base, client: Client, client_key: Key, insurer: Insurer, as_json: Json = False) -> None:
    """Your settlement files, the newest first."""
    import msgspec

    from rempart.client import settlements

    with session_of(base, client, client_key, insurer) as session:
        found = _good(settlements.listed(session))
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
        state = _good(settlements.state(session, settlement)).settlement
        parts: list[settlements.Part] = ["file", "references"] if state.references else ["file"]
        contents = {part: _good(settlements.fetch(session, settlement, part)) for part in parts}
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
        receipt = _good(settlements.answer(session, settlement, answers.read_bytes()))
    typer.echo(f"{receipt.reply}: {receipt.state}")


def state(
    settlement: Settlement, base: Base, client: Client, client_key: Key, insurer: Insurer, as_json: Json = False
) -> None:  # fmt: skip
    """What became of each answer."""
    import msgspec

    from rempart.client import settlements

    with session_of(base, client, client_key, insurer) as session:
        found = _good(settlements.state(session, settlement))
    rows = [(one.invoice, one.verdict, one.reason, one.amount / 100, one.code) for one in found.answers]
    columns = ("invoice", "verdict", "reason", "euros", "refused because")
    emit(msgspec.to_builtins(found), as_json=as_json, show=lambda: table("Answers", columns, rows))


@contextmanager
def session_of(base: str, client: str, client_key: Path, insurer: str) -> Iterator[Session]:
    """Signed in as the insurer's client; no answer ends the command."""
    from rempart.client.session import NoAnswer, Session

    session = Session(base, client, private_jwk(client_key), speaks_for=insurer)
    try:
        yield session
    except NoAnswer:
        fail("the hub does not answer", Exit.LACKING, code="no-answer")
    finally:
        session.close()


def _good(found: Any) -> Any:
    from rempart.wire.problem import Problem

    if isinstance(found, Problem):
        fail(f"refused by the hub: {found.title}", Exit.NO, code=found.code)
    return found
