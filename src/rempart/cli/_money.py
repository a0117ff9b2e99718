"""What the commands about money share: options, secrets read, and one sentence when something does not answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_type_hints

import msgspec
import typer

from rempart.cli._output import Exit, fail

Config = Annotated[Path, typer.Option("--config", help="The configuration file.")]
Own = Annotated[Path | None, typer.Option("--config", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]
DEFAULT = Path("rempart.toml")
T = TypeVar("T")


@contextmanager
def reaching() -> Iterator[None]:
    """What cannot be reached ends the command with a sentence; running it again is always safe."""
    import psycopg

    from rempart.bootstrap.pay import KeeperUnavailable, PaymentSetUpError

    try:
        yield
    except PaymentSetUpError as error:
        fail(str(error), Exit.LACKING, code=error.code)
    except KeeperUnavailable:
        fail("the keeper does not answer: start it and run this again", code="keeper-unavailable")
    except psycopg.OperationalError:
        fail(
            "the database does not answer: run this again when it does, nothing is paid twice",
            code="database-unavailable",
        )


def secret(path: Path) -> bytes:
    """The bytes of a 0600 file, or the command ends."""
    from rempart.ground.files import SecretRefused, read_secret

    found = read_secret(path, most=1 << 28)
    if isinstance(found, SecretRefused):
        fail(found.reason, Exit.NO, code=found.code)
    return found


def read(content: bytes, number: int, kind: type[T]) -> T:
    """One JSON object as `kind`, or the command ends with its line and field, never its value."""
    try:
        return _decoded(content, kind)
    except msgspec.DecodeError as error:
        where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else "JSON"
        fail(
            f"line {number}: {where} is absent or not as expected; nothing was registered",
            Exit.NO,
            code="malformed-line",
        )


def _decoded(content: bytes, kind: type[T]) -> T:
    """A named tuple is an object in a file for people, though the decoder takes it for an array."""
    if not issubclass(kind, tuple):
        return msgspec.json.decode(content, type=kind)
    fields: dict[str, Any] = get_type_hints(kind)
    absent: dict[str, Any] = getattr(kind, "_field_defaults", {})
    named = [(name, type_, absent[name]) if name in absent else (name, type_) for name, type_ in fields.items()]
    found = msgspec.json.decode(content, type=msgspec.defstruct(kind.__name__, named))
    return cast("T", kind(*msgspec.structs.astuple(found)))


def named(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Named tuples as the objects that `--json` prints."""
    return [row._asdict() for row in rows]


def now() -> int:
    """The instant of the command."""
    from rempart.ground.instants import now as instant

    return instant()


def rows_of(path: Path, kind: type[T]) -> list[T]:
    """The JSON objects of a 0600 file, one a line."""
    return [read(line, number, kind) for number, line in enumerate(secret(path).splitlines(), 1) if line.strip()]
