"""What the commands of log and witness read from files, and how they say no."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.cli._output import Exit, complain
from rempart.formats.checkpoint import Note, NoteFault, parse, parse_key
from rempart.ground.files import SecretRefused, read_secret

KeyFile = Annotated[Path, typer.Option("--key", help="File with the log's public key: base64 of 32 bytes, or a vkey.")]


def read_public_key(path: Path) -> bytes:
    text = read_bytes(path).decode("utf-8", "replace").strip()
    if "+" in text and text.count("+") >= 2:
        key = parse_key(text)
        if not isinstance(key, NoteFault):
            return key.public
    return _key_bytes(path, text)


def read_witness_key(path: Path) -> Ed25519PrivateKey:
    secret = read_secret(path)
    if isinstance(secret, SecretRefused):
        cannot(secret.reason, Exit.LACKING)
    return Ed25519PrivateKey.from_private_bytes(_key_bytes(path, secret.decode("utf-8", "replace").strip()))


def _key_bytes(path: Path, text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if len(content) != 32:
        cannot(f"{path} is not a key: it must be the base64 of 32 bytes")
    return content


def read_note(path: Path) -> Note:
    note = parse(read_bytes(path))
    if isinstance(note, NoteFault):
        cannot(f"{path}: {note.reason}")
    return note


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        cannot(f"{path} cannot be read")


def no(sentence: str, code: str) -> NoReturn:
    """What was checked does not hold: one sentence, a stable code, exit code 1."""
    complain(sentence, code)
    raise typer.Exit(Exit.NO)


def cannot(sentence: str, exit_code: Exit = Exit.USAGE) -> NoReturn:
    """The check could not be made."""
    complain(sentence)
    raise typer.Exit(exit_code)
