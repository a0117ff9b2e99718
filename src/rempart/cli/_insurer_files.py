"""Files and failures of what an insurer runs: lines within a limit, new private files, one sentence when it stops."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

import typer

from rempart.cli._insurer_keys import KeyFileError


def lines_of(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """Lines without their ends; of a line beyond `limit` only enough to see that it is too long."""
    while line := stream.readline(limit + 2):
        while not line.endswith(b"\n") and (rest := stream.readline(limit)):
            line = line[: limit + 1] + (b"\n" if rest.endswith(b"\n") else b"")
        yield line.rstrip(b"\r\n")


@contextmanager
def new_private(path: Path) -> Iterator[BinaryIO]:
    """A new file, readable by its owner alone, that appears under its name only when it is whole."""
    if path.exists():
        raise KeyFileError(f"{path} exists already; choose another name.")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # unlike a rename, this fails when the name was taken meanwhile
    finally:
        Path(name).unlink()


def no(message: str) -> NoReturn:
    """Ends the command: the answer is no."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


@contextmanager
def problems() -> Iterator[None]:
    """Says what stops the command, without a traceback."""
    try:
        yield
    except KeyFileError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from problem
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
