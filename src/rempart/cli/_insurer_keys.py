"""The insurer's key files: one pair to sign rights files, one to open what the hub seals to the insurer."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rempart.formats.rights_file import fingerprint

SIGNING, OPENING, PUBLIC = "signing.pem", "opening.pem", "public.json"


class KeyFileError(Exception):
    """A key file is absent, unreadable, open to others or of the wrong kind; the message says which and what to do."""


class PublicKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an insurer registers: raw public keys, base64 in the file."""

    signing: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    opening: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    signing_id: str
    opening_id: str


@dataclass(frozen=True, slots=True)
class Made:
    """Paths written, and the public part to register."""

    paths: tuple[Path, ...]
    public: PublicKeys


def make_keys(folder: Path) -> Made:
    """Makes both pairs in `folder`, which is created; KeyFileError when a key is already there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    signing, opening = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    public = PublicKeys(
        signing=signing.public_key().public_bytes_raw(),
        opening=opening.public_key().public_bytes_raw(),
        signing_id=fingerprint(signing.public_key().public_bytes_raw()),
        opening_id=fingerprint(opening.public_key().public_bytes_raw()),
    )
    contents = {
        SIGNING: (_pem(signing), 0o600),
        OPENING: (_pem(opening), 0o600),
        PUBLIC: (public_text(public), 0o644),
    }
    taken = next((name for name in contents if (folder / name).exists()), None)
    if taken is not None:
        raise KeyFileError(f"{folder / taken} exists already. Keys are never overwritten: choose another folder.")
    for name, (content, mode) in contents.items():
        _write_new(folder / name, content, mode)
    return Made(tuple(folder / name for name in contents), public)


def public_text(public: PublicKeys) -> bytes:
    """The registration as JSON, two spaces a level."""
    return msgspec.json.format(msgspec.json.encode(public), indent=2) + b"\n"


def read_signing(folder: Path) -> Ed25519PrivateKey:
    """The signing key of `folder`; KeyFileError when it cannot be used."""
    key = _read_private(folder / SIGNING)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{folder / SIGNING} is not an Ed25519 private key.")
    return key


def read_opening(folder: Path) -> X25519PrivateKey:
    """The opening key of `folder`; KeyFileError when it cannot be used."""
    key = _read_private(folder / OPENING)
    if not isinstance(key, X25519PrivateKey):
        raise KeyFileError(f"{folder / OPENING} is not an X25519 private key.")
    return key


def read_public(path: Path) -> PublicKeys:
    """A registration as `make_keys` writes it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=PublicKeys)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise KeyFileError(f"{path} is not a {PUBLIC} as `rempart insurer keygen` writes it.") from error


def read_reader(text: str) -> bytes:
    """The hub's public load key: 32 bytes in base64, as the operator gives it, or a file that holds that."""
    path = Path(text)
    try:
        raw = base64.b64decode(path.read_text(encoding="ascii").strip() if path.is_file() else text, validate=True)
    except (binascii.Error, ValueError, OSError) as error:
        raise KeyFileError("The load key is neither base64 nor a file that holds base64.") from error
    if len(raw) != 32:
        raise KeyFileError(f"The load key has {len(raw)} bytes; an X25519 public key has 32.")
    return raw


def _pem(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_new(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _read_private(path: Path) -> object:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path} can be read by others. Run: chmod 600 {path}")
        return load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}. Make keys: rempart insurer keygen") from error
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path} is not a private key in PEM without a password.") from error
