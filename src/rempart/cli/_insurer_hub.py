"""How the insurer's commands reach the hub: their options, a session that was opened, and what a no looks like."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from rempart.cli._output import Exit, fail
from rempart.ground.files import SecretRefused, read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.client.session import Session
    from rempart.wire.problem import Problem

Base = Annotated[str, typer.Option("--hub", help="The hub's address, https://…")]
Client = Annotated[str, typer.Option(help="Your client of kind insurer.")]
Key = Annotated[Path, typer.Option("--client-key", help="Its private JWK, mode 0600.")]
Insurer = Annotated[str, typer.Option(help="Your AMC number, 10 digits.")]
KeyFolder = Annotated[Path, typer.Option("--keys", help="Folder made by `rempart insurer keygen`.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]

T = TypeVar("T")


def session_to(base: str, client: str, client_key: Path, insurer: str) -> Session:
    """A session as the insurer's client; an address that may not be used ends the command."""
    from rempart.client.session import Session

    try:
        return Session(base, client, private_jwk(client_key), speaks_for=insurer)
    except ValueError as error:
        fail(f"{error}; plain http is for this machine only", Exit.USAGE, code="address-not-https")


@contextmanager
def session_of(base: str, client: str, client_key: Path, insurer: str) -> Iterator[Session]:
    """The same, closed afterwards; no answer ends the command."""
    from rempart.client.session import NoAnswer

    session = session_to(base, client, client_key, insurer)
    try:
        yield session
    except NoAnswer:
        fail("the hub does not answer", Exit.LACKING, code="no-answer")
    finally:
        session.close()


def good(found: T | Problem) -> T:
    """What the hub answered; its refusal ends the command."""
    from rempart.wire.problem import Problem

    if isinstance(found, Problem):
        fail(f"refused by the hub: {found.title}", Exit.NO, code=found.code)
    return found


def private_jwk(path: Path) -> dict[str, Any]:
    """A client's private JWK from its 0600 file, or the command ends."""
    secret = read_secret(path)
    if isinstance(secret, SecretRefused):
        fail(secret.reason, Exit.USAGE, code=secret.code)
    try:
        return msgspec.json.decode(secret, type=dict[str, Any])
    except msgspec.DecodeError:
        fail(f"{path} is not a private JWK", Exit.USAGE, code="key-unusable")
