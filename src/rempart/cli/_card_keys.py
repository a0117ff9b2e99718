"""Key pairs that sign cards (an insurer's), or the lists of keys and of revoked cards (an operator's)."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from rempart.cli._insurer_files import new_private
from rempart.cli._insurer_keys import KeyFileError
from rempart.ground.files import SecretRefused, private_folder, read_secret

PRIVATE, PUBLIC = "cards.pem", "cards.pub"


def make_pair(folder: Path) -> str:
    """Makes the pair in `folder` and returns the public key in base64; KeyFileError when one is there already."""
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    private_folder(folder)
    with new_private(folder / PRIVATE) as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with new_private(folder / PUBLIC) as file:
        file.write(public.encode() + b"\n")
    (folder / PUBLIC).chmod(0o644)
    return public


def read_pair(folder: Path) -> Ed25519PrivateKey:
    """The signing key of `folder`; KeyFileError when it cannot be used."""
    content = read_secret(folder / PRIVATE)
    if isinstance(content, SecretRefused):
        raise KeyFileError(f"{content.reason}. Make keys: rempart card keygen")
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{folder / PRIVATE} is not a private key in PEM without a password.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{folder / PRIVATE} is not an Ed25519 private key.")
    return key


def public_key(text: str) -> bytes:
    """32 bytes in base64, or a file that holds that; KeyFileError otherwise."""
    path = Path(text)
    try:
        raw = base64.b64decode(path.read_text(encoding="ascii").strip() if path.is_file() else text, validate=True)
    except (binascii.Error, ValueError, OSError) as error:
        raise KeyFileError("The operator's key is neither base64 nor a file that holds base64.") from error
    if len(raw) != 32:
        raise KeyFileError(f"The operator's key has {len(raw)} bytes; an Ed25519 public key has 32.")
    return raw
